import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { NONE_ALLOWED, configured, listOf } from "../configuration";
import { AUTHORITY, LOCALLY_SIGNED, PKI, PRIVATE_KEY, SELF_SIGNED, typeOfUrn } from "../resources";
import { at } from "../values";

const HOURS_A_YEAR = 8_760;

function isCertificate(args: ResourceValidationArgs): boolean {
  return args.type === SELF_SIGNED || args.type === LOCALLY_SIGNED;
}

function isAuthoritysOwn(args: ResourceValidationArgs): boolean {
  return typeOfUrn(args.opts.parent ?? "") === AUTHORITY;
}

const VALIDITY = { minimumYears: 5 };

/** When a cluster CA expires, every certificate of the cluster is invalid, and a new CA concerns every node at once. */
export const authorityValidity: ResourceValidationPolicy = {
  name: "authority-validity",
  description: "A CA is valid for years, so that it outlives its cluster.",
  enforcementLevel: "mandatory",
  severity: "high",
  remediationSteps:
    "Give the certificate a `validityPeriodHours` of 87600: ten years, as kubeadm's own CAs have.",
  configSchema: {
    properties: {
      minimumYears: {
        type: "number",
        minimum: 1,
        default: VALIDITY.minimumYears,
        description: "Minimum validity of a CA, in years of 365 days.",
      },
    },
  },
  validateResource: (args, reportViolation) => {
    if (!isCertificate(args) || at(args.props, "isCaCertificate") !== true) args.notApplicable("no CA");
    const hours = Number(at(args.props, "validityPeriodHours"));
    const { minimumYears } = configured(args, VALIDITY);
    // Not `<`: what is not a number is not long enough.
    if (!(hours >= minimumYears * HOURS_A_YEAR)) {
      reportViolation(`${args.name} is a CA for ${hours} hours, which is less than ${minimumYears} years`);
    }
  },
};

/** Whoever has a CA's key can become anybody, so a cluster has no more CAs than it needs. */
export const authoritiesOnly: ResourceValidationPolicy = {
  name: "authorities-only",
  description: "Only the certificate of an Authority is a CA.",
  enforcementLevel: "mandatory",
  severity: "critical",
  remediationSteps: "Leave out `isCaCertificate`, make an Authority of it, or name it in `allow`.",
  configSchema: {
    properties: {
      allow: listOf(
        "Names of further certificates that may be CAs because they belong to something other than a cluster.",
      ),
    },
  },
  validateResource: (args, reportViolation) => {
    if (!isCertificate(args)) args.notApplicable("no certificate");
    const isAuthority = at(args.props, "isCaCertificate") === true;
    if (isAuthoritysOwn(args)) {
      if (!isAuthority)
        reportViolation(
          `${args.name} is an Authority's certificate but not a CA: nobody trusts what it signs`,
        );
    } else if (isAuthority && !configured(args, NONE_ALLOWED).allow.includes(args.name)) {
      reportViolation(`${args.name} is a CA, but not one of the cluster's`);
    }
  },
};

/**
 * kubeadm reads RSA and ECDSA keys only (cmd/kubeadm/app/util/pkiutil/pki_helpers.go, TryLoadKeyFromDisk). P-224, the tls
 * provider's default curve, has no signature scheme in TLS 1.3 (RFC 8446, 4.2.3).
 */
export const authorityKeys: ResourceValidationPolicy = {
  name: "authority-keys",
  description: "A CA's key is ECDSA on P-256 or longer, or RSA of at least 2048 bits.",
  enforcementLevel: "mandatory",
  severity: "critical",
  remediationSteps: 'Make the key with `algorithm: "ECDSA", ecdsaCurve: "P256"`.',
  validateResource: (args, reportViolation) => {
    if (args.type !== PRIVATE_KEY || !isAuthoritysOwn(args)) args.notApplicable("not a key of an Authority");
    const problem = keyProblem(args.props);
    if (problem !== undefined) reportViolation(`${args.name} ${problem}`);
  },
};

function keyProblem(props: Readonly<Record<string, unknown>>): string | undefined {
  const algorithm = at(props, "algorithm");
  // Defaults of the tls provider: 2048 bits and P224 (tls 5.x, resource PrivateKey).
  const bits = at(props, "rsaBits") ?? 2048;
  const curve = at(props, "ecdsaCurve") ?? "P224";
  if (algorithm === "RSA") return Number(bits) >= 2048 ? undefined : `is RSA of ${Number(bits)} bits`;
  if (algorithm === "ECDSA") return curve === "P224" ? "is ECDSA on P-224" : undefined;
  return `is ${String(algorithm)}, which kubeadm cannot read`;
}

const CLIENT = { maximumHours: HOURS_A_YEAR };

/** Kubernetes cannot revoke a certificate: a lost one is valid until it expires. */
export const clientCertificateValidity: ResourceValidationPolicy = {
  name: "client-certificate-validity",
  description: "No certificate that gives access to the API is valid for more than a year.",
  enforcementLevel: "mandatory",
  severity: "high",
  remediationSteps:
    "Shorten `validityPeriodHours` and set `earlyRenewalHours`, so that an `up` renews it in time.",
  configSchema: {
    properties: {
      maximumHours: {
        type: "integer",
        minimum: 1,
        default: CLIENT.maximumHours,
        description: "Maximum validity of a client certificate, in hours.",
      },
    },
  },
  validateResource: (args, reportViolation) => {
    if (!isCertificate(args) || !isClient(args)) args.notApplicable("no client certificate");
    const hours = Number(at(args.props, "validityPeriodHours"));
    const { maximumHours } = configured(args, CLIENT);
    if (!(hours <= maximumHours)) {
      reportViolation(
        `${args.name} gives access to the API for ${hours} hours; the maximum is ${maximumHours}`,
      );
    }
  },
};

function isClient(args: ResourceValidationArgs): boolean {
  const uses = at(args.props, "allowedUses");
  return Array.isArray(uses) && uses.some((use) => use === "client_auth" || use === "any_extended");
}

/** Without these keys the cluster is lost: no node can join, no certificate can be renewed, no Secret can be read. */
export const protectedKeys: ResourceValidationPolicy = {
  name: "protected-keys",
  description: "CAs, the service-account key and the key for encryption at rest are protected from deletion.",
  enforcementLevel: "advisory",
  severity: "medium",
  remediationSteps:
    "Leave `protect` in the settings at true; set it to false for one `up` before you destroy the stack.",
  validateResource: (args, reportViolation) => {
    if (!isIrreplaceable(args)) args.notApplicable("can be made again");
    if (!args.opts.protect)
      reportViolation(`${args.name} is not protected: a destroy or a replacement deletes it`);
  },
};

function isIrreplaceable(args: ResourceValidationArgs): boolean {
  if (isAuthoritysOwn(args)) return args.type === PRIVATE_KEY || args.type === SELF_SIGNED;
  const isPkis = typeOfUrn(args.opts.parent ?? "") === PKI && args.type === PRIVATE_KEY;
  return isPkis && /-(service-account|encryption)$/.test(args.name);
}
