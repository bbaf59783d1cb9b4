/**
 * Where a cluster's secrets must not stand: user data, consoles, command lines and environments of processes, journals and log
 * files of every instance, and what the engine said and wrote. Private keys are looked for by a line of their private part.
 */
import { createPrivateKey } from "node:crypto";
import * as fs from "node:fs";
import { readAccount } from "../../engine/providers/aws/account";
import { text } from "../../engine/providers/aws/scope";
import { objectsOf } from "./account";
import type { SimulatedRegion } from "./simulation";

/** Secrets by name, each as a piece that occurs nowhere else. */
export type Secrets = Readonly<Record<string, string>>;

const KEY_FILES = ["ca.key", "etcd/ca.key", "front-proxy-ca.key", "sa.key"].map(
  (name) => `/etc/kubernetes/pki/${name}`,
);
const ENCRYPTION = "/etc/kubernetes/pulumi-kubeadm/apiserver/encryption.yaml";

/**
 * A line of a private key that has bytes of its private part alone, or of what else is given. RSA's modulus comes first and stands in
 * public documents as well, in which a line of it may be found; the private part of an elliptic key stands in its first line.
 */
function pieceOf(content: string): string {
  const [key] =
    /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\n[^-]+\n-----END (?:[A-Z]+ )?PRIVATE KEY-----/.exec(content) ??
    [];
  const lines = (key ?? content).split("\n").filter((line) => line !== "" && !line.startsWith("-----"));
  if (key === undefined) return (lines[1] ?? lines[0] ?? "").trim();
  // Node reads no keys in OpenSSH's own form, in which the private part comes last.
  const first = !key.includes("OPENSSH") && createPrivateKey(key).asymmetricKeyType !== "rsa";
  return (first ? lines[0] : lines.at(-2)) ?? "";
}

/** The secrets that a cluster has on its control-plane node, and those of the account. */
export async function secretsOf(region: SimulatedRegion, controlPlane: string): Promise<Secrets> {
  const read = async (file: string): Promise<string> =>
    (await region.lab.exec(controlPlane, ["cat", file])).stdout;
  const found: Record<string, string> = {};
  for (const file of KEY_FILES) found[file] = pieceOf(await read(file));
  found["encryption key"] = /secret: (\S+)/.exec(await read(ENCRYPTION))?.[1] ?? "";
  const account = readAccount(region.accountFile);
  for (const one of Object.values(objectsOf(account, "secretsmanager.SecretVersion")))
    found[`secret ${text(one["secretId"])}`] = pieceOf(text(one["secretString"]));
  for (const [name, one] of Object.entries(objectsOf(account, "ssm.Parameter"))) {
    const key = /client-key-data: (\S+)/.exec(text(one["value"]))?.[1];
    if (key !== undefined) found[`parameter ${name}`] = pieceOf(Buffer.from(key, "base64").toString());
  }
  const empty = Object.entries(found).filter(([, piece]) => piece.length < 20);
  if (empty.length > 0) throw new Error(`nothing to look for: ${empty.map(([name]) => name).join(", ")}`);
  return found;
}

/** What a host shows without being asked for a file of secrets. */
const SHOWN = [
  "cat /var/lib/cloud/instance/user-data.txt /var/lib/cloud/instance/user-data.txt.i",
  "zcat -f /var/lib/cloud/instance/user-data.txt",
  "journalctl --no-pager -o cat",
  "find /var/log -type f -not -path '*/journal/*' -exec cat {} +",
  "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ",
];

/** `place: secret` for each secret that stands where it must not. */
export async function searchHosts(region: SimulatedRegion, secrets: Secrets): Promise<string[]> {
  const found: string[] = [];
  const look = (place: string, content: string): void => {
    for (const [name, piece] of Object.entries(secrets))
      if (content.includes(piece)) found.push(`${place}: ${name}`);
  };
  for (const host of region.lab.hosts()) {
    for (const command of SHOWN) {
      const { stdout } = await region.lab.exec(
        host.name,
        ["bash", "-c", `${command} 2>/dev/null | tr '\\0' '\\n'`],
        {
          allowFailure: true,
        },
      );
      look(`${host.name}: ${command}`, stdout);
    }
    const console = host.process?.log;
    if (console !== undefined) look(`${host.name}: console`, fs.readFileSync(console, "utf8"));
  }
  return found;
}
