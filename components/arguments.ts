import * as pulumi from "@pulumi/pulumi";
import { NOT_A_SETTING, unplainProblem } from "../model/settings/plain";
import { pathText, type Path, type Problem } from "../model/settings/problems";

/** Whether the value is there only later. */
export function isLater<T>(value: pulumi.Input<T>): value is pulumi.Output<T> | Promise<T> {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** What an output becomes in a template string (@pulumi/pulumi, output.ts, toString and toJSON). */
const OUTPUT_AS_TEXT = /Calling \[(toString|toJSON)\] on an \[Output/;

/** An output that a template string or JSON has made text of; undefined for any other value. */
export function outputAsText(path: Path, value: unknown): Problem | undefined {
  if (typeof value !== "string" || !OUTPUT_AS_TEXT.test(value)) return undefined;
  return {
    path: pathText(path),
    value: "text",
    message: "was made of an output that has no value yet",
    allowed:
      "the output itself or pulumi.interpolate in place of a template string, if this setting accepts outputs; otherwise a plain value",
  };
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

/** A resource where a setting is expected; undefined for any other value. */
function resourceAsSetting(path: Path, value: unknown): Problem | undefined {
  if (!pulumi.Resource.isInstance(value)) return undefined;
  return {
    path: pathText(path),
    value: "a resource",
    message: NOT_A_SETTING,
    allowed: "a plain value, or one of its outputs if this setting accepts outputs",
  };
}

/**
 * A copy of settings or arguments without what is not a setting: a resource, a function, a `Map` or the like, or an object inside itself.
 *
 * @param problems takes what was left out
 * @param taken what stands in place of a value, such as one that is there only later; undefined for a value that is copied
 */
export function plainCopy(
  given: unknown,
  problems: Problem[],
  taken: (value: unknown, path: Path) => { readonly value: unknown } | undefined,
): unknown {
  const visit = (value: unknown, path: Path, above: readonly unknown[]): unknown => {
    const other = taken(value, path);
    if (other !== undefined) return other.value;
    const problem = unplainProblem(path, value, above) ?? resourceAsSetting(path, value);
    if (problem !== undefined) {
      problems.push(problem);
      return undefined;
    }
    const below = [...above, value];
    if (Array.isArray(value)) return value.map((inner, index) => visit(inner, [...path, index], below));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, visit(inner, [...path, key], below)]),
    );
  };
  return visit(given, [], []);
}
