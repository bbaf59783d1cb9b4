import * as pulumi from "@pulumi/pulumi";
import { ENCRYPTED } from "./config";

/** Readers of the SDK's Config that parse the value, which what stands for an encrypted one is not. */
const READERS = ["Boolean", "Number", "Object"].flatMap((type) => [
  `getSecret${type}`,
  `requireSecret${type}`,
]);

type Reader = (this: pulumi.Config, key: string, ...more: unknown[]) => unknown;

/**
 * From now on encrypted values that a program reads as an object, a number or a boolean are outputs that nobody knows, as a
 * preview has those of resources: a plan has no passphrase. Texts are `ENCRYPTED`.
 *
 * @param config by full key, with `ENCRYPTED` where a value is encrypted as a whole
 * @returns a function that ends it
 */
export function hideEncrypted(config: Readonly<Record<string, unknown>>): () => void {
  const prototype = pulumi.Config.prototype as unknown as Record<string, Reader>;
  const former = READERS.map((name) => [name, prototype[name]] as const);
  for (const [name, read] of former)
    prototype[name] = function (key, ...more) {
      return config[`${this.name}:${key}`] === ENCRYPTED
        ? pulumi.secret(pulumi.unknown)
        : read.call(this, key, ...more);
    };
  return () => former.forEach(([name, read]) => (prototype[name] = read));
}
