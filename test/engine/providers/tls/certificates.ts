/** Certificates and requests, as common_cert.go and Go's crypto/x509 (CreateCertificate) make them. */
import "reflect-metadata";
import { createHash, createPublicKey, randomBytes, webcrypto, type KeyObject } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { now } from "../shared/clock";
import { isObject, textOf, type Value, type Values } from "../shared/values";
import { hashForState } from "./keys";
import { point } from "./openssh";
import { extendedKeyUsages, keyUsages } from "./usages";

x509.cryptoProvider.set(webcrypto);

const subjectAlternativeName = "2.5.29.17";

export interface Certificate {
  /** Serial number, decimal. */
  readonly id: string;
  readonly certPem: string;
  readonly validityStartTime: string;
  readonly validityEndTime: string;
}

/** resource_self_signed_cert.go, Create. `inputs` without marks. */
export async function selfSigned(inputs: Values, key: KeyObject): Promise<Certificate> {
  const keys = await importPair(key);
  const subject = subjectOf(inputs["subject"]);
  return create(inputs, {
    subject,
    issuer: subject,
    publicKey: keys.publicKey,
    subjectKey: createPublicKey(key),
    names: namesOf(inputs, subject),
    signer: keys,
    authorityKeyId: undefined,
  });
}

/** resource_locally_signed_cert.go, Create: names and key from the request, everything else from the arguments. */
export async function locallySigned(inputs: Values, caKey: KeyObject): Promise<Certificate> {
  const request = new x509.Pkcs10CertificateRequest(
    pemOf(inputs["certRequestPem"], "CERTIFICATE REQUEST", "certificate request"),
  );
  const ca = new x509.X509Certificate(pemOf(inputs["caCertPem"], "CERTIFICATE", "CA certificate"));
  const caPublic = createPublicKey(caKey).export({ type: "spki", format: "der" });
  if (!caPublic.equals(Buffer.from(ca.publicKey.rawData))) {
    throw new Error(
      "Failed to create certificate: x509: provided PrivateKey doesn't match parent's PublicKey",
    );
  }
  const subject = request.subjectName.toJSON().filter((part) => !("E" in part));
  return create(inputs, {
    subject,
    issuer: ca.subjectName.toJSON(),
    publicKey: request.publicKey,
    subjectKey: createPublicKey({ key: Buffer.from(request.publicKey.rawData), type: "spki", format: "der" }),
    names: request.getExtension(subjectAlternativeName) ?? undefined,
    signer: await importPair(caKey),
    // crypto/x509, CreateCertificate: taken from the parent whenever issuer and subject differ.
    authorityKeyId:
      ca.subject === new x509.Name(subject).toString()
        ? undefined
        : ca.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId,
  });
}

/** resource_cert_request.go, Create. */
export async function certRequest(
  inputs: Values,
  key: KeyObject,
): Promise<{ id: string; certRequestPem: string }> {
  const keys = await importPair(key);
  const subject = subjectOf(inputs["subject"]);
  const names = namesOf(inputs, subject);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: keys.algorithm,
    extensions: names ? [names] : [],
  });
  return { id: hashForState(Buffer.from(request.rawData)), certRequestPem: `${request.toString("pem")}\n` };
}

interface Parts {
  readonly subject: x509.JsonName;
  readonly issuer: x509.JsonName;
  readonly publicKey: x509.PublicKey | webcrypto.CryptoKey;
  readonly subjectKey: KeyObject;
  readonly names: x509.Extension | undefined;
  readonly signer: KeyPair;
  /** Hexadecimal; undefined: none, unless `setAuthorityKeyId` asks for it. */
  readonly authorityKeyId: string | undefined;
}

async function create(inputs: Values, parts: Parts): Promise<Certificate> {
  const isCa = inputs["isCaCertificate"] === true;
  if (isCa && parts.subject.length === 0) {
    throw new Error(
      "Invalid Certificate Subject: Must contain at least one Distinguished Name when creating Certificate Authority (CA)",
    );
  }
  const subjectKeyId = isCa || inputs["setSubjectKeyId"] === true ? keyIdOf(parts.subjectKey) : undefined;
  const ownAuthority = inputs["setAuthorityKeyId"] === true ? subjectKeyId : undefined;
  if (inputs["setAuthorityKeyId"] === true && ownAuthority === undefined) {
    throw new Error("Invalid Certificate Authority: Could not determine Authority Key Identifier");
  }
  const authorityKeyId = parts.authorityKeyId ?? ownAuthority;
  const notBefore = now();
  const notAfter = new Date(notBefore.getTime() + Number(inputs["validityPeriodHours"]) * 3_600_000);
  const serial = randomBytes(16);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `00${serial.toString("hex")}`,
    subject: parts.subject,
    issuer: parts.issuer,
    notBefore,
    notAfter,
    publicKey: parts.publicKey,
    signingKey: parts.signer.privateKey,
    signingAlgorithm: parts.signer.algorithm,
    extensions: [
      ...usageExtensions(inputs["allowedUses"]),
      new x509.BasicConstraintsExtension(isCa, pathLength(isCa, inputs["maxPathLength"]), true),
      ...(subjectKeyId ? [new x509.SubjectKeyIdentifierExtension(subjectKeyId)] : []),
      ...(authorityKeyId ? [new x509.AuthorityKeyIdentifierExtension(authorityKeyId)] : []),
      ...(parts.names ? [parts.names] : []),
    ],
  });
  return {
    id: BigInt(`0x${serial.toString("hex")}`).toString(),
    certPem: `${certificate.toString("pem")}\n`,
    validityStartTime: goTime(notBefore),
    validityEndTime: goTime(notAfter),
  };
}

