import { z } from "zod";

import { isAddress, parseAddress, parseRange, rangeOf, specialRangeOf } from "../../network/addresses";
import { parseRange6 } from "../../network/addresses6";
import { certificatesProblem } from "../../core/certificates";
import { billionths, compareQuantities } from "../../core/quantity";
import { NAME_OF_SECRET, hasPassword, isPrivateKey } from "../problems";

/** What a custom check says besides its message; read back by `issues.ts`. */
export interface CheckParams {
  readonly allowed?: string;
  /** The value as it was probably meant. */
  readonly nearest?: string;
  /** The value is a secret and is not shown. */
  readonly hidden?: boolean;
}

type Verdict = ({ readonly message: string } & CheckParams) | undefined;

/** What a schema of text takes, in words: for values that are missing or of another type, which its check never sees. */
const TAKEN = new WeakMap<object, string>();

/** What `schema` takes, in words; undefined for a schema that is not text with its own check. */
export function takenBySchema(schema: unknown): string | undefined {
  return typeof schema === "object" && schema !== null ? TAKEN.get(schema) : undefined;
}

const PATTERNS = new WeakMap<object, RegExp>();

/** The pattern of text that `schema` takes, for JSON Schema; undefined where a pattern alone does not say it. */
export function patternOfSchema(schema: object): string | undefined {
  const pattern = PATTERNS.get(schema);
  return pattern?.flags === "" ? pattern.source : undefined;
}

/** A part that `enabled` switches, with what else it takes. `true` and `false` alone are refused: mappings merge. */
export function switched<S extends z.ZodRawShape>(shape: S) {
  const schema = z.strictObject({ enabled: z.boolean().optional(), ...shape });
  TAKEN.set(schema, "a mapping: { enabled: true } or { enabled: false }");
  return schema;
}

/** A string with one check that explains itself. */
export function text(check: (value: string) => Verdict) {
  const schema = z.string().superRefine((value, context) => {
    const verdict: Verdict = isPrivateKey(value)
      ? {
          message: "is a private key; put secrets in kubeadm:secrets and refer to them by name",
          allowed: NAME_OF_SECRET,
          hidden: true,
        }
      : check(value);
    if (verdict === undefined) return;
    const { message, ...params } = verdict;
    context.addIssue({ code: "custom", message, params });
  });
  const allowed = check("")?.allowed;
  if (allowed !== undefined) TAKEN.set(schema, allowed);
  return schema;
}

export function matching(pattern: RegExp, allowed: string) {
  const schema = text((value) => (pattern.test(value) ? undefined : { message: "is not allowed", allowed }));
  PATTERNS.set(schema, pattern);
  return schema;
}

export const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
export const DNS_LABEL_RULE =
  "a DNS label: at most 63 of a-z, 0-9 and -, a letter or digit first and last (RFC 1123)";

export function isDnsName(value: string): boolean {
  return value.length <= 253 && value.split(".").every((label) => DNS_LABEL.test(label));
}

export const dnsLabel = text((value) =>
  DNS_LABEL.test(value) ? undefined : { message: "is not a valid DNS label", allowed: DNS_LABEL_RULE },
);

export const dnsName = text((value) =>
  isDnsName(value)
    ? undefined
    : {
        message: "is not a valid DNS name",
        allowed: "DNS labels (a-z, 0-9, -) separated by dots, at most 253 characters",
      },
);

function addressVerdict(value: string, what: string, options: { loopback?: boolean } = {}): Verdict {
  const address = parseAddress(value);
  if (address === undefined) {
    const message = value.includes(":")
      ? "is IPv6; this version builds IPv4 clusters"
      : "is not a valid IPv4 address";
    return { message, allowed: `${what}, such as 10.40.0.11` };
  }
  const special = specialRangeOf(rangeOf(address, 32));
  if (special === undefined || (options.loopback === true && special.name === "loopback")) return undefined;
  return {
    message: `lies in ${special.range.text}, ${special.name} (${special.rfc})`,
    allowed: "a unicast IPv4 address",
  };
}

/** A unicast IPv4 address. */
export const address = text((value) => addressVerdict(value, "an IPv4 address"));

const LOOKS_LIKE_ADDRESS = /^[0-9.]+$|:/;

/** A DNS name or a unicast IPv4 address; loopback too, where a tunnel may end. */
export const host = text((value) => {
  const allowed = "a DNS name or an IPv4 address, without scheme, user or port";
  if (value.includes("://")) return { message: "is a URL", allowed };
  if (value.includes("@")) return { message: "has a user", allowed };
  if (/^[^:]+:\d*$/.test(value))
    return { message: "has a port", allowed: `${allowed}, which has its own key` };
  if (LOOKS_LIKE_ADDRESS.test(value))
    return addressVerdict(value, "a DNS name or an IPv4 address", { loopback: true });
  return isDnsName(value.toLowerCase()) ? undefined : { message: "is not a valid host name", allowed };
});

