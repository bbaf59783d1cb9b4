/** What one operation of the engine did, made from its events. */
import {
  CommandError,
  type EngineEvent,
  type OpMap,
  type OpType,
  type StepEventMetadata,
} from "@pulumi/pulumi/automation";

export interface ResourceStep {
  readonly op: OpType;
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Top-level input properties that differ. */
  readonly diffs: readonly string[];
  /** By path: `update`, `add-replace`, ... */
  readonly detailedDiff: Readonly<Record<string, string>>;
  /** Properties that make the resource be replaced. */
  readonly keys: readonly string[];
  readonly metadata: StepEventMetadata;
}

export interface EngineResult {
  /** How many resources had which operation, the stack itself and providers included. */
  readonly changes: OpMap;
  readonly steps: readonly ResourceStep[];
  /** Steps that are more than "same", as `update name (diff, diff)`; the first thing to compare and to print. */
  readonly changed: readonly string[];
  /** All that the CLI printed and every diagnostic, status messages included. */
  readonly log: string;
  readonly events: readonly EngineEvent[];
}

/** Steps that are more than "same", as `update name`. */
export function opsOf({ steps }: Pick<EngineResult, "steps">): string[] {
  return steps.filter(({ op }) => op !== "same").map(({ op, name }) => `${op} ${name}`);
}

/** An operation that failed: the message has the engine's, `result` all that came before. */
export class EngineError extends Error {
  constructor(
    readonly operation: string,
    readonly result: EngineResult,
    cause: unknown,
  ) {
    // The Automation API's own error repeats the whole output three times over.
    super(`${operation} failed:\n${cause instanceof CommandError ? result.log : String(cause)}`);
  }
}

/** `settledAt`: which event of a step says what it is; a refresh knows only at its end. */
export function toResult(
  output: string,
  events: readonly EngineEvent[],
  settledAt: "start" | "end",
): EngineResult {
  const steps = events
    .map((event) => (settledAt === "start" ? event.resourcePreEvent : event.resOutputsEvent)?.metadata)
    .filter((metadata) => metadata !== undefined)
    .map(toStep);
  const summary = [...events].reverse().find((event) => event.summaryEvent)?.summaryEvent;
  const messages = events
    .filter((event) => !isDebug(event))
    .map((event) => event.diagnosticEvent?.message ?? event.stdoutEvent?.message ?? "");
  return {
    changes: summary?.resourceChanges ?? {},
    steps,
    changed: steps.filter((step) => !quiet.has(step.op)).map(describeStep),
    log: `${output}\n${messages.join("")}`,
    events,
  };
}

/**
 * Messages that only `--debug` shows. The Node SDK puts resources' values into them without regard to secrets
 * (runtime/resource.js, "RegisterResource RPC finished"), so they say nothing about the program that ran.
 */
export function isDebug(event: EngineEvent): boolean {
  return (event.diagnosticEvent?.severity as string | undefined) === "debug";
}

const quiet = new Set<string>(["same", "read", "refresh"]);

function toStep(metadata: StepEventMetadata): ResourceStep {
  const detailed = Object.entries(metadata.detailedDiff ?? {});
  return {
    op: metadata.op,
    urn: metadata.urn,
    type: metadata.type,
    name: metadata.urn.split("::").slice(3).join("::"),
    diffs: metadata.diffs ?? [],
    detailedDiff: Object.fromEntries(detailed.map(([path, diff]) => [path, diff.diffKind])),
    keys: metadata.keys ?? [],
    metadata,
  };
}

function describeStep(step: ResourceStep): string {
  const paths = Object.keys(step.detailedDiff);
  const what = (paths.length > 0 ? paths : [...step.diffs]).sort().join(", ");
  return what === "" ? `${step.op} ${step.name}` : `${step.op} ${step.name} (${what})`;
}
