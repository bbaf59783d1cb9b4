import * as crypto from "node:crypto";
import { drawBytes } from "./seed";

export interface KeyPair {
  readonly private: string;
  readonly public: string;
}

/**
 * A key pair as ssh-keygen writes it: openssh-key-v1 (OpenSSH, PROTOCOL.key). Not by ssh2's own generator, which drops a leading
 * zero byte and cannot read about one in 200 of its own keys (1.17), and takes no seed.
 */
export function newKey(type: "ed25519" | "ecdsa" = "ed25519"): KeyPair {
  const { blob, secret } = type === "ed25519" ? ed25519() : ecdsa();
  const check = drawBytes(4);
  const body = Buffer.concat([check, check, secret, text("")]);
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, index) => index + 1));
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    ...[text("none"), text("none"), text("")],
    Buffer.from([0, 0, 0, 1]),
    text(blob),
    text(Buffer.concat([body, padding])),
  ]);
  const lines = file.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    private: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`,
    public: `${type === "ed25519" ? "ssh-ed25519" : "ecdsa-sha2-nistp256"} ${blob.toString("base64")}`,
  };
}

interface Parts {
  readonly blob: Buffer;
  readonly secret: Buffer;
}

function ed25519(): Parts {
  const seed = drawBytes(32);
  // RFC 8410: a private key of Ed25519 in PKCS #8 is this header and 32 bytes; a public key in SPKI ends in its 32 bytes.
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const key = crypto.createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const point = crypto.createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
  const blob = Buffer.concat([text("ssh-ed25519"), text(point)]);
  return { blob, secret: Buffer.concat([blob, text(Buffer.concat([seed, point]))]) };
}

function ecdsa(): Parts {
  const curve = crypto.createECDH("prime256v1");
  const number = drawBytes(32);
  // Below the order of the curve, whose first four bytes are ff, and above zero.
  number[0] &= 0x7f;
  curve.setPrivateKey(number);
  const blob = Buffer.concat([text("ecdsa-sha2-nistp256"), text("nistp256"), text(curve.getPublicKey())]);
  return {
    blob,
    secret: Buffer.concat([blob, text(number.subarray(number.findIndex((byte) => byte !== 0)))]),
  };
}

/** A string of SSH's wire format (RFC 4251): its length and its bytes. */
function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
