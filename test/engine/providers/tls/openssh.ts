/**
 * OpenSSH's forms of keys, as golang.org/x/crypto/ssh writes them: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709
 * section 4, and for private keys openssh's PROTOCOL.key. Node and ssh2 read these but write neither of a given key.
 */
import { randomBytes, type JsonWebKey, type KeyObject } from "node:crypto";

export interface SshPublicKey {
  readonly type: string;
  readonly blob: Buffer;
}

/** undefined: a key that SSH has no form of (P-224). */
export function sshPublicBlob(key: KeyObject): SshPublicKey | undefined {
  if (key.asymmetricKeyDetails?.namedCurve === "secp224r1") return undefined;
  const jwk = key.export({ format: "jwk" });
  const { type, fields } = publicFields(jwk);
  return { type, blob: Buffer.concat([text(type), ...fields]) };
}

/** PEM of an unencrypted key without a comment. */
export function opensshPrivateKey(key: KeyObject, publicKey: SshPublicKey): string {
  const check = randomBytes(4);
  const secretPart = Buffer.concat([check, check, text(publicKey.type), ...privateFields(key), text("")]);
  const padding = Buffer.from(
    Array.from({ length: (8 - (secretPart.length % 8)) % 8 }, (_, index) => index + 1),
  );
  const one = Buffer.alloc(4);
  one.writeUInt32BE(1);
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    text("none"),
    text("none"),
    text(""),
    one,
    bytes(publicKey.blob),
    bytes(Buffer.concat([secretPart, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join(
    "\n",
  );
}

function publicFields(jwk: JsonWebKey): { type: string; fields: Buffer[] } {
  if (jwk.kty === "RSA") return { type: "ssh-rsa", fields: [integer(jwk.e), integer(jwk.n)] };
  if (jwk.kty === "OKP") return { type: "ssh-ed25519", fields: [bytes(raw(jwk.x))] };
  const curve = `nistp${String(jwk.crv).replace("P-", "")}`;
  return { type: `ecdsa-sha2-${curve}`, fields: [text(curve), bytes(point(jwk))] };
}

function privateFields(key: KeyObject): Buffer[] {
  const jwk = key.export({ format: "jwk" });
  if (jwk.kty === "RSA") return [jwk.n, jwk.e, jwk.d, jwk.qi, jwk.p, jwk.q].map(integer);
  const { fields } = publicFields(jwk);
  if (jwk.kty === "OKP") return [...fields, bytes(Buffer.concat([raw(jwk.d), raw(jwk.x)]))];
  return [...fields, integer(jwk.d)];
}

/** Uncompressed point of a key on a NIST curve, SEC 1 section 2.3.3. */
export function point(jwk: JsonWebKey): Buffer {
  return Buffer.concat([Buffer.from([4]), raw(jwk.x), raw(jwk.y)]);
}

function raw(value: string | undefined): Buffer {
  return Buffer.from(value ?? "", "base64url");
}

function integer(value: string | undefined): Buffer {
  let digits = raw(value);
  while (digits.length > 1 && digits[0] === 0) digits = digits.subarray(1);
  return bytes((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

function text(value: string): Buffer {
  return bytes(Buffer.from(value));
}

function bytes(value: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([length, value]);
}
