import { spawnSync } from "node:child_process";
import { describe, it } from "vitest";

/**
 * As `describe`, for suites on real hosts. Where the machine is not a Linux, has no root or no Go, the suite is skipped and
 * says why; under CI=true that is a failure, or a broken runner would look green.
 */
export function describeWithLab(name: string, suite: () => void): void {
  const missing = whatIsMissing();
  if (missing === undefined) {
    describe(name, suite);
    return;
  }
  describe(name, () => {
    if (process.env["CI"] !== "true") it.skip(missing, () => undefined);
    else
      it(missing, () => {
        throw new Error(missing);
      });
  });
}

function whatIsMissing(): string | undefined {
  if (process.platform !== "linux") return "hosts in network namespaces need Linux";
  if (process.getuid?.() !== 0) return "making network namespaces needs root";
  for (const [command, argument] of [
    ["go", "version"],
    ["debootstrap", "--version"],
    ["systemd-nspawn", "--version"],
    ["ip", "-V"],
  ] as const)
    if (spawnSync(command, [argument]).error) return `${command} is not installed`;
  return undefined;
}
