/** What a host trusts and signs with, and what it has to trust and sign with in each phase of a rotation. */
import { createHash, createPublicKey, X509Certificate } from "node:crypto";
import { sha256 } from "../core/hash";
import { paths } from "../kubeadm/paths";
import type { RenderedFile } from "../renderedFile";
import { recordIn, type RotationRecord } from "./phases";

/** The CAs, by their path below /etc/kubernetes/pki. */
const AUTHORITIES = ["ca", "etcd/ca", "front-proxy-ca"] as const;
/** The service-account key is trusted by its public half, and CAs by their certificate. */
const SIGNERS = [...AUTHORITIES, "sa"] as const;
type Signer = (typeof SIGNERS)[number];

/** PEM of what is trusted, and of what signs. */
interface Pair {
  readonly trusted: string;
  readonly key: string;
}

/** The CAs and the service-account key that a rotation leads to; secret. */
export interface RotationTarget {
  readonly pairs: Readonly<Record<Signer, Pair>>;
  /** SHA-256 in hex of the cluster CA's certificate, as `clusterId` is of the first one. */
  readonly authority: string;
  /** How tokens name the new service-account key (Kubernetes, pkg/serviceaccount/jwt.go: keyIDFromPublicKey). */
  readonly tokenKey: string;
}

/** What a host has, as it says itself. */
export interface HostKeys {
  /** PEM blocks by signer; a worker has those of the cluster CA alone. */
  readonly trusted: Readonly<Partial<Record<Signer, readonly string[]>>>;
  /** SHA-256 in hex of the public half of the private key; a worker has none. */
  readonly signers: Readonly<Partial<Record<Signer, string>>>;
  readonly record?: RotationRecord;
}

const trustedPath = (signer: Signer): string => `${paths.pki}/${signer}.${signer === "sa" ? "pub" : "crt"}`;
const keyPath = (signer: Signer): string => `${paths.pki}/${signer}.key`;

/** Whether a file is one of those that are rotated. */
export function isRotated(path: string): boolean {
  return SIGNERS.some((signer) => path === trustedPath(signer) || path === keyPath(signer));
}

/** @throws Error where one of the files is missing */
export function rotationTarget(
  files: readonly { readonly path: string; readonly content: string }[],
): RotationTarget {
  const content = (path: string): string => {
    const file = files.find((one) => one.path === path);
    if (file === undefined) throw new Error(`${path} is not among the step's files`);
    return file.content;
  };
  const pairs = Object.fromEntries(
    SIGNERS.map((signer) => [
      signer,
      { trusted: content(trustedPath(signer)), key: content(keyPath(signer)) },
    ]),
  ) as Record<Signer, Pair>;
  return {
    pairs,
    authority: sha256(pairs.ca.trusted.trim()),
    tokenKey: createHash("sha256").update(publicKey("sa", pairs.sa.trusted)).digest("base64url"),
  };
}

function blocks(text: string): string[] {
  return text.match(/-----BEGIN [A-Z ]+-----[^]*?-----END [A-Z ]+-----/g) ?? [];
}

/** DER of the public key that a block is, or certifies. */
function publicKey(signer: Signer, pem: string): Buffer {
  const key = signer === "sa" ? createPublicKey(pem) : new X509Certificate(pem).publicKey;
  return key.export({ type: "spki", format: "der" });
}

function keyHash(signer: Signer, pem: string): string {
  return createHash("sha256").update(publicKey(signer, pem)).digest("hex");
}

/** Each once: the same block may be wrapped in another way. */
function union(...lists: readonly (readonly string[])[]): string[] {
  const known = new Map(lists.flat().map((pem) => [pem.replace(/\s+/g, ""), pem]));
  return [...known.values()];
}

/** Reads what `read.sh` prints. */
export function readHostKeys(text: string): HostKeys {
  const trusted: Partial<Record<Signer, string[]>> = {};
  const signers: Partial<Record<Signer, string>> = {};
  let record: RotationRecord | undefined;
  for (const line of text.split("\n")) {
    const [, what, name = "", value = ""] = /^##(trusted|signer) (\S+) (\S+)$/.exec(line) ?? [];
    const signer = SIGNERS.find((one) => one === name);
    if (what === "trusted" && signer !== undefined)
      trusted[signer] = blocks(Buffer.from(value, "base64").toString("utf8"));
    else if (what === "signer" && signer !== undefined) signers[signer] = value;
    else if (line.startsWith("##record ")) record = recordIn(line.slice("##record ".length));
  }
  return { trusted, signers, ...(record === undefined ? {} : { record }) };
}

