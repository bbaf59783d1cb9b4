/**
 * Property values as the engine sends them, turned to plain JavaScript and back. Secrets keep the engine's marker
 * object, so that nothing is lost on the way; unknowns are the engine's sentinel strings.
 * Signatures: sdk/go/common/resource/sig/sig.go and sdk/go/common/resource/plugin/rpc.go of pulumi/pulumi.
 */
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Values = { [key: string]: Value };

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** What stands for a value that is not known during a preview. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** One sentinel per kind of value; the engine sends the string one for whatever it has no type of. */
const unknowns = new Set([
  unknown,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

export function fromStruct(struct: Struct | undefined): Values {
  return struct?.toJavaScript() ?? {};
}

export function toStruct(values: { readonly [key: string]: Value | undefined }): Struct {
  // JSON drops what is undefined, which Struct.fromJavaScript refuses.
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(values)) as { [key: string]: JavaScriptValue });
}

export function isObject(value: Value | undefined): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: Value | undefined): value is Values {
  return isObject(value) && value[signatureKey] === secretSignature;
}

export function secret(value: Value): Value {
  return isSecret(value) ? value : { [signatureKey]: secretSignature, value };
}

export function isUnknown(value: Value | undefined): boolean {
  return typeof value === "string" && unknowns.has(value);
}

/** The text that a value is; empty for what is no text. */
export function textOf(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

export function containsUnknown(value: Value | undefined): boolean {
  return some(value, isUnknown);
}

export function containsSecret(value: Value | undefined): boolean {
  return some(value, isSecret);
}

/** The value with every secret marker taken away, at any depth. */
export function plain(value: Value): Value {
  if (isSecret(value)) return plain(value["value"] ?? null);
  if (Array.isArray(value)) return value.map(plain);
  if (isObject(value)) return plainObject(value);
  return value;
}

export function plainObject(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, plain(value)]));
}

export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry, index) => sameValue(entry, b[index]));
  }
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length && keys.every((key) => key in b && sameValue(a[key], b[key]))
    );
  }
  return a === b;
}

function some(value: Value | undefined, test: (value: Value | undefined) => boolean): boolean {
  if (test(value)) return true;
  if (Array.isArray(value)) return value.some((entry) => some(entry, test));
  return isObject(value) && Object.values(value).some((entry) => some(entry, test));
}