function cidrVerdict(value: string): Verdict {
  const parsed = parseRange(value);
  if (!("problem" in parsed)) return undefined;
  return {
    message: parsed.problem,
    allowed:
      parsed.meant === undefined ? "an IPv4 range in CIDR notation, such as 10.244.0.0/16" : parsed.meant,
  };
}

/** A name or address in the API server's certificate; the first label of a name may be `*`. */
export const certificateName = text((value) =>
  isAddress(value) || (!LOOKS_LIKE_ADDRESS.test(value) && isDnsName(value.replace(/^\*\./, "")))
    ? undefined
    : { message: "is not a valid name for a certificate", allowed: "a DNS name, *.name or an IPv4 address" },
);

/** An IPv4 range without host bits, outside the special-purpose ranges. */
export const cidr = text((value) => {
  const verdict = cidrVerdict(value);
  // A range is wanted, and the one that an address alone would be has one address.
  if (verdict !== undefined && isAddress(value))
    return { ...verdict, allowed: `an IPv4 range in CIDR notation, such as ${value}/16` };
  if (verdict !== undefined) return verdict;
  const parsed = parseRange(value);
  const special = "problem" in parsed ? undefined : specialRangeOf(parsed);
  if (special === undefined) return undefined;
  return {
    message: `touches ${special.range.text}, ${special.name} (${special.rfc})`,
    allowed: "a unicast range, best a private one: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16",
  };
});

/** An IPv4 range that a firewall rule names; the whole internet may be written down. */
export const accessRange = text((value) => (value === "0.0.0.0/0" ? undefined : cidrVerdict(value)));

/** As `accessRange`, of IPv6 too: hosts may be logged on to by it, though the cluster is of IPv4. */
export const filterRange = text((value) => {
  if (!value.includes(":")) return value === "0.0.0.0/0" ? undefined : cidrVerdict(value);
  const parsed = parseRange6(value);
  if (!("problem" in parsed)) return undefined;
  const allowed =
    parsed.meant ?? "an IPv4 or IPv6 range in CIDR notation, such as 10.244.0.0/16 or 2001:db8::/64";
  return { message: parsed.problem, allowed };
});

export const port = z.number().int().min(1).max(65535);

/** `host` or `host:port` of a registry, in lower case. */
export function isRegistryHost(value: string): boolean {
  const [, name = "", portText = "1"] = /^([^:]+)(?::(\d{1,5}))?$/.exec(value) ?? [];
  return isDnsName(name) && Number(portText) >= 1 && Number(portText) <= 65535;
}

/** Where user and password of a URL belong. */
const LOGINS =
  "; user and password are a secret by name: proxy.credentials of a proxy, images.registries.<host>.credentials of a registry or mirror";

function urlVerdict(value: string, schemes: readonly string[]): Verdict {
  const allowed = `a URL with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`;
  if (hasPassword(value)) {
    return {
      message: "holds a password; kubeadm:cluster must not contain secrets",
      allowed: `${allowed} and no password${LOGINS}`,
      hidden: true,
    };
  }
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  if (parsed === undefined || parsed.hostname === "") return { message: "is not a valid URL", allowed };
  // A user name alone may be a token.
  if (parsed.username !== "") return { message: "holds a user name", allowed, hidden: true };
  if (!schemes.includes(parsed.protocol.replace(":", "")))
    return { message: "has an unsupported scheme", allowed };
  if (parsed.search !== "" || parsed.hash !== "") return { message: "has a query or a fragment", allowed };
  if (/\s/.test(value)) return { message: "holds white space", allowed };
  return undefined;
}

/** The URL of a server: its path is not part of it. */
export const originUrl = text((value) => {
  const rule = "a URL with http:// or https://, without a path";
  const verdict = urlVerdict(value, ["http", "https"]);
  if (verdict !== undefined) return verdict.hidden === true ? verdict : { ...verdict, allowed: rule };
  const { pathname, origin } = new URL(value);
  return pathname === "/" ? undefined : { message: "has a path", allowed: rule, nearest: origin };
});
export const httpUrl = text((value) => urlVerdict(value, ["http", "https"]));
/** URL of a mirror: how nodes trust it and log in to it is a setting of its host. */
export const mirrorUrl = text((value) => {
  const verdict = urlVerdict(value, ["http", "https"]);
  if (verdict === undefined || verdict.hidden === true) return verdict;
  return {
    ...verdict,
    allowed: `${verdict.allowed}; set CA, client certificate and credentials under images.registries.<host>`,
  };
});
export const httpsUrl = text((value) => urlVerdict(value, ["https"]));

