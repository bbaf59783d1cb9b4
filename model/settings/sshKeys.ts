/** Key types a host may have (ssh2's list of server host key algorithms, DSA left out as OpenSSH 9.8 does). */
export const HOST_KEY_TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
] as const;

/** Why `line` is not a host key as it is in known_hosts after the host's name, or undefined. */
export function hostKeyProblem(line: string): string | undefined {
  const parts = line.trim().split(/\s+/);
  const [type = "", blob] = parts;
  if (/^(SHA256|MD5):/.test(type)) return "is a fingerprint; the whole public key is needed";
  if (!isKeyType(type)) {
    const later = parts.slice(1).some(isKeyType);
    if (later) return "starts with a host name; give the key type and the key only";
    return "does not start with a key type";
  }
  if (blob === undefined) return "has no key after its type";
  if (innerType(blob) !== type) return "contains a key that is truncated or of another type";
  return undefined;
}

/** Keys on a security token, which people have and hosts do not (OpenSSH, PROTOCOL.u2f). */
const TOKEN_KEY_TYPES = ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"] as const;

/** Why `line` is not a valid public key as it is in a `.pub` file, or undefined. */
export function publicKeyProblem(line: string): string | undefined {
  const [type = "", blob] = line.trim().split(/\s+/);
  if (/[\r\n]/.test(line.trim())) return "has more than one line";
  if (!TOKEN_KEY_TYPES.some((known) => known === type)) {
    const problem = hostKeyProblem(line);
    return problem === "starts with a host name; give the key type and the key only"
      ? "does not start with the key type"
      : problem;
  }
  if (blob === undefined) return "has no key after its type";
  return innerType(blob) === type ? undefined : "contains a key that is truncated or of another type";
}

/** Type and key without the comment. */
export function bareHostKey(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(" ");
}

function isKeyType(word: string): boolean {
  return HOST_KEY_TYPES.some((type) => type === word);
}

/** RFC 4253, 6.6: a public key is base64 of length-prefixed fields, the first being the type. */
function innerType(blob: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(blob)) return undefined;
  const bytes = Buffer.from(blob, "base64");
  const fields: Buffer[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (offset + 4 > bytes.length) return undefined;
    const length = bytes.readUInt32BE(offset);
    if (offset + 4 + length > bytes.length) return undefined;
    fields.push(bytes.subarray(offset + 4, offset + 4 + length));
    offset += 4 + length;
  }
  return fields.length >= 2 ? fields[0]?.toString("ascii") : undefined;
}
