/** Arguments of the four resources: defaults, what is refused, and what a change of them means. */
import { isObject, textOf, type Value, type Values } from "../shared/values";
import { extendedKeyUsages, keyUsages } from "./usages";

export type Kind = "privateKey" | "selfSignedCert" | "certRequest" | "locallySignedCert";

/**
 * What happens when an argument changes or is not known yet: `always` is RequiresReplace; `pem` is
 * requireReplaceIfStateContainsPEMString (common.go), an update where the state holds a mere hash, as old versions wrote.
 */
export type ReplaceRule = "always" | "pem" | "never";

export interface Attribute {
  readonly replace: ReplaceRule;
  readonly required?: boolean;
  readonly default?: Value;
  /** Text of what is allowed, for a known value that is not. */
  readonly refuse?: (value: Value) => string | undefined;
}

const algorithms = ["RSA", "ECDSA", "ED25519"];
const curves = ["P224", "P256", "P384", "P521"];

function oneOf(allowed: readonly string[]): (value: Value) => string | undefined {
  return (value) => (allowed.includes(textOf(value)) ? undefined : `must be one of ${allowed.join(", ")}`);
}

function atLeast(least: number): (value: Value) => string | undefined {
  return (value) => (typeof value === "number" && value >= least ? undefined : `must be at least ${least}`);
}

function notEmpty(value: Value): string | undefined {
  return Array.isArray(value) && value.every((entry) => entry !== "")
    ? undefined
    : "must have no empty entry";
}

function usages(value: Value): string | undefined {
  const allowed = [...Object.keys(keyUsages), ...Object.keys(extendedKeyUsages)].sort();
  return Array.isArray(value) && value.every((entry) => allowed.includes(textOf(entry)))
    ? undefined
    : `must be among ${allowed.join(", ")}`;
}

/** Common to both certificates (resource_self_signed_cert.go, resource_locally_signed_cert.go: Schema). */
const certificate: Record<string, Attribute> = {
  validityPeriodHours: { required: true, replace: "always", refuse: atLeast(0) },
  allowedUses: { required: true, replace: "always", refuse: usages },
  earlyRenewalHours: { replace: "never", default: 0, refuse: atLeast(0) },
  isCaCertificate: { replace: "always", default: false },
  maxPathLength: { replace: "always", refuse: atLeast(-1) },
  setSubjectKeyId: { replace: "always", default: false },
};

/** Common to what names a subject (resource_self_signed_cert.go, resource_cert_request.go: Schema). */
const subject: Record<string, Attribute> = {
  privateKeyPem: { required: true, replace: "pem" },
  dnsNames: { replace: "always" },
  ipAddresses: { replace: "always", refuse: notEmpty },
  uris: { replace: "always", refuse: notEmpty },
  subject: { replace: "always" },
};

export const attributes: Record<Kind, Record<string, Attribute>> = {
  // resource_private_key.go, privateKeyResourceSchemaV1
  privateKey: {
    algorithm: { required: true, replace: "always", refuse: oneOf(algorithms) },
    rsaBits: { replace: "always", default: 2048 },
    ecdsaCurve: { replace: "always", default: "P224", refuse: oneOf(curves) },
  },
  selfSignedCert: { ...subject, ...certificate, setAuthorityKeyId: { replace: "always", default: false } },
  certRequest: subject,
  locallySignedCert: {
    caCertPem: { required: true, replace: "pem" },
    caPrivateKeyPem: { required: true, replace: "pem" },
    certRequestPem: { required: true, replace: "pem" },
    ...certificate,
  },
};

/** Outputs that a kind has besides its arguments. */
export const outputs: Record<Kind, readonly string[]> = {
  privateKey: [
    "id",
    "privateKeyPem",
    "privateKeyOpenssh",
    "privateKeyPemPkcs8",
    "publicKeyPem",
    "publicKeyOpenssh",
    "publicKeyFingerprintMd5",
    "publicKeyFingerprintSha256",
  ],
  selfSignedCert: ["id", "certPem", "validityStartTime", "validityEndTime", "keyAlgorithm"],
  certRequest: ["id", "certRequestPem", "keyAlgorithm"],
  locallySignedCert: ["id", "certPem", "validityStartTime", "validityEndTime", "caKeyAlgorithm"],
};

export function kindOf(type: string): Kind {
  const kind = /^tls:index\/(\w+):/.exec(type)?.[1];
  if (kind === undefined || !(kind in attributes)) {
    throw new Error(`the stand-in for the provider "tls" does not know ${type}`);
  }
  return kind as Kind;
}

/** The arguments with their defaults; nulls and what is empty of meaning are left out, as the bridge does. */
export function withDefaults(kind: Kind, inputs: Values): Values {
  const result: Values = {};
  for (const [name, attribute] of Object.entries(attributes[kind])) {
    const value = inputs[name] ?? attribute.default;
    if (value !== undefined && value !== null) result[name] = isObject(value) ? withoutNulls(value) : value;
  }
  return result;
}

function withoutNulls(value: Values): Values {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null));
}
