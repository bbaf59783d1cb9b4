import { z } from "zod";

import { valueAt } from "../core/tree";
import { nearest } from "../text";
import { type Checked, checkedOf, type Validator } from "./checked";
import { validateNoSecretsInside, validateSecrets } from "./checks/secrets";
import { checkSchema } from "./issues";
import { checkWithLate } from "./late";
import {
  HIDDEN,
  pathText,
  Problems,
  relocated,
  SECRET_KEY,
  SettingsError,
  show,
  UNKNOWN_KEY,
  type Path,
  type Problem,
} from "./problems";
import { prune, type Refused } from "./prune";
import { resolve } from "./resolve";
import { type AnyInput, machinesCluster } from "./schema/cluster";

/** How a part of the settings is checked when it is given as arguments, without a cluster's settings around it. */
export interface AloneCheck<S extends z.ZodType> {
  readonly schema: S;
  /** Where the part is in the settings: `metallb`, or the keys of a path; none: the arguments are settings themselves. */
  readonly key: string | readonly string[];
  /** What of a cluster's settings the arguments stand for, without what the schema refused. */
  readonly around: (left: z.input<S>) => object;
  /** The checks of a cluster's settings that concern the part. */
  readonly checks: readonly Validator[];
  readonly aws?: boolean;
  /** Valid values for arguments that cannot be left out, by path below the key, so that the rest is checked without them. */
  readonly standIns?: Readonly<Record<string, unknown>>;
  /** Paths of arguments whose values come later, and are not checked; they are paths of settings. Default: none. */
  readonly late?: readonly Path[];
  /** Values of the secrets that the arguments name; undefined: not known. */
  readonly secrets?: Readonly<Record<string, unknown>> | undefined;
}

/** Argument that holds the secrets. */
const SECRETS = "secrets";

/**
 * Checks arguments by the schema and the checks that a cluster's settings have for the same part. Only ranges among the
 * arguments are known, and no machine, so nothing is said of others.
 *
 * @param title what the report calls them: `MetalLb lb`
 * @throws SettingsError with every problem, by the path in the arguments
 */
export function parseAlone<S extends z.ZodType>(
  title: string,
  given: unknown,
  { schema, key, around, checks, aws = false, secrets, standIns = {}, late = [] }: AloneCheck<S>,
): z.input<S> {
  const raw = withoutUndefined(given ?? {});
  const problems = new Problems();
  const keys = typeof key === "string" ? [key] : key;
  // Below its keys, as in the settings: renamed keys and words from elsewhere are known by their place.
  const inner = [...keys].reverse();
  const whole = inner.reduce<z.ZodType>((below, name) => z.strictObject({ [name]: below }), schema);
  const placed = inner.reduce<unknown>((below, name) => ({ [name]: below }), raw);
  const { left, filled } = checkWithLate(whole, placed, late, problems);
  const { written, refused } = prune(
    whole,
    left,
    Object.fromEntries(Object.entries(standIns).map(([path, value]) => [[...keys, path].join("."), value])),
    filled,
  );
  const part = valueAt(written, keys) as z.input<S> | undefined;
  const checked = checkedAlone(part === undefined ? {} : around(part), refused, { keys, aws });
  for (const check of checks) check(checked, problems);
  validateSecrets(checked, secrets, problems, { where: SECRETS });
  validateNoSecretsInside(placed, problems);
  const found = problems.sorted().map((problem) => within(keys, problem));
  if (found.length > 0) throw new SettingsError(found, title);
  return raw as z.input<S>;
}

/**
 * Checks arguments of a component without a cluster's settings.
 *
 * @throws SettingsError with every problem, by the path in the arguments
 */
export function parseArguments<S extends z.ZodType>(title: string, given: unknown, schema: S): z.output<S> {
  const raw = withoutUndefined(given ?? {});
  const problems = new Problems();
  checkSchema(schema, raw, problems);
  const found = problems.sorted();
  if (found.length > 0) throw new SettingsError(found, title);
  return raw as z.output<S>;
}

/** Arguments under keys that are not known. */
export function unknownKeys(args: object, known: readonly string[]): Problem[] {
  return Object.entries(args).flatMap(([key, value]) => {
    if (known.includes(key) || value === undefined) return [];
    const near = nearest(key, known);
    return [
      {
        path: key,
        value: show(SECRET_KEY.test(key) ? HIDDEN : value),
        message: UNKNOWN_KEY,
        allowed: known.join(", "),
        ...(near === undefined ? {} : { nearest: near }),
      },
    ];
  });
}

/** Settings in which nothing is written. */
const NOTHING = machinesCluster.parse({ machines: {} });

function checkedAlone(
  beside: object,
  refused: Refused,
  { keys, aws }: { readonly keys: readonly string[]; readonly aws: boolean },
): Checked {
  const written = withoutUndefined(beside) as AnyInput;
  const { network }: { readonly network?: object | undefined } = written;
  // Arguments of components are beside the settings' own keys, so that the whole does not fit the schema.
  const filled = {
    ...NOTHING,
    ...(written as object),
    network: { ...NOTHING.network, ...network },
  };
  const settings = resolve(filled, undefined, { environment: "" });
  // What is not among the arguments may be there all the same; of ranges and numbers of nodes nobody knows the default.
  const isUnknown = ([first = "", second = ""]: readonly string[]) =>
    first === "network" || second === "podCidr"
      ? valueAt(written, [first, second]) === undefined
      : !(first in beside);
  return checkedOf({
    written,
    settings: { ...settings, platform: aws ? "aws" : "machines" },
    refused: (...places) =>
      places.some((place) => {
        const parts = (typeof place === "string" ? place.split(".") : place).map(String);
        const inside = keys.every((key, index) => parts[index] === key || parts[index] === "*");
        return isUnknown(parts) || refused.touches(inside ? parts : [...keys, ...parts]);
      }),
  });
}

/** The path as it is below the part's keys. */
function within(keys: readonly string[], problem: Problem): Problem {
  const head = pathText(keys);
  return relocated(problem, (path) =>
    path.startsWith(head) ? path.slice(head.length).replace(/^\./, "") : path,
  );
}

/** A key without a value, as programs write one, is not a key: the checks take it for one whose value was refused. */
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
