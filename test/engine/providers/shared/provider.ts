/** What a stand-in implements; every part not given answers "unimplemented", as a gRPC server would. */
import type { DetailedDiff } from "./diff";
import type { Values } from "./values";

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface CheckResult {
  readonly inputs: Values;
  readonly failures?: readonly CheckFailure[];
}

export interface DiffResult {
  /** Default: whether `detailed` has entries. */
  readonly changes?: boolean;
  /** By path; the kinds that end in `-replace` make the resource be replaced. */
  readonly detailed: DetailedDiff;
  readonly deleteBeforeReplace?: boolean;
  /** Only the names of the properties of `detailed` are told, as by providers that have no detailed diff. */
  readonly namesOnly?: boolean;
  /** The paths of `detailed` compare inputs with inputs, not state with inputs: display only. Default: true. */
  readonly inputDiff?: boolean;
}

export interface ResourceRef {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
}

export interface CheckRequest extends ResourceRef {
  readonly olds: Values;
  readonly news: Values;
}

export interface DiffRequest extends ResourceRef {
  readonly id: string;
  /** The stored state: inputs and outputs. */
  readonly olds: Values;
  readonly oldInputs: Values;
  readonly news: Values;
  readonly ignoreChanges: readonly string[];
}

export interface CreateRequest extends ResourceRef {
  readonly properties: Values;
  readonly preview: boolean;
  /** Seconds, from the resource's customTimeouts; 0 where none is given. */
  readonly timeout: number;
}

export interface UpdateRequest extends DiffRequest {
  readonly preview: boolean;
  readonly timeout: number;
}

export interface ReadRequest extends ResourceRef {
  readonly id: string;
  readonly properties: Values;
  readonly inputs: Values;
}

export interface DeleteRequest extends ResourceRef {
  readonly id: string;
  readonly properties: Values;
  readonly oldInputs: Values;
  readonly timeout: number;
}

export interface ReadResult {
  /** Empty: the resource is gone. */
  readonly id: string;
  readonly properties: Values;
  readonly inputs: Values;
}

export type Severity = "debug" | "info" | "warning" | "error";

/** The way back to the engine. */
export interface Engine {
  /** `ephemeral` messages are shown while the resource is worked on and are not kept among the diagnostics. */
  log(severity: Severity, message: string, options?: { urn?: string; ephemeral?: boolean }): Promise<void>;
}

/** An answer that is there at once, or later. */
export type Answer<T> = T | Promise<T>;

export interface StandIn {
  readonly version: string;
  checkConfig?(request: CheckRequest): Answer<CheckResult>;
  diffConfig?(request: DiffRequest): Answer<DiffResult>;
  configure?(args: Values): Answer<void>;
  invoke?(token: string, args: Values): Answer<Values>;
  check(request: CheckRequest): Answer<CheckResult>;
  diff(request: DiffRequest): Answer<DiffResult>;
  create(request: CreateRequest): Answer<{ id: string; properties: Values }>;
  /** Default: what is stored is what is there. */
  read?(request: ReadRequest): Answer<ReadResult>;
  update(request: UpdateRequest): Answer<Values>;
  delete(request: DeleteRequest): Answer<void>;
  /** Called when the engine is interrupted: work under way is to end soon. */
  cancel?(): Answer<void>;
}

/** The resource exists, but did not become ready: the engine keeps it in its state and reports the reasons. */
export class InitializationFailed extends Error {
  constructor(
    readonly id: string,
    readonly properties: Values,
    readonly inputs: Values,
    readonly reasons: readonly string[],
  ) {
    super(reasons.join("; "));
  }
}
