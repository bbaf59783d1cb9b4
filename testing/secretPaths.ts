import * as pulumi from "@pulumi/pulumi";

export type Path = readonly (string | number)[];

/**
 * Where secrets are in the properties a program gave to a resource. The SDK sends an output that is unknown as
 * unknown and nothing more, so in a preview a secret that has yet to be made would look like any other value.
 */
export async function secretPaths(value: unknown, path: Path = []): Promise<Path[]> {
  if (pulumi.Output.isInstance(value)) {
    const output = value as unknown as { readonly isSecret: Promise<boolean>; promise(): Promise<unknown> };
    if ((await output.isSecret) === true) return [path];
    // Nested outputs are part of the outer one by now, but for those in a list or object that is still unknown.
    return secretPaths(await output.promise(), path);
  }
  if (value instanceof Promise) return secretPaths(await value, path);
  if (pulumi.Resource.isInstance(value)) return [];
  if (Array.isArray(value)) {
    return (await Promise.all(value.map((one, index) => secretPaths(one, [...path, index])))).flat();
  }
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value);
    return (await Promise.all(entries.map(([key, one]) => secretPaths(one, [...path, key])))).flat();
  }
  return [];
}

/** The sent value, with an envelope around what is at the paths and has none. */
export function withSecrets<T>(sent: T, paths: readonly Path[]): T {
  return paths.reduce<unknown>((value, path) => wrapAt(value, path), sent) as T;
}

/** Pulumi's own for a secret on its way to the engine (@pulumi/pulumi/runtime/rpc, specialSigKey, specialSecretSig). */
function envelope(value: unknown): unknown {
  return {
    [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig,
    value,
  };
}

function wrapAt(value: unknown, path: Path): unknown {
  if (value === undefined || pulumi.runtime.isRpcSecret(value)) return value;
  const [key, ...rest] = path;
  if (key === undefined) return envelope(value);
  if (Array.isArray(value)) {
    return value.map((one: unknown, index) => (index === key ? wrapAt(one, rest) : one));
  }
  // An outer value that is unknown as a whole holds the secret: none of it may be taken for plain.
  if (value === null || typeof value !== "object") return envelope(value);
  const object = value as Record<string, unknown>;
  return Object.hasOwn(object, key) ? { ...object, [key]: wrapAt(object[key], rest) } : object;
}
