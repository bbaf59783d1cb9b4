/** Suites that need the real engine, on machines that may not have it. */
import { existsSync } from "node:fs";
import * as path from "node:path";
import { describe, it } from "vitest";

/**
 * As `describe`, for suites that run through the engine. Where neither the pulumi CLI is installed nor Go to build it
 * with, the suite is skipped and says why; under CI=true that is a failure, or a broken runner would look green.
 */
export function describeWithEngine(name: string, suite: () => void): void {
  if (onPath("pulumi") || onPath("go")) {
    describe(name, suite);
    return;
  }
  const reason = "needs the pulumi CLI on PATH, or Go to build it";
  describe(name, () => {
    if (process.env["CI"] !== "true") it.skip(reason, () => undefined);
    else
      it(reason, () => {
        throw new Error(reason);
      });
  });
}

/** As `describeWithEngine`, for suites in which the CLI looks for the program itself, as it does for people. */
export function describeWithLanguageHost(name: string, suite: () => void): void {
  if (onPath("pulumi-language-nodejs")) describeWithEngine(name, suite);
  else {
    const reason =
      "needs pulumi-language-nodejs on PATH: go build in sdk/nodejs/cmd/pulumi-language-nodejs of Pulumi's repository";
    describe(name, () => it.skip(reason, () => undefined));
  }
}

function onPath(name: string): boolean {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  return folders.some((folder) => folder !== "" && existsSync(path.join(folder, name)));
}
