import * as pulumi from "@pulumi/pulumi";
import { readCluster } from "../model/settings/parse";
import { SettingsError, pathText, show, type Path, type Problem } from "../model/settings/problems";
import type { ClusterSettings } from "../model/settings/resolved";
import { ClusterSettingsError } from "./settingsError";

/**
 * Refuses what a component cannot do without, for programs that no compiler has checked, and settings of another kind than
 * it is for: all in one report, before the component is registered. The settings themselves were checked when they were parsed.
 *
 * @param required arguments that have to be there; `settings` has to be what `parseCluster` returns
 * @param fits what is wrong with arguments that are there
 * @throws ClusterSettingsError with every problem
 */
export function requireArguments<A extends object>(
  component: string,
  name: string,
  given: A | undefined,
  required: readonly (keyof A & string)[],
  fits: (args: A) => readonly (Problem | undefined)[] = () => [],
): void {
  const args = given ?? ({} as A);
  const missing = required.flatMap((key) =>
    key === "settings" ? unresolved(args[key]) : isGiven(args[key]) ? [] : [absent(key)],
  );
  const found = missing.length > 0 ? missing : fits(args).filter((problem) => problem !== undefined);
  if (found.length > 0) throw new ClusterSettingsError(new SettingsError(found, `${component} ${name}`));
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function absent(path: string): Problem {
  return { path, value: show(undefined), message: "is missing" };
}

const RESOLVED = "what parseCluster(settings, { environment }) returns";

/** Settings as they are written, where resolved ones are wanted. */
export const NOT_RESOLVED: Problem = {
  path: "settings",
  value: "the settings",
  message: "are not parsed yet",
  allowed: RESOLVED,
};

function unresolved(value: unknown): Problem[] {
  if (!isGiven(value)) return [{ ...absent("settings"), allowed: RESOLVED }];
  if (isResolved(value)) return [];
  const later = outputsIn(value, ["settings"]);
  if (later.length > 0) return later;
  // As they are written: what is wrong with them comes along.
  const wrong = problemsOf(value).map((problem) => ({ ...problem, path: below("settings", problem.path) }));
  return [NOT_RESOLVED, ...wrong];
}

function below(parent: string, path: string): string {
  if (path === "") return parent;
  return path.startsWith("[") ? `${parent}${path}` : `${parent}.${path}`;
}

function isResolved(value: unknown): boolean {
  const { network, machines, tenancy } = value as {
    network?: { dnsServiceAddress?: unknown } | null;
    machines?: unknown;
    tenancy?: unknown;
  };
  return typeof network?.dnsServiceAddress === "string" && Array.isArray(machines) && isGiven(tenancy);
}

function problemsOf(raw: unknown): readonly Problem[] {
  try {
    // Region and stack are the caller's business; what is in the settings is what is looked at.
    readCluster(raw, { environment: "environment", region: "eu-central-1" });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

/** Whether the value is there only later. */
export function isLater<T>(value: pulumi.Input<T>): value is pulumi.Output<T> | Promise<T> {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** An output or a promise where only a plain value is taken. */
export function notPlain(path: Path, value: unknown, allowed: string): Problem {
  return {
    path: pathText(path),
    value: pulumi.Output.isInstance(value) ? "an output" : "a promise",
    message: "must be a plain value: it determines which resources exist",
    allowed,
  };
}

/** Outputs and promises among settings. */
function outputsIn(value: unknown, path: Path): Problem[] {
  if (isLater(value))
    return [notPlain(path, value, "a plain value; put secrets into `secrets`, which accepts outputs")];
  if (Array.isArray(value)) return value.flatMap((inner, index) => outputsIn(inner, [...path, index]));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => outputsIn(inner, [...path, key]));
}

/** Settings of a platform that the component is not for. */
export function onlyOnAws({ settings }: { readonly settings: ClusterSettings }): Problem | undefined {
  return notTaken("settings.platform", settings.platform, ["aws"]);
}

/** Settings of a network that the component is not. */
export function onlyWithCni(
  { settings }: { readonly settings: ClusterSettings },
  kind: ClusterSettings["cni"]["kind"],
): Problem | undefined {
  return notTaken("settings.cni.kind", settings.cni.kind, [kind]);
}

/** A value that is none of those. */
export function notTaken(
  path: string,
  value: string | undefined,
  allowed: readonly string[],
): Problem | undefined {
  if (value !== undefined && allowed.includes(value)) return undefined;
  const words = allowed.length > 0 ? allowed.join(", ") : "leave it out: the settings do not have it";
  return {
    path,
    value: show(value),
    message: value === undefined ? "is missing" : "is not allowed",
    allowed: words,
  };
}
