/**
 * Puts the stand-ins where the engine finds them: an executable `pulumi-resource-<name>` on PATH goes before
 * installed plugins (sdk/go/common/workspace/plugins.go, getPluginPath: ambient plugins). Where the official plugin of
 * the SDK's version is installed, or PULUMI_REAL_PROVIDERS=1 asks for it, no stand-in is offered.
 */
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";

export const providerNames = ["tls", "command", "kubernetes", "aws"] as const;
export type ProviderName = (typeof providerNames)[number];

/** Stand-ins for nothing that there is: tests alone have them. */
const OF_TESTS = ["cloud"];

export interface ProviderChoice {
  readonly kind: "official" | "stand-in";
  /** One line for the log of a test run. */
  readonly reason: string;
}

/** Folder above the stand-ins, and what Node needs to run TypeScript whatever the working directory is. */
const providersFolder = path.resolve(__dirname, "..");
const tsx = require.resolve("tsx");

/** Which provider a test run goes against. */
export function chooseProvider(name: ProviderName, env: NodeJS.ProcessEnv = process.env): ProviderChoice {
  const onPath = executableOnPath(`pulumi-resource-${name}`, env["PATH"] ?? "");
  if (onPath) return { kind: "official", reason: `${name}: ${onPath} from PATH` };
  const version = sdkVersion(name);
  const home = env["PULUMI_HOME"] ?? path.join(homedir(), ".pulumi");
  const installed = path.join(home, "plugins", `resource-${name}-v${version}`);
  if (existsSync(installed)) return { kind: "official", reason: `${name}: ${installed}` };
  if (env["PULUMI_REAL_PROVIDERS"] === "1") {
    return {
      kind: "official",
      reason: `${name}: ${version}, to be installed by the engine (PULUMI_REAL_PROVIDERS=1)`,
    };
  }
  return { kind: "stand-in", reason: `${name}: stand-in for ${version} (no plugin on PATH or in ${home})` };
}

/** Writes executables for the stand-ins wanted, and for those of tests, into `folder`, which is then put first on PATH. */
export function writeLaunchers(folder: string, names: readonly ProviderName[]): void {
  mkdirSync(folder, { recursive: true });
  for (const name of [...names, ...OF_TESTS]) {
    const program = path.join(providersFolder, name, "main.ts");
    const file = path.join(folder, `pulumi-resource-${name}`);
    // Node's warnings would be shown as messages of the provider.
    const command = [process.execPath, "--no-warnings", "--import", `file://${tsx}`, program];
    writeFileSync(file, `#!/bin/sh\nexec ${command.map(quote).join(" ")} "$@"\n`);
    chmodSync(file, 0o755);
  }
}

/** Version of the installed SDK, which is also the version of the plugin that it asks for. */
export function sdkVersion(name: ProviderName): string {
  const file = require.resolve(`@pulumi/${name}/package.json`);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function executableOnPath(name: string, searchPath: string): string | undefined {
  return searchPath
    .split(path.delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