/** MaxPathLen 0 without MaxPathLenZero, and anything below, mean "none" to crypto/x509. */
function pathLength(isCa: boolean, given: Value | undefined): number | undefined {
  return isCa && typeof given === "number" && given > 0 ? given : undefined;
}

function usageExtensions(uses: Value | undefined): x509.Extension[] {
  const words = Array.isArray(uses) ? uses.map(textOf) : [];
  const bits = words.reduce((sum, word) => sum | (keyUsages[word] ?? 0), 0);
  const purposes = words.map((word) => extendedKeyUsages[word]).filter((oid) => oid !== undefined);
  return [
    ...(bits !== 0 ? [new x509.KeyUsagesExtension(bits, true)] : []),
    ...(purposes.length > 0 ? [new x509.ExtendedKeyUsageExtension(purposes)] : []),
  ];
}

/** common_cert.go, generateSubjectKeyID; an Ed25519 key is hashed inside an octet string there. */
function keyIdOf(key: KeyObject): string {
  return createHash("sha1").update(keyBytes(key)).digest("hex");
}

function keyBytes(key: KeyObject): Buffer {
  if (key.asymmetricKeyType === "rsa") return key.export({ type: "pkcs1", format: "der" });
  const jwk = key.export({ format: "jwk" });
  if (jwk.kty === "EC") return point(jwk);
  return Buffer.concat([Buffer.from([0x04, 0x20]), Buffer.from(jwk.x!, "base64url")]);
}

/** Order of crypto/x509/pkix, Name.ToRDNSequence; names and order of parts of the argument are common_cert.go's. */
const subjectParts: readonly (readonly [argument: string, type: string])[] = [
  ["country", "C"],
  ["organization", "O"],
  ["organizationalUnit", "OU"],
  ["locality", "L"],
  ["province", "ST"],
  ["streetAddresses", "2.5.4.9"],
  ["postalCode", "2.5.4.17"],
  ["commonName", "CN"],
  ["serialNumber", "2.5.4.5"],
  ["emailAddress", "E"],
];

function subjectOf(subject: Value | undefined): x509.JsonName {
  if (!isObject(subject)) return [];
  return subjectParts
    .map(([argument, type]) => [type, [subject[argument] ?? []].flat().map(textOf)] as const)
    .filter(([, values]) => values.length > 0)
    .map(([type, values]) => ({ [type]: values }));
}

function namesOf(inputs: Values, subject: x509.JsonName): x509.Extension | undefined {
  const of = (name: string, type: "dns" | "ip" | "url"): x509.JsonGeneralName[] =>
    (Array.isArray(inputs[name]) ? inputs[name] : []).map((value) => ({ type, value: textOf(value) }));
  const names = [...of("dnsNames", "dns"), ...of("ipAddresses", "ip"), ...of("uris", "url")];
  // RFC 5280 section 4.1.2.6: critical where there is no other name.
  return names.length > 0 ? new x509.SubjectAlternativeNameExtension(names, subject.length === 0) : undefined;
}

interface KeyPair {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
  readonly algorithm: { name: string; hash?: string; namedCurve?: string };
}

/** Hashes as crypto/x509, signingParamsForKey, picks them. */
const signing: Record<string, { name: string; hash?: string; namedCurve?: string }> = {
  rsa: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  prime256v1: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  secp384r1: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  secp521r1: { name: "ECDSA", namedCurve: "P-521", hash: "SHA-512" },
  ed25519: { name: "Ed25519" },
};

async function importPair(key: KeyObject): Promise<KeyPair> {
  const kind = key.asymmetricKeyDetails?.namedCurve ?? String(key.asymmetricKeyType);
  const algorithm = signing[kind];
  if (!algorithm)
    throw new Error(`the stand-in for the provider "tls" makes no certificates of ${kind} keys`);
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  return {
    algorithm,
    privateKey: await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]),
    publicKey: await webcrypto.subtle.importKey("spki", spki, algorithm, true, ["verify"]),
  };
}

/** resource_locally_signed_cert.go, decodePEM. */
function pemOf(value: Value | undefined, label: string, what: string): string {
  const text = textOf(value);
  const found = /-----BEGIN ([A-Z ]+)-----/.exec(text)?.[1];
  if (found === label) return text;
  const fault =
    found === undefined
      ? `failed to decode PEM of expected type "${label}" from bytes`
      : `invalid PEM type - expected "${label}", got "${found}"`;
  throw new Error(`Failed to parse ${what} PEM: ${fault}`);
}

/** RFC 3339 as Go's time.MarshalText writes it: no zeros at the end of the fraction. */
function goTime(time: Date): string {
  return time.toISOString().replace(/\.?0*Z$/, "Z");
}
