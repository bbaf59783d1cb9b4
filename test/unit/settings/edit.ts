import { type RawSettings, metalInput } from "../../support/settings";
import { newKey } from "../../support/sshKey";

/** A change of settings as written; given a fresh copy of environment `metal`'s. */
export type Change = (settings: RawSettings) => void;

type Tree = Record<string, unknown>;

/** Sets the value at a path like `machines.cp1.port`; undefined takes the key away. */
export function set(path: string, value: unknown): Change {
  return (settings) => {
    const parts = path.split(".");
    const last = parts.pop() ?? "";
    let node: Tree = settings;
    for (const part of parts) node = (node[part] ??= {}) as Tree;
    if (value === undefined) delete node[last];
    else node[last] = value;
  };
}

export function all(...changes: Change[]): Change {
  return (settings) => changes.forEach((change) => change(settings));
}

/** A SHA-256 of no file. */
export const HASH = "0123456789abcdef".repeat(4);

/** Checksums of Kubernetes' own files for one architecture. */
export function checksums(architecture: string): Change {
  const files = ["kubeadm", "kubelet", "kubectl"].map((file) => [file, { [architecture]: HASH }]);
  return set("downloads.checksums", Object.fromEntries(files));
}

/** A Kubernetes whose files have checksums in the settings. */
export function newer(version: string): Change {
  return all(set("kubernetesVersion", version), checksums("amd64"));
}

/** A public key in OpenSSH's form that is like no other. */
export function hostKey(): string {
  return newKey().public;
}

/** Adds a machine of its own addresses under `name`. */
export function machine(name: string, last: number, over: Tree = {}): Change {
  return set(`machines.${name}`, {
    role: "worker",
    host: `192.0.2.${last}`,
    nodeAddress: `10.40.0.${last}`,
    user: "ubuntu",
    hostKey: hostKey(),
    key: "operator",
    ...over,
  });
}

/** Moves every node's address, so that a case is about its ranges alone. */
export function moveNodes(network: string): Change {
  return (settings) => {
    const machines = settings.machines as Record<string, { nodeAddress?: string }>;
    for (const machine of Object.values(machines)) {
      machine.nodeAddress = machine.nodeAddress?.replace(/^\d+\.\d+\.\d+/, network);
    }
  };
}

export function edited(change: Change, base: () => RawSettings = metalInput): RawSettings {
  const settings = base();
  change(settings);
  return settings;
}