/** Whether the host trusts nothing but the new CAs and the new key, as one that joined with them does. */
export function trustsAlone(keys: HostKeys, { pairs }: RotationTarget): boolean {
  const there = SIGNERS.filter((signer) => keys.trusted[signer] !== undefined);
  return (
    there.includes("ca") &&
    there.every((signer) => union(keys.trusted[signer] ?? [], blocks(pairs[signer].trusted)).length === 1)
  );
}

/** Whether the host trusts that cluster CA, besides others or alone. */
export function trustsAuthority({ trusted }: HostKeys, certificate: string): boolean {
  const own = trusted.ca ?? [];
  return own.length > 0 && union(own, blocks(certificate)).length === own.length;
}

/** Everything that any of the hosts trusts. */
export function trustedAnywhere(hosts: readonly HostKeys[]): HostKeys["trusted"] {
  return Object.fromEntries(
    SIGNERS.map((signer) => [signer, union(...hosts.map((one) => one.trusted[signer] ?? []))]),
  );
}

const file = (path: string, content: string): RenderedFile => ({ path, content, mode: "0600" });
const joined = (pems: readonly string[]): string => pems.map((pem) => `${pem.trim()}\n`).join("");

/** What signs on the host now. */
function signerOn(keys: HostKeys, signer: Signer): string | undefined {
  return keys.trusted[signer]?.find((pem) => keyHash(signer, pem) === keys.signers[signer]);
}

/**
 * Files of a control-plane node that trusts the new CAs and keys besides everything that any host trusts, and signs as before. What
 * signs comes first, where kubeadm looks for it.
 * @returns undefined where the private key of the CA fits none of its certificates
 */
export function trustingFiles(
  keys: HostKeys,
  anywhere: HostKeys["trusted"],
  target: RotationTarget,
): { readonly signing: RenderedFile; readonly others: readonly RenderedFile[] } | undefined {
  const signing = signerOn(keys, "ca");
  if (signing === undefined) return undefined;
  return {
    signing: file(paths.signing, joined([signing])),
    others: SIGNERS.map((signer) => {
      const own = signerOn(keys, signer);
      const all = union(
        own === undefined ? [] : [own],
        keys.trusted[signer] ?? [],
        anywhere[signer] ?? [],
        blocks(target.pairs[signer].trusted),
      );
      return file(trustedPath(signer), joined(all));
    }),
  };
}

/** Files of a control-plane node that signs with the new keys and trusts the former ones too. Keys come last. */
export function signingFiles(anywhere: HostKeys["trusted"], target: RotationTarget): RenderedFile[] {
  const trusted = SIGNERS.map((signer) =>
    file(trustedPath(signer), joined(union(blocks(target.pairs[signer].trusted), anywhere[signer] ?? []))),
  );
  return [...trusted, file(paths.signing, target.pairs.ca.trusted), ...keyFiles(target)];
}

/** Files of a control-plane node that knows nothing but the new CAs and keys: as the stack gives them. */
export function finalFiles(target: RotationTarget): RenderedFile[] {
  return [
    ...SIGNERS.map((signer) => file(trustedPath(signer), target.pairs[signer].trusted)),
    ...keyFiles(target),
  ];
}

function keyFiles(target: RotationTarget): RenderedFile[] {
  return SIGNERS.map((signer) => file(keyPath(signer), target.pairs[signer].key));
}

/** What a worker trusts while both do, and at the end. */
export function workerFile(
  keys: HostKeys,
  anywhere: HostKeys["trusted"],
  target: RotationTarget,
  alone: boolean,
): RenderedFile {
  const given = target.pairs.ca.trusted;
  const all = union(keys.trusted.ca ?? [], anywhere.ca ?? [], blocks(given));
  // kubeadm writes it for everybody: it is no secret.
  return { path: trustedPath("ca"), content: alone ? given : joined(all), mode: "0644" };
}
