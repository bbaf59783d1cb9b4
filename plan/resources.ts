import * as pulumi from "@pulumi/pulumi";
import { ignoreReason } from "../components/options";
import type { Recorded } from "../testing/recorder";

export const SECRET = "[secret]";
/** Only a provider or a host knows it, once it has been made. */
export const COMPUTED = "[computed]";

export interface PlannedOptions {
  readonly protect?: true;
  readonly ignoreChanges?: readonly { readonly property: string; readonly reason: string }[];
  readonly replaceOnChanges?: readonly string[];
  readonly deleteBeforeReplace?: true;
  readonly deletedWith?: string;
  readonly retainOnDelete?: true;
  readonly provider?: string;
  /** What a component hands to its children. */
  readonly providers?: readonly string[];
  readonly additionalSecretOutputs?: readonly string[];
}

export interface PlannedResource {
  readonly name: string;
  readonly type: string;
  /** Name of the parent; null below the stack itself. A name that two resources share is written `<type>::<name>`. */
  readonly parent: string | null;
  /** By need and by option, as the engine is told; sorted. */
  readonly dependsOn: readonly string[];
  readonly options: PlannedOptions;
  /** As the provider gets them, secrets and what is not known masked. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** What a resource is planned from: all that is needed to name it. */
type Named = Pick<Recorded, "name" | "type" | "urn">;

/** The resources, each after everything it depends on, otherwise by name: the order of registration is chance. */
export function plannedResources(recorded: readonly Recorded[]): PlannedResource[] {
  const reference = references(recorded);
  return inOrder(recorded).map((one) => ({
    name: one.name,
    type: one.type,
    parent: one.parent === "" ? null : reference(one.parent),
    dependsOn: one.dependsOn.map(reference).sort(),
    options: optionsOf(one, reference),
    inputs: masked(one.sent) as Record<string, unknown>,
  }));
}

function references(recorded: readonly Named[]): (urn: string) => string {
  const byUrn = new Map(recorded.map((one) => [one.urn, one]));
  const counts = new Map<string, number>();
  for (const one of recorded) counts.set(one.name, (counts.get(one.name) ?? 0) + 1);
  return (urn) => {
    const one = byUrn.get(urn);
    if (one === undefined) return urn;
    return counts.get(one.name) === 1 ? one.name : `${one.type}::${one.name}`;
  };
}

function inOrder(recorded: readonly Recorded[]): Recorded[] {
  const byUrn = new Map(recorded.map((one) => [one.urn, one]));
  const depths = new Map<string, number>();
  const depth = (urn: string): number => {
    const known = depths.get(urn);
    if (known !== undefined) return known;
    const one = byUrn.get(urn);
    const found = one === undefined ? 0 : 1 + Math.max(0, ...[one.parent, ...one.dependsOn].map(depth));
    depths.set(urn, found);
    return found;
  };
  return [...recorded].sort(
    (a, b) => depth(a.urn) - depth(b.urn) || compare(a.name, b.name) || compare(a.type, b.type),
  );
}

/** By code units: a locale's order is not the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function optionsOf(one: Recorded, reference: (urn: string) => string): PlannedOptions {
  const list = (values: readonly string[]) => (values.length > 0 ? [...values].sort() : undefined);
  const provider = (id: string) => reference(id.slice(0, id.lastIndexOf("::")));
  const ignored = one.ignoreChanges.map((property) => ({
    property,
    reason: ignoreReason(one.name, property, one.type) ?? "no reason given",
  }));
  return withoutUndefined<PlannedOptions>({
    protect: one.protect || undefined,
    ignoreChanges: ignored.length > 0 ? ignored : undefined,
    replaceOnChanges: list(one.replaceOnChanges),
    deleteBeforeReplace: one.deleteBeforeReplace || undefined,
    deletedWith: one.deletedWith === "" ? undefined : reference(one.deletedWith),
    retainOnDelete: one.retainOnDelete || undefined,
    provider: one.provider === "" ? undefined : provider(one.provider),
    providers: list(Object.values(one.providers).map(provider)),
    additionalSecretOutputs: list(one.additionalSecretOutputs),
  });
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

/** The value with secrets and unknowns replaced wherever they stand, keys in order. */
function masked(value: unknown): unknown {
  if (pulumi.runtime.isRpcSecret(value)) return SECRET;
  // Also inside text: a provider's own settings are sent as JSON.
  if (typeof value === "string") return value.replaceAll(pulumi.runtime.unknownValue, COMPUTED);
  if (Array.isArray(value)) return value.map(masked);
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).sort(([a], [b]) => compare(a, b));
    return Object.fromEntries(entries.map(([key, one]) => [key, masked(one)]));
  }
  return value;
}
