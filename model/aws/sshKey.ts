import { utils } from "ssh2";

/**
 * The public half of a private key, as EC2 takes it: `ssh-ed25519 AAAA...`.
 * @throws TypeError when it is not a private key that can be read; the message does not quote it
 */
export function publicKeyOf(privateKey: string): string {
  const parsed = utils.parseKey(privateKey);
  if (parsed instanceof Error || Array.isArray(parsed))
    throw new TypeError("the SSH key of the settings is not a private key that can be read");
  return `${parsed.type} ${parsed.getPublicSSH().toString("base64")}`;
}
