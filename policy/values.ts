/**
 * Reading the properties of a resource as a policy gets them: plain data in which every secret is in plain text (so no
 * message may quote a value that could be one) and in which a preview's unknown values throw when they are touched.
 */
import { valueAt } from "../model/core/tree";

/**
 * Whether an error is the policy SDK's `UnknownValueError`. By its shape, not its class: the stack, this library and the
 * policy pack may each have a copy of the SDK.
 */
export function isUnknownValue(error: unknown): boolean {
  return error instanceof Error && "unknownTypeSentinel" in error;
}

/** What is read, or undefined where a preview does not know it yet: the update that follows will. */
export function ifKnown<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isUnknownValue(error)) return undefined;
    throw error;
  }
}

/**
 * The value at a path; undefined when something on the way is missing.
 * @throws the SDK's UnknownValueError, which the engine shows as "can't run during preview"
 */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return valueAt(value, path);
}

/** As `at`, with undefined for what is not known yet as well. */
export function known(value: unknown, ...path: readonly (string | number)[]): unknown {
  return ifKnown(() => at(value, ...path));
}

export function knownText(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = known(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** The known members of a list; empty when there is none. */
export function knownList(value: unknown, ...path: readonly (string | number)[]): unknown[] {
  const list = known(value, ...path);
  if (!Array.isArray(list)) return [];
  return Array.from({ length: list.length }, (_, index) => known(list, index)).filter(
    (member) => member !== undefined,
  );
}

export interface Text {
  /** As people write it: `environment.KEY`. */
  readonly path: string;
  readonly text: string;
}

/** Every known text in a value, names of keys aside. */
export function textsIn(value: unknown, path: readonly string[] = []): Text[] {
  if (typeof value === "string") return [{ path: path.join("."), text: value }];
  if (value === null || typeof value !== "object") return [];
  return Object.keys(value).flatMap((key) => textsIn(known(value, key), [...path, key]));
}

/** What JSON holds, or undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** RFC 7468 and OpenSSH's own: `PRIVATE KEY`, `RSA PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`, `OPENSSH PRIVATE KEY`. */
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/;
const BASE64 = /[A-Za-z0-9+/]{40,}={0,2}/g;

/** Whether a text has a private key in PEM in it, as it is or in base64, as a kubeconfig or a Secret's data has it. */
export function holdsPrivateKey(text: string, depth = 2): boolean {
  if (PRIVATE_KEY.test(text)) return true;
  if (depth === 0) return false;
  return (text.match(BASE64) ?? []).some((word) =>
    holdsPrivateKey(Buffer.from(word, "base64").toString("latin1"), depth - 1),
  );
}
