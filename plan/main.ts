import { createRequire } from "node:module";
import type * as pulumi from "@pulumi/pulumi";
import { UsageError } from "../model/commandLine";
import { formatProblems, SettingsError, type Problem } from "../model/settings/problems";
import { parseArguments, USAGE } from "./arguments";
import { readEnvironment, type EnvironmentConfig } from "./config";
import { PlanError } from "./error";

const load = createRequire(__filename);

/** Prints the plan of one environment. @returns the exit status */
export async function main(words: readonly string[]): Promise<number> {
  let config: EnvironmentConfig | undefined;
  try {
    const args = parseArguments(words, process.cwd());
    if (args === undefined) {
      process.stdout.write(USAGE);
      return 0;
    }
    config = readEnvironment(args);
    // Usage and a wrong name are answered before the SDK is loaded, which takes most of the time.
    const { run } = load("./run") as typeof import("./run.js");
    const { text, blocked } = await run(config, args.out);
    process.stdout.write(text);
    return blocked ? 2 : 0;
  } catch (error) {
    const message = shownError(error, config);
    if (message === undefined) throw error;
    process.stderr.write(`error: ${message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** The report of an error that is the settings' or the command line's; undefined for one that is the program's own. */
function shownError(error: unknown, config: EnvironmentConfig | undefined): string | undefined {
  if (error instanceof UsageError) return `${error.message}\n\n${USAGE.trimEnd()}`;
  if (error instanceof PlanError || error instanceof SettingsError) return error.message;
  const { RunError } = load("@pulumi/pulumi") as typeof pulumi;
  if (!RunError.isInstance(error)) return undefined;
  const { problems } = error as { readonly problems?: readonly Problem[] };
  // Only of settings in the file its lines say anything.
  return problems === undefined || config?.locate === undefined || config.cluster === undefined
    ? error.message
    : formatProblems(config.locate(problems), config.environment);
}

if (require.main === module) {
  main(process.argv.slice(2)).then(
    (status) => (process.exitCode = status),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
