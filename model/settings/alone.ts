import type { z } from "zod";

import type { Draft, Facts } from "./draft";
import { checkSchema } from "./issues";
import { pathText, Problems, SettingsError, type Problem } from "./problems";
import type { AnyInput } from "./schema/cluster";

/** How a part of the settings is checked when it is given as arguments, without a cluster's settings around it. */
export interface AloneCheck<S extends z.ZodType> {
  readonly schema: S;
  /** Key that the part has in the settings: `metallb`. */
  readonly key: string;
  /** What of a cluster's settings the arguments stand for, without what the schema refused. */
  readonly around: (left: Draft<z.output<S>>) => Draft<AnyInput>;
  /** The checks of a cluster's settings that concern the part. */
  readonly checks: readonly ((facts: Facts, problems: Problems) => void)[];
  readonly aws?: boolean;
}

/**
 * Checks arguments by the schema and the checks that a cluster's settings have for the same part. Ranges and machines of the
 * cluster are not known, so nothing is said of them.
 *
 * @param title what the report calls them: `MetalLb lb`
 * @throws SettingsError with every problem, by the path in the arguments
 */
export function parseAlone<S extends z.ZodType>(
  title: string,
  given: unknown,
  { schema, key, around, checks, aws = false }: AloneCheck<S>,
): z.output<S> {
  const raw = withoutUndefined(given ?? {});
  const problems = new Problems();
  const left = checkSchema(schema, raw, problems) as Draft<z.output<S>>;
  const among = new Problems();
  const facts: Facts = {
    // A part that is not among the arguments may be there all the same: it counts as refused, and is not missed.
    input: { metallb: undefined, ...around(left) },
    ...(aws ? { aws: {} } : {}),
    environment: "",
    peers: [],
    machines: [],
    endpoint: {},
  };
  for (const check of checks) check(facts, among);
  const found = [...problems.sorted(), ...among.sorted().map((problem) => within(key, problem))];
  if (found.length > 0) throw new SettingsError(found, title);
  return raw as z.output<S>;
}

/** The path as it is below the part's key. */
function within(key: string, problem: Problem): Problem {
  const head = pathText([key]);
  if (!problem.path.startsWith(head)) return problem;
  return { ...problem, path: problem.path.slice(head.length).replace(/^\./, "") };
}

/** A key without a value, as programs write one, is no key: the checks take it for one whose value was refused. */
export function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, withoutUndefined(inner)]),
  );
}
