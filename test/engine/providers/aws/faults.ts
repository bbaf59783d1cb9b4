/** Faults of arguments that the original finds before anything is called. */
import type { CheckFailure } from "../shared/provider";
import { containsUnknown, type Values } from "../shared/values";
import { network } from "./addresses";
import { given, known, text, written } from "./scope";

export function exactlyOne(inputs: Values, ...names: string[]): CheckFailure[] {
  const there = names.filter((name) => given(inputs[name]));
  if (there.length === 1) return [];
  const reason =
    there.length === 0
      ? `one of ${names.join(", ")} must be specified`
      : `only one of ${names.join(", ")} can be specified, but ${there.join(", ")} were`;
  return [{ property: there[0] ?? names[0], reason }];
}

export function notBoth(inputs: Values, a: string, b: string): CheckFailure[] {
  return given(inputs[a]) && given(inputs[b]) ? [{ property: a, reason: `"${a}": conflicts with ${b}` }] : [];
}

export function matches(inputs: Values, name: string, pattern: RegExp, what: string): CheckFailure[] {
  const value = inputs[name];
  return known(value) && !pattern.test(text(value)) ? [{ property: name, reason: `${name} ${what}` }] : [];
}

export function oneOf(inputs: Values, name: string, ...allowed: string[]): CheckFailure[] {
  const value = inputs[name];
  return known(value) && !allowed.includes(text(value))
    ? [{ property: name, reason: `expected ${name} to be one of ${allowed.join(", ")}, got ${text(value)}` }]
    : [];
}

export function longest(inputs: Values, name: string, length: number): CheckFailure[] {
  const value = inputs[name];
  return known(value) && text(value).length > length
    ? [{ property: name, reason: `"${name}" cannot be longer than ${length} characters: "${text(value)}"` }]
    : [];
}

export function between(inputs: Values, name: string, least: number, most: number): CheckFailure[] {
  const value = inputs[name];
  return known(value) && (typeof value !== "number" || value < least || value > most)
    ? [
        {
          property: name,
          reason: `expected ${name} to be in the range (${least} - ${most}), got ${written(value)}`,
        },
      ]
    : [];
}

/** verify.ValidIPv4CIDRNetworkAddress: the address is the network's first one. */
export function networkAddress(inputs: Values, name: string): CheckFailure[] {
  const value = inputs[name];
  if (!known(value)) return [];
  const parsed = network(text(value));
  if (parsed?.cidr === text(value)) return [];
  const meant = parsed ? `; did you mean "${parsed.cidr}"?` : "";
  return [{ property: name, reason: `"${text(value)}" is not a valid IPv4 CIDR block${meant}` }];
}

export function base64(inputs: Values, name: string): CheckFailure[] {
  const value = inputs[name];
  return known(value) && !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text(value))
    ? [{ property: name, reason: `${name}: must be base64-encoded` }]
    : [];
}

export function json(inputs: Values, name: string): CheckFailure[] {
  const value = inputs[name];
  if (!known(value) || containsUnknown(value) || typeof value !== "string") return [];
  try {
    JSON.parse(value);
    return [];
  } catch (error) {
    return [{ property: name, reason: `"${name}" contains an invalid JSON: ${(error as Error).message}` }];
  }
}
