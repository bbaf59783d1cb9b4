import { createHash, type BinaryToTextEncoding } from "node:crypto";

/** SHA-256 of bytes, or of text in UTF-8. */
export function sha256(content: string | Uint8Array, encoding: BinaryToTextEncoding = "hex"): string {
  return createHash("sha256").update(content).digest(encoding);
}
