import * as path from "node:path";
import { UsageError, parseWords } from "../model/commandLine";

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

export const USAGE = `Usage: npx pulumi-kubeadm plan <environment> [--config-file FILE] [--out DIR]
       npm run plan -- <environment> ...    the same, in a clone of the library

Runs the project's program in this process, with no account, no engine and no passphrase, and writes what it would build:
plan.json, index.html, nodes/ and manifests/. The program is your own, or the library's where the stack's file has
kubeadm:cluster.

  <environment>        the stack: metal reads Pulumi.metal.yaml
  --config-file FILE   read the settings from this file instead
  --out DIR            write there (default: out/<environment>); a former plan in it is replaced, anything else is kept
  --help               print this

Exit status: 0 written, 1 the settings cannot work or nothing could be written, 2 written and a flow is blocked, or wrong
usage.
`;

/** @throws UsageError; undefined when help is asked for */
export function parseArguments(words: readonly string[], folder: string): Arguments | undefined {
  const { values, positionals } = parseWords(words, {
    "config-file": { type: "string" },
    out: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help === true) return undefined;
  const [environment, ...more] = positionals;
  if (environment === undefined) throw new UsageError("name an environment");
  if (more.length > 0) throw new UsageError(`one environment at a time: remove ${more.join(" ")}`);
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(environment))
    throw new UsageError(`${environment} is not a valid name of an environment`);
  const given = values["config-file"];
  return {
    environment,
    configFile: path.resolve(folder, given ?? `Pulumi.${environment}.yaml`),
    configFileGiven: given !== undefined,
    out: path.resolve(folder, values.out ?? path.join("out", environment)),
  };
}
