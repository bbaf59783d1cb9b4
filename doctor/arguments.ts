import { parseWords } from "../model/commandLine";
import { sourceOf, type StateSource } from "./source";

export interface Arguments {
  readonly source: StateSource;
  /** A file; undefined: the state's own kubeconfig. */
  readonly kubeconfig?: string;
  readonly json: boolean;
  /** Where the page goes; undefined: none is written. */
  readonly page?: string;
}

export const USAGE = `Usage: npx pulumi-kubeadm doctor <environment> [options]
       npm run doctor -- <environment> ...    the same, in a clone of the library

Compares a living cluster with what the stack made of it, and names each cause with its cure. It logs in to every host and
asks the API; it changes nothing.

  <environment>        the stack: its state, with the connections in it, is asked of Pulumi
  --state FILE         what pulumi stack export --show-secrets printed; - reads standard input
  --kubeconfig FILE    the API by this one instead of the stack's
  --json               prints the findings as JSON
  --page FILE          writes them as a page too
  --help               print this

Exit status: 0 nothing found, 1 findings, 2 it could not look, or wrong usage.
`;

/** @throws UsageError; undefined when help is asked for */
export function parseArguments(words: readonly string[]): Arguments | undefined {
  const { values, positionals } = parseWords(words, {
    state: { type: "string" },
    kubeconfig: { type: "string" },
    json: { type: "boolean" },
    page: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help === true) return undefined;
  return {
    source: sourceOf(positionals, values.state),
    ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
    json: values.json ?? false,
    ...(values.page === undefined ? {} : { page: values.page }),
  };
}
