/**
 * The program behind every step on a host: `local.Command` runs it with the specification in an environment variable
 * and connections and secrets on standard input. Progress goes to standard error, one line of JSON to standard output.
 */
import type { ImmutableSettings } from "../model/immutableSettings";
import { HostProblem } from "./problem";
import {
  CLUSTER_VARIABLE,
  FIXED_VARIABLE,
  SPEC_VARIABLE,
  VALUES_VARIABLE,
  type Operation,
  type StepInput,
  type StepResult,
  type StepSpec,
} from "./protocol";
import { BOOTING, Hosts, PATIENCE } from "./runner";
import type { StepContext } from "./step";
import { firewall } from "./steps/firewall";
import { health } from "./steps/health";
import { init } from "./steps/init";
import { destroyGuard, leftovers } from "./steps/leftovers";
import { nodeLifecycle } from "./steps/node";
import { poolReady } from "./steps/poolReady";
import { preflight } from "./steps/preflight";
import { restore } from "./steps/restore";
import { rotation } from "./steps/rotation";
import { settled } from "./steps/settled";
import { setup } from "./steps/setup";
import { topology } from "./steps/topology";
import { lateValues, withValues } from "./values";

/** The provider that streams our lines reads at most 64 KiB of one (bufio.Scanner) and hangs on more. */
const LONGEST_LINE = 16_384;

function say(line: string): void {
  process.stderr.write(`${line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line}\n`);
}

async function readInput(): Promise<StepInput> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const input = parsed<Partial<StepInput>>(Buffer.concat(chunks).toString("utf8"), "standard input");
  if (typeof input?.connections !== "object" || !Array.isArray(input.files))
    throw new HostProblem("", "standard input has no connections: only a Pulumi step runs this program");
  return input as StepInput;
}

/** What a parser says of a text quotes it, and this one holds keys. */
function parsed<T>(text: string, what: string): T | null {
  try {
    return JSON.parse(text) as T | null;
  } catch {
    throw new HostProblem("", `${what} is not valid JSON: only a Pulumi step runs this program`);
  }
}

function previousResult(): StepResult | undefined {
  const text = process.env["PULUMI_COMMAND_STDOUT"];
  if (!text) return undefined;
  try {
    return JSON.parse(text) as StepResult;
  } catch {
    return undefined;
  }
}

function run(context: StepContext<StepSpec>): Promise<StepResult> {
  const { spec } = context;
  switch (spec.step) {
    case "preflight":
      return preflight({ ...context, spec: { ...spec, machines: context.input.machines ?? [] } });
    case "setup":
      return setup({ ...context, spec });
    case "init":
      return init({ ...context, spec });
    case "restore":
      return restore({ ...context, spec });
    case "rotation":
      return rotation({ ...context, spec: { ...spec, machines: context.input.machines ?? [] } });
    case "node":
      return nodeLifecycle({ ...context, spec });
    case "poolReady":
      return poolReady({ ...context, spec });
    case "health":
      return health({ ...context, spec });
    case "settled":
      return settled({ ...context, spec });
    case "leftovers":
      return leftovers({ ...context, spec });
    case "destroyGuard":
      return destroyGuard({ ...context, spec });
    case "firewall":
      return firewall({ ...context, spec });
    case "topology":
      return Promise.resolve(topology({ ...context, spec }));
  }
}

/** A cloud's instance was made a moment ago and boots while it is dialled. */
function onCloud(spec: StepSpec): boolean {
  if (spec.step === "firewall") return false;
  return !("fixed" in spec) || spec.cloud === true;
}

/** Steps whose machine may be new: what is made here, and what comes right after an instance was stopped, started or made anew. */
function waitsForBoot(operation: Operation, { step }: StepSpec): boolean {
  return operation === "create" || step === "settled" || step === "restore";
}

/** Runs one step. Ends the process with status 1, after saying why in a few lines, when it fails. */
export async function main(operation: Operation): Promise<void> {
  let hosts: Hosts | undefined;
  try {
    const values = lateValues(parsed<unknown>(process.env[VALUES_VARIABLE] ?? "null", VALUES_VARIABLE));
    const given = parsed<StepSpec>(process.env[SPEC_VARIABLE] ?? "null", SPEC_VARIABLE);
    if (!given)
      throw new HostProblem("", `${SPEC_VARIABLE} is not set: only a Pulumi step runs this program`);
    const spec = withValues(given, values);
    const fixed = parsed<ImmutableSettings>(process.env[FIXED_VARIABLE] ?? "null", FIXED_VARIABLE);
    const input = await readInput();
    // A later run may find a new control-plane node among the others.
    const booting = operation !== "delete" && onCloud(spec);
    const patience = booting && waitsForBoot(operation, spec) ? BOOTING : PATIENCE[operation];
    hosts = new Hosts(input, patience, say, booting);
    const result = await run({
      operation,
      spec,
      input,
      hosts,
      cluster: process.env[CLUSTER_VARIABLE] ?? "",
      previous: previousResult(),
      values,
      ...(fixed === null ? {} : { fixed }),
      say,
    });
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } catch (error) {
    const scrub = hosts?.scrub ?? ((line: string) => line);
    const text =
      error instanceof HostProblem
        ? error.report()
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    for (const line of text.split("\n")) say(scrub(line));
    process.exitCode = 1;
  } finally {
    hosts?.close();
  }
}