const SECRET_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,62}$/;

/** A long run of base64 or hexadecimal is key material and no name; it is never shown. */
export function looksLikeKeyMaterial(value: string): boolean {
  return value.length >= 24 && /^[A-Za-z0-9+/_=-]+$/.test(value) && (/\d/.test(value) || /[+/=]/.test(value));
}

/** The name of an entry of `kubeadm:secrets`. */
export const secretName = text((value) => {
  const allowed = "the name of an entry in kubeadm:secrets: a letter, then letters, digits, '-', '_' or '.'";
  if (looksLikeKeyMaterial(value)) {
    return {
      message: "looks like the secret itself, which belongs in kubeadm:secrets",
      allowed,
      hidden: true,
    };
  }
  return SECRET_NAME.test(value)
    ? undefined
    : { message: "is not a valid name of a secret", allowed, hidden: value.length > 24 };
});

const argument = z.union([z.string(), z.number(), z.boolean()]);

/**
 * Arguments are strings on a command line; numbers and booleans are taken as they are written in YAML. A list is for flags that take
 * several values.
 */
export const extraArgs = z.record(z.string(), z.union([argument, z.array(argument).min(1)]));

export const document = z.record(z.string(), z.unknown());

/** `host` or `host:port` of a resolver; CoreDNS takes addresses only. */
export const resolver = text((value) => {
  const [host = "", portText, ...rest] = value.split(":");
  const allowed = "an IPv4 address, with a port if it is not 53, such as 10.40.0.53:5353";
  if (rest.length > 0 || !isAddress(host)) return { message: "is not a valid resolver", allowed };
  const number = Number(portText ?? "53");
  if (!/^\d+$/.test(portText ?? "53") || number < 1 || number > 65535)
    return { message: "has no valid port", allowed };
  const verdict = addressVerdict(host, "an IPv4 address");
  return verdict === undefined ? undefined : { ...verdict, allowed };
});

const isQuantity = (value: string): boolean => billionths(value) !== undefined;
export const quantity = text((value) => {
  if (isQuantity(value)) return undefined;
  // `8GB`, `8 Gi`, `512mb`: the unit is there, and written in another way.
  const [, number = "", unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([kmgtpe]i?)b?\s*$/i.exec(value) ?? [];
  const meant = `${number}${unit.charAt(0).toUpperCase()}${unit.slice(1).toLowerCase()}`;
  return {
    message: "is not allowed",
    allowed: "a Kubernetes quantity, such as 100m or 50Mi",
    ...(number !== "" && isQuantity(meant) ? { nearest: meant } : {}),
  };
});
const amounts = z.strictObject({ cpu: quantity.optional(), memory: quantity.optional() }).optional();
/** What a pod asks for and may use at most; the API server refuses more of the former (validation, ValidateResourceRequirements). */
export const resources = z
  .strictObject({ requests: amounts, limits: amounts })
  .superRefine(({ requests, limits }, context) => {
    for (const key of ["cpu", "memory"] as const) {
      const [asked, most] = [requests?.[key], limits?.[key]];
      if (asked === undefined || most === undefined || (compareQuantities(asked, most) ?? 0) <= 0) continue;
      const params: CheckParams = { allowed: `at most ${most}` };
      const message = `is more than limits.${key} ${most}`;
      context.addIssue({ code: "custom", path: ["requests", key], message, params: { ...params } });
    }
  });

/** Registry and folder of images, in place of registry.k8s.io. */
export const repository = text((value) => {
  const [host = "", ...path] = value.split("/");
  return isRegistryHost(host) && path.every((part) => /^[a-z0-9._-]+$/.test(part))
    ? undefined
    : {
        message: "is not allowed",
        allowed:
          "a registry host with an optional port and path, without scheme, such as registry.example.com/k8s",
      };
});

export const imageTag = matching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, "an image tag, such as v1.14.2");

export const semver = text((value) =>
  /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(value)
    ? undefined
    : {
        message: value.startsWith("v")
          ? "starts with a v"
          : /^\d+\.\d+$/.test(value)
            ? "is not a valid version: the patch number is missing"
            : "is not a valid version",
        allowed: "three numbers, such as 1.36.4",
      },
);

export const sha256 = matching(
  /^[0-9a-f]{64}$/,
  "a SHA-256 in 64 lower-case hexadecimal digits, without a prefix",
);

/** Certificates in PEM. */
export const certificate = text(certificatesProblem);
