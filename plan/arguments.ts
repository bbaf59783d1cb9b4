import * as path from "node:path";
import { parseArgs } from "node:util";
import { PlanError } from "./error";

export interface Arguments {
  /** Name of the environment, the Pulumi stack. */
  readonly environment: string;
  /** Its settings; absolute. */
  readonly configFile: string;
  /** Whether somebody named the file: then it need not be one of the known environments. */
  readonly configFileGiven: boolean;
  /** Where the plan goes; absolute. */
  readonly out: string;
}

export const USAGE = `Usage: npm run plan -- <environment> [--config-file FILE] [--out DIR]

Runs the environment's program in this process, with no account, no engine and no passphrase, and writes what it
would build: plan.json, index.html, nodes/ and manifests/.

  <environment>        the stack: metal reads Pulumi.metal.yaml
  --config-file FILE   read the settings from this file instead
  --out DIR            write there (default: out/<environment>); a former plan in it is replaced, anything else is kept
  --help               print this

Exit status: 0 written, 1 the settings cannot work or nothing could be written, 2 wrong usage.
`;

/** @throws PlanError with exit status 2 for words it does not know; undefined when help is asked for */
export function parseArguments(words: readonly string[], folder: string): Arguments | undefined {
  const { values, positionals } = parse(words);
  if (values.help === true) return undefined;
  const [environment, ...more] = positionals;
  if (environment === undefined) throw usageError("an environment has to be named");
  if (more.length > 0) throw usageError(`one environment at a time; ${more.join(" ")} is too much`);
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(environment))
    throw usageError(`${environment} is no name of an environment`);
  const given = values["config-file"];
  return {
    environment,
    configFile: path.resolve(folder, given ?? `Pulumi.${environment}.yaml`),
    configFileGiven: given !== undefined,
    out: path.resolve(folder, values.out ?? path.join("out", environment)),
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        "config-file": { type: "string" },
        out: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    // Node's own message goes on with advice about positional arguments.
    throw usageError((error as Error).message.split(". ")[0]);
  }
}

function usageError(message: string): PlanError {
  return new PlanError(`${message}\n\n${USAGE.trimEnd()}`, 2);
}
