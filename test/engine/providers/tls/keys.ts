/** Private keys: making them, and the forms in which the provider hands them out (resource_private_key.go, common_key.go). */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import type { Values } from "../shared/values";
import { secret, textOf } from "../shared/values";
import { opensshPrivateKey, sshPublicBlob } from "./openssh";

const namedCurves: Record<string, string> = {
  P224: "secp224r1",
  P256: "prime256v1",
  P384: "secp384r1",
  P521: "secp521r1",
};

export function generateKey(inputs: Values): KeyObject {
  switch (textOf(inputs["algorithm"])) {
    case "RSA":
      return generateKeyPairSync("rsa", { modulusLength: Number(inputs["rsaBits"]) }).privateKey;
    case "ECDSA":
      return generateKeyPairSync("ec", { namedCurve: namedCurves[textOf(inputs["ecdsaCurve"])] ?? "" })
        .privateKey;
    case "ED25519":
      return generateKeyPairSync("ed25519").privateKey;
    default:
      throw new Error(`Key Algorithm "${textOf(inputs["algorithm"])}" is not supported`);
  }
}

/** Outputs of a PrivateKey. The marks are those of `Sensitive` in the schema. */
export function keyOutputs(key: KeyObject): Values {
  const publicKey = createPublicKey(key);
  const ssh = sshPublicBlob(publicKey);
  return {
    id: hashForState(publicKey.export({ type: "spki", format: "der" })),
    privateKeyPem: secret(privatePem(key)),
    privateKeyPemPkcs8: secret(pem(key, "pkcs8")),
    privateKeyOpenssh: secret(ssh ? opensshPrivateKey(key, ssh) : ""),
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    // golang.org/x/crypto/ssh does not know P-224: these stay empty.
    publicKeyOpenssh: ssh ? `${ssh.type} ${ssh.blob.toString("base64")}\n` : "",
    publicKeyFingerprintMd5: ssh
      ? createHash("md5")
          .update(ssh.blob)
          .digest("hex")
          .replace(/..(?!$)/g, "$&:")
      : "",
    publicKeyFingerprintSha256: ssh
      ? `SHA256:${createHash("sha256").update(ssh.blob).digest("base64").replace(/=+$/, "")}`
      : "",
  };
}

/** common.go, hashForState: SHA-1 in hexadecimal, white space at the end (of the DER!) left out. */
export function hashForState(der: Buffer): string {
  const text = der.toString("latin1").replace(/[\t\n\v\f\r ]+$/, "");
  return createHash("sha1").update(Buffer.from(text, "latin1")).digest("hex");
}

/** common_key.go, parsePrivateKeyPEM. */
export function parseKey(text: string): { key: KeyObject; algorithm: string } {
  if (!text.includes("-----BEGIN ")) {
    const fault = `failed to decode PEM block: decoded bytes 0, undecoded ${Buffer.byteLength(text)}`;
    throw new Error(`Failed to parse private key PEM: ${fault}`);
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (error) {
    throw new Error(`Failed to parse private key PEM: ${(error as Error).message}`);
  }
  const algorithm = { rsa: "RSA", ec: "ECDSA", ed25519: "ED25519" }[String(key.asymmetricKeyType)];
  if (algorithm === undefined) throw new Error(`unsupported private key type: ${key.asymmetricKeyType}`);
  return { key, algorithm };
}

function privatePem(key: KeyObject): string {
  if (key.asymmetricKeyType === "rsa") return pem(key, "pkcs1");
  return pem(key, key.asymmetricKeyType === "ec" ? "sec1" : "pkcs8");
}

function pem(key: KeyObject, type: "pkcs1" | "sec1" | "pkcs8"): string {
  return key.export({ type, format: "pem" }).toString();
}
