import { hosts } from "../../settings/effect";
import type { AnyInput } from "../../settings/schema/cluster";
import type { Resolved } from "../../settings/resolved";
import type { BackupTarget } from "./settings";
import { validateBackup } from "./validate";

/** What advice needs of a machine. */
interface Advised {
  readonly machines: readonly {
    readonly name: string;
    readonly ssh: { readonly host: string };
    readonly nodeAddress: string;
  }[];
}

function advise(target: BackupTarget, { machines }: Advised): string[] {
  if (target.kind === "folder")
    return [
      `etcd.backup.target.path ${target.path} is lost with the control-plane node that took the snapshot, unless it is a mount of another machine; kind ssh or s3 is not`,
    ];
  if (target.kind !== "ssh") return [];
  const same = machines.find(({ ssh, nodeAddress }) => [ssh.host, nodeAddress].includes(target.host));
  return same === undefined
    ? []
    : [`etcd.backup.target.host is ${same.name}, a machine of the cluster: its snapshots are lost with it`];
}

/** Snapshots of etcd: everything that the settings know of them. */
export const backup = {
  effects: [
    hosts(
      ["etcd.restore"],
      ["node everywhere"],
      "before that, all control-plane nodes stop and the cluster is put back to the snapshot, once: what was changed since is lost; their pods restart, and every kubelet. On AWS pools keep their instances, but for those that joined since, which are replaced. Removing it afterwards does nothing",
    ),
    hosts(
      ["etcd.backup.schedule", "etcd.backup.keep"],
      ["node controlPlane"],
      "the timer of backups; nothing restarts",
    ),
    hosts(
      ["etcd.backup.target.**"],
      ["setup controlPlane", "node controlPlane"],
      "the next snapshot goes there; those at the former target stay, and nobody removes them any more",
    ),
  ],
  validate: validateBackup,
  advise: ({ etcd, machines }: Pick<Resolved, "etcd" | "machines">): string[] =>
    etcd.backup === undefined ? [] : advise(etcd.backup.target, { machines }),
  secrets: ({ etcd }: AnyInput) => {
    const target = etcd?.backup?.target;
    const path = ["etcd", "backup", "target"];
    if (target?.kind === "ssh") return [{ path: [...path, "key"], name: target.key, use: "sshKey" as const }];
    if (target?.kind !== "s3" || target.credentials === undefined) return [];
    return [{ path: [...path, "credentials"], name: target.credentials, use: "accessKey" as const }];
  },
};
