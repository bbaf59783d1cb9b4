import { sha256 } from "../core/hash";
import { parse } from "yaml";
import type { EncryptionSettings } from "../settings/resolved";
import { toYaml } from "../yaml";

/** One key of an EncryptionConfiguration, a secret. */
export interface EncryptionKey {
  readonly provider: EncryptionSettings["provider"];
  readonly name: string;
  /** 32 bytes in base64. */
  readonly secret: string;
}

/**
 * EncryptionConfiguration of the API server (apiserver.config.k8s.io/v1), a secret. The first key encrypts, all decrypt;
 * `identity` last lets Secrets be read that were written before there was a key.
 * @param keys base64 keys of 32 bytes by name
 * @throws Error when a key of the settings is not among `keys`
 */
export function encryptionConfiguration(
  settings: { readonly encryption: EncryptionSettings },
  keys: Readonly<Record<string, string>>,
): string {
  const { provider, keys: names, rotation } = settings.encryption;
  return writeEncryption(
    names.map((name) => {
      const secret = keys[name];
      if (secret === undefined) throw new Error(`encryption key "${name}" was not given`);
      // AES-CBC tells keys apart by their names alone.
      const own = name === "generated" && rotation !== undefined ? `${name}-${rotation}` : name;
      return { provider, name: own, secret };
    }),
  );
}

/** Keys that a snapshot needs and the settings do not have; empty: its Secrets can be read. */
export function missingKeys(snapshot: readonly string[], given: readonly EncryptionKey[]): string[] {
  const ids = new Set(given.map(keyId));
  return snapshot.filter((id) => !ids.has(id));
}

/** The document with these keys in this order. A provider may be in it several times: the order is that of the keys. */
export function writeEncryption(keys: readonly EncryptionKey[]): string {
  const blocks: { provider: string; keys: { name: string; secret: string }[] }[] = [];
  for (const { provider, name, secret } of keys) {
    const last = blocks.at(-1);
    if (last?.provider === provider) last.keys.push({ name, secret });
    else blocks.push({ provider, keys: [{ name, secret }] });
  }
  return toYaml({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [
      {
        resources: ["secrets"],
        providers: [...blocks.map((block) => ({ [block.provider]: { keys: block.keys } })), { identity: {} }],
      },
    ],
  });
}

/** The keys of a document that `writeEncryption` wrote, in their order; undefined: it was changed by hand. */
export function readEncryption(text: string): EncryptionKey[] | undefined {
  try {
    const { resources } = parse(text) as { resources: { providers: Record<string, unknown>[] }[] };
    const keys = (resources[0]?.providers ?? []).flatMap((block) =>
      Object.entries(block).flatMap(([provider, value]) => {
        const listed = (value as { keys?: { name: string; secret: string }[] }).keys ?? [];
        return listed.map(({ name, secret }) => ({ provider, name, secret }) as EncryptionKey);
      }),
    );
    return writeEncryption(keys) === toYaml(parse(text)) ? keys : undefined;
  } catch {
    return undefined;
  }
}

/** Names a key without giving it away: for marks on hosts, and for people. */
export function keyId({ provider, name, secret }: EncryptionKey): string {
  return `${provider}:${name}:${sha256(secret).slice(0, 12)}`;
}

/** What one control-plane node's API server reads. */
export interface NodeEncryption {
  readonly machine: string;
  readonly keys: readonly EncryptionKey[];
  /** An earlier run began to encrypt with another key and did not finish rewriting the Secrets. */
  readonly pending: boolean;
}

/** Files of a stage by machine; the next stage begins when every API server has loaded its own. */
export interface EncryptionStage {
  readonly what: string;
  readonly keys: Readonly<Record<string, readonly EncryptionKey[]>>;
}

export interface EncryptionChange {
  /** Every API server reads every key; none encrypts with another one yet. */
  readonly read: EncryptionStage;
  /** All encrypt with the first key of the settings. */
  readonly write: EncryptionStage;
  /** The Secrets are to be rewritten before the last stage. */
  readonly rewrite: boolean;
  /** Only the keys of the settings are left. */
  readonly finish: EncryptionStage;
}

/**
 * How the keys of a living cluster become those of the settings, from wherever an earlier run was cut off; undefined: they
 * are. At no time does an API server write with a key that another one cannot read, and no key goes before the Secrets were
 * rewritten. (Kubernetes documentation, "Encrypting Confidential Data at Rest": "Rotate a decryption key".)
 * @param nodes all control-plane nodes
 * @param wanted keys of the settings, the one that encrypts first
 */
export function encryptionChange(
  nodes: readonly NodeEncryption[],
  wanted: readonly EncryptionKey[],
): EncryptionChange | undefined {
  const pending = nodes.some((node) => node.pending);
  if (!pending && nodes.every((node) => same(node.keys, wanted))) return undefined;
  const all = union([wanted, ...nodes.map((node) => node.keys)]);
  const [first] = wanted;
  const retired = all.length > wanted.length;
  const stage = (
    what: string,
    keys: (node: NodeEncryption) => readonly EncryptionKey[],
  ): EncryptionStage => ({
    what,
    keys: Object.fromEntries(nodes.map((node) => [node.machine, keys(node)])),
  });
  return {
    read: stage("every API server reads all keys", (node) => union([node.keys, all])),
    write: stage("Secrets are encrypted with the first key of the settings", () => union([wanted, all])),
    rewrite:
      pending || retired || nodes.some(({ keys }) => first !== undefined && !same(keys.slice(0, 1), [first])),
    finish: stage("keys that the settings do not name are taken out", () => wanted),
  };
}

/**
 * Keys of the settings that have the name of a key in use and another value. AES-CBC does not notice a wrong key, so the API
 * server would take the new one for the old one; secretbox does, and tries the next.
 */
export function reusedNames(nodes: readonly NodeEncryption[], wanted: readonly EncryptionKey[]): string[] {
  const used = union(nodes.map((node) => node.keys)).filter(({ provider }) => provider === "aescbc");
  return wanted
    .filter((key) =>
      used.some((one) => one.provider === key.provider && one.name === key.name && one.secret !== key.secret),
    )
    .map(({ name }) => name);
}

function same(some: readonly EncryptionKey[], others: readonly EncryptionKey[]): boolean {
  return (
    some.length === others.length &&
    some.every((key, index) => {
      const other = others[index];
      return other !== undefined && keyId(key) === keyId(other);
    })
  );
}

/** Each key once, where it comes first. */
function union(lists: readonly (readonly EncryptionKey[])[]): EncryptionKey[] {
  return [...new Map(lists.flat().map((key) => [keyId(key), key])).values()];
}
