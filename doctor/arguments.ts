import { parseWords, UsageError } from "../model/commandLine";
import {
  compareVersions,
  DEFAULT_KUBERNETES_VERSION,
  isSupportedMinor,
  minorOf,
  MINORS,
} from "../model/versions";
import { sourceOf, type StateSource } from "./source";

export interface Arguments {
  readonly source: StateSource;
  /** A file; undefined: the state's own kubeconfig. */
  readonly kubeconfig?: string;
  readonly json: boolean;
  /** Where the page goes; undefined: none is written. */
  readonly page?: string;
  /** x.y.z: what stands against an upgrade to it is looked for too. */
  readonly upgrade?: string;
}

export const USAGE = `Usage: npx pulumi-kubeadm doctor <environment> [options]
       npm run doctor -- <environment> ...    the same, in a clone of the library

Compares a living cluster with what the stack made of it, and names each cause with its cure. It logs in to every host and
asks the API. It changes nothing.

  <environment>        the stack: its state, with the connections in it, is asked of Pulumi
  --state FILE         what pulumi stack export --show-secrets printed; - reads standard input
  --kubeconfig FILE    the API by this one instead of the stack's
  --json               prints the findings as JSON
  --page FILE          writes them as a page too
  --upgrade VERSION    also names what stands against an upgrade of Kubernetes to VERSION, as preflight does before one.
                       Hosts pull the images of that version; nothing else changes
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
    upgrade: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help === true) return undefined;
  const minor = values.upgrade === undefined ? undefined : minorOf(values.upgrade);
  if (values.upgrade !== undefined && (minor === undefined || !isSupportedMinor(minor)))
    throw new UsageError(
      `--upgrade ${values.upgrade}: must be a version such as ${DEFAULT_KUBERNETES_VERSION}, of ${Object.keys(MINORS).sort(compareVersions).join(", ")}`,
    );
  return {
    source: sourceOf(positionals, values.state),
    ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
    json: values.json ?? false,
    ...(values.page === undefined ? {} : { page: values.page }),
    ...(values.upgrade === undefined ? {} : { upgrade: values.upgrade }),
  };
}
