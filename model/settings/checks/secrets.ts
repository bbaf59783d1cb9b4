import { certificatesProblem } from "../../core/certificates";
import { nearest } from "../../text";
import type { Checked } from "../checked";
import { reportSecret } from "../issues";
import { HIDDEN, type Path, type Problems, hasPassword, isPrivateKey } from "../problems";
import { looksLikeKeyMaterial } from "../schema/primitives";
import { type SecretUse, UNREAD, referredSecrets } from "../secrets";
import { secretCommand } from "../storedSecrets";

const IN_SECRETS = "kubeadm:secrets";

/**
 * Every secret that the settings name is there and is what it is used for. Its value is never shown.
 *
 * @param where what holds the secrets, as reports call it
 * @param keysElsewhere machines whose private keys are in none of them
 */
export function validateSecrets(
  { written, settings }: Checked,
  secrets: Readonly<Record<string, unknown>> | undefined,
  problems: Problems,
  {
    where = IN_SECRETS,
    keysElsewhere,
  }: { readonly where?: string | undefined; readonly keysElsewhere?: readonly string[] | undefined } = {},
): void {
  if (secrets === undefined) return;
  const { provider } = settings.encryption;
  const fits = (value: unknown, use: SecretUse) =>
    value === UNREAD || (typeof value === "string" && wrongSecret(value, use, provider) === undefined);
  const referred = referredSecrets(written, keysElsewhere);
  const asked = new Set<string>();
  for (const { path, name, use } of referred) {
    if (Object.hasOwn(secrets, name) && secrets[name] === undefined) {
      problems.add([where, name], undefined, "is missing: its value is undefined", {
        allowed: argumentOf(name),
      });
      continue;
    }
    if (!Object.hasOwn(secrets, name)) {
      // One secret that a hundred machines use is missing once.
      if (asked.has(name)) continue;
      asked.add(name);
      // Of the secrets that are there only those that would do.
      const names = Object.keys(secrets).filter((other) => fits(secrets[other], use));
      const command = where === IN_SECRETS ? secretCommand(name) : argumentOf(name);
      problems.add(path, looksLikeKeyMaterial(name) ? HIDDEN : name, `is not in ${where}`, {
        also: referred
          .filter((other) => other.name === name && other.path !== path)
          .map((other) => other.path),
        allowed: names.length > 0 ? [...names].sort().join(", ") : command,
        nearest: nearest(name, names),
      });
      continue;
    }
    const value = secrets[name];
    if (value === UNREAD) continue;
    const wrong = typeof value === "string" ? wrongSecret(value, use, provider) : WRONG_TYPE;
    if (wrong === undefined) continue;
    problems.add([where, name], HIDDEN, wrong.message, { allowed: wrong.allowed });
  }
}

/** How a program gives a secret. */
function argumentOf(name: string): string {
  const known = looksLikeKeyMaterial(name) ? "NAME" : name;
  const key = /^[A-Za-z_]\w*$/.test(known) ? known : JSON.stringify(known);
  return `secrets: { ${key}: config.requireSecret(...) }; config.getSecret gives undefined where the stack has no such key`;
}

interface Wrong {
  readonly message: string;
  readonly allowed: string;
}

const WRONG_TYPE: Wrong = { message: "is not text", allowed: "one string under each name" };

function wrongSecret(value: string, use: SecretUse, provider: "secretbox" | "aescbc"): Wrong | undefined {
  switch (use) {
    case "sshKey":
      return wrongSshKey(value);
    case "encryptionKey":
      return wrongEncryptionKey(value, provider);
    case "accessKey":
      return /^[\x21-\x39\x3b-\x7e]+:[\x21-\x7e]+$/.test(value)
        ? undefined
        : {
            message: "is not an access key with its secret",
            allowed: "ACCESS_KEY_ID:SECRET_ACCESS_KEY on one line, without a newline",
          };
    case "login":
      return /^[\x21-\x39\x3b-\x7e][\x20-\x39\x3b-\x7e]*:[\x20-\x7e]+$/.test(value)
        ? undefined
        : {
            message: "is not a user with a password",
            allowed: "user:password on one line, without a newline",
          };
    case "token":
      return /^[\x21-\x7e]+$/.test(value)
        ? undefined
        : { message: "is not a token", allowed: "the token alone, without the word Bearer or a newline" };
    case "privateKey":
      return wrongSshKey(value);
    case "text":
      return value === "" ? { message: "is empty", allowed: "the secret's text" } : undefined;
    case "meshPassword":
      return wrongPassword(value, 255);
    case "bgpPassword":
      // TCP_MD5SIG_MAXKEYLEN (Linux include/uapi/linux/tcp.h); Calico's reference of BGP peers says the same.
      return wrongPassword(value, 80);
    case "certificate":
      return certificatesProblem(value);
  }
}

function wrongPassword(value: string, longest: number): Wrong | undefined {
  const allowed = `8 to ${longest} printable ASCII characters in one line`;
  if (value.length < 8) return { message: "is a password that is too short", allowed };
  if (value.length > longest) return { message: "is a password that is too long", allowed };
  // A line's end is what reading from a file leaves, and what no two nodes would see the same.
  return /^[\x20-\x7e]+$/.test(value)
    ? undefined
    : { message: "is a password with a newline or non-ASCII characters", allowed };
}

function wrongSshKey(value: string): Wrong | undefined {
  const allowed = "a private key in OpenSSH or PEM form without a passphrase, from its BEGIN to its END line";
  if (/^(ssh-|ecdsa-)/.test(value.trim()))
    return { message: "is a public key; SSH needs the private one", allowed };
  if (!isPrivateKey(value)) return { message: "is used as an SSH key but is not a private key", allowed };
  if (!/-----END [A-Z ]*PRIVATE KEY-----\s*$/.test(value))
    return { message: "is a truncated private key", allowed };
  if (/ENCRYPTED/.test(value)) return { message: "is a private key with a passphrase", allowed };
  return undefined;
}

/** Key lengths: Kubernetes documentation, "Encrypting Confidential Data at Rest" (secretbox 32 bytes, AES 16, 24 or 32). */
const KEY_BYTES: Record<"secretbox" | "aescbc", readonly number[]> = {
  secretbox: [32],
  aescbc: [16, 24, 32],
};

function wrongEncryptionKey(value: string, provider: "secretbox" | "aescbc"): Wrong | undefined {
  const lengths = KEY_BYTES[provider];
  const allowed = `${lengths.join(", ")} random bytes in base64 for ${provider}: head -c 32 /dev/urandom | base64`;
  const text = value.trim();
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  if (!isBase64) return { message: "is used as an encryption key but is not valid base64", allowed };
  const length = Buffer.from(text, "base64").length;
  return lengths.includes(length)
    ? undefined
    : { message: `is an encryption key of ${length} bytes`, allowed };
}

/** Finds secrets that were written among the settings, wherever they stand. */
export function validateNoSecretsInside(raw: unknown, problems: Problems, path: Path = []): void {
  if (problems.has(path) && path.length > 0) return;
  if (reportSecret(problems, path, raw)) return;
  if (typeof raw === "string") {
    if (hasPassword(raw)) {
      problems.add(path, HIDDEN, "holds a password; kubeadm:cluster must not contain secrets", {
        allowed: "the same URL without user and password",
      });
    }
    return;
  }
  if (raw === null || typeof raw !== "object") return;
  for (const [key, value] of Array.isArray(raw) ? raw.entries() : Object.entries(raw)) {
    validateNoSecretsInside(value, problems, [...path, key]);
  }
}
