import { delimiter } from "node:path";
import { UsageError, parseWords } from "../model/commandLine";
import { SMOKE_DEFAULTS, SMOKE_STEPS, type SmokeOptions, type SmokeStep } from "../model/smoke/options";

/** Where the kubeconfig comes from. */
export type KubeconfigSource =
  | { readonly kind: "file"; readonly file: string }
  /** As kubectl reads them: together, the first word about a name counts, and files that are not there are left out. */
  | { readonly kind: "files"; readonly files: readonly string[] }
  | { readonly kind: "stack"; readonly environment: string }
  | { readonly kind: "stdin" };

export interface Arguments {
  readonly source: KubeconfigSource;
  readonly options: SmokeOptions;
  readonly json: boolean;
}

export const USAGE = `Usage: npx pulumi-kubeadm smoke [<environment> | --kubeconfig FILE] [options]
       npm run smoke -- ...    the same, in a clone of the library

Puts a small application into a cluster, uses it as people do, and takes it away again.

  <environment>          the stack: its kubeconfig is asked of Pulumi
  --kubeconfig FILE      a kubeconfig; - reads standard input. Default: the files that KUBECONFIG names
  --image IMAGE          default ${SMOKE_DEFAULTS.image}
  --server COMMAND       starts its web server, in a shell; default ${SMOKE_DEFAULTS.server}
  --port PORT            where that listens; default ${SMOKE_DEFAULTS.port}
  --path PATH            what it answers with its pod's name; default ${SMOKE_DEFAULTS.path}
  --replicas COUNT       pods, each on its own node where there are as many; default ${SMOKE_DEFAULTS.replicas}
  --timeout SECONDS      for each step; default ${SMOKE_DEFAULTS.timeout}
  --node-port            asks every node at a NodePort too, from here
  --skip STEP[,STEP]     leaves out ${SMOKE_STEPS.filter((step) => step !== "clean-up").join(", ")}
  --json                 prints one line of JSON for each step
  --help                 print this

Exit status: 0 all is well, 1 a step failed, 2 there was no kubeconfig to use, or wrong usage.
`;

/** @throws UsageError; undefined when help is asked for */
export function parseArguments(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Arguments | undefined {
  const { values, positionals } = parseWords(words, {
    kubeconfig: { type: "string" },
    image: { type: "string" },
    server: { type: "string" },
    port: { type: "string" },
    path: { type: "string" },
    replicas: { type: "string" },
    timeout: { type: "string" },
    "node-port": { type: "boolean" },
    skip: { type: "string", multiple: true },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help === true) return undefined;
  const steps = (values.skip ?? []).flatMap((list) => list.split(",")).filter((step) => step !== "");
  return {
    source: sourceOf(positionals, values.kubeconfig, environment),
    options: {
      image: values.image ?? SMOKE_DEFAULTS.image,
      server: values.server ?? SMOKE_DEFAULTS.server,
      port: numberOf("--port", values.port, SMOKE_DEFAULTS.port, 65535),
      path: values.path ?? SMOKE_DEFAULTS.path,
      replicas: numberOf("--replicas", values.replicas, SMOKE_DEFAULTS.replicas, 100),
      timeout: numberOf("--timeout", values.timeout, SMOKE_DEFAULTS.timeout, 86_400),
      nodePort: values["node-port"] ?? false,
      skip: steps.map(stepOf),
    },
    json: values.json ?? false,
  };
}

function sourceOf(
  positionals: readonly string[],
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): KubeconfigSource {
  const [stack, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`one environment at a time: remove ${more.join(" ")}`);
  if (stack !== undefined && file !== undefined)
    throw new UsageError("an environment or --kubeconfig, not both");
  if (stack !== undefined) return { kind: "stack", environment: stack };
  if (file === "-") return { kind: "stdin" };
  if (file !== undefined && file !== "") return { kind: "file", file };
  const files = (environment["KUBECONFIG"] ?? "").split(delimiter).filter((one) => one !== "");
  const [only] = files;
  if (only === undefined)
    throw new UsageError("which cluster? Name an environment, --kubeconfig FILE, or set KUBECONFIG");
  return files.length === 1 ? { kind: "file", file: only } : { kind: "files", files };
}

function stepOf(name: string): SmokeStep {
  const step = SMOKE_STEPS.find((one) => one === name);
  if (step === undefined || step === "clean-up")
    throw new UsageError(`${name} is not a step you can skip: ${SMOKE_STEPS.slice(0, -1).join(", ")}`);
  return step;
}

function numberOf(name: string, text: string | undefined, fallback: number, most: number): number {
  if (text === undefined) return fallback;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > most)
    throw new UsageError(`${name} must be a whole number from 1 to ${most}, not ${text}`);
  return number;
}
