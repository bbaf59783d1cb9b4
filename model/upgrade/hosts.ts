/** What an upgrade needs of each host: room for what is put there, and images that can be pulled. */
import { script } from "../core/script";
import { prelude } from "../node/shell";
import type { Blocker } from "./blocker";

const MIB = 1024;
/** Room for kubeadm, kubelet and kubectl: 190 MiB in v1.36.4 for amd64. */
const BINARIES = { folder: "/opt/pulumi-kubeadm", kib: 250 * MIB };
/** Room for one image of the control plane, packed and unpacked; the largest of v1.36.4, kube-apiserver's, takes about 130 MiB. */
const IMAGES = { folder: "/var/lib/containerd", kib: 150 * MIB };
/** kubeadm copies etcd here before it changes a control-plane node. */
const COPIES = "/etc/kubernetes";
/** Seconds that one image may take. */
const PULL_WITHIN = 600;

/** What a host says of itself. */
export interface HostLook {
  readonly disks: readonly { readonly folder: string; readonly mount: string; readonly freeKib: number }[];
  readonly etcdKib: number;
  /** Images that are not there yet. */
  readonly missing: readonly string[];
}

export function hostLookScript(images: readonly string[]): string {
  const folders = [BINARIES.folder, IMAGES.folder, COPIES];
  return `${prelude()}${script("upgrade/scripts/host.sh", { images, folders })}`;
}

export function readHostLook(output: string): HostLook {
  const lines = output.split("\n");
  const after = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`##${word} `)).map((line) => line.slice(word.length + 3));
  return {
    disks: after("disk").map((line) => {
      const [folder = "", mount = "", free = "0"] = line.split(" ");
      return { folder, mount, freeKib: Number(free) };
    }),
    etcdKib: Number(after("etcd")[0] ?? 0),
    missing: after("missing"),
  };
}

/** Folders of one mount share its room. */
export function diskBlockers(machine: string, { disks, etcdKib, missing }: HostLook): Blocker[] {
  const needs = new Map([
    [BINARIES.folder, BINARIES.kib],
    [IMAGES.folder, missing.length * IMAGES.kib],
    // A fifth more, as the copy itself asks for.
    [COPIES, Math.ceil(etcdKib * 1.2)],
  ]);
  const mounts = new Map<string, { free: number; needed: number; folders: string[] }>();
  for (const { folder, mount, freeKib } of disks) {
    const needed = needs.get(folder) ?? 0;
    const known = mounts.get(mount) ?? { free: freeKib, needed: 0, folders: [] };
    mounts.set(mount, {
      free: freeKib,
      needed: known.needed + needed,
      folders: needed === 0 ? known.folders : [...known.folders, folder],
    });
  }
  return [...mounts].flatMap(([mount, { free, needed, folders }]): Blocker[] => {
    if (free >= needed) return [];
    const mib = (kib: number): string => `${Math.ceil(kib / MIB)} MiB`;
    return [
      {
        id: `disk/${machine}`,
        what: `has ${Math.floor(free / MIB)} MiB free on ${mount}, and ${folders.join(", ")} ${folders.length === 1 ? "needs" : "need"} ${mib(needed)} for binaries, images and a copy of etcd`,
        cure: `free ${mib(needed - free)} there`,
      },
    ];
  });
}

export function pullScript(images: readonly string[]): string {
  return `${prelude()}${script("upgrade/scripts/pull.sh", { images, pull_within: PULL_WITHIN })}`;
}

/** A registry that asks for a login. The kubelet may have one that this pull has not. */
const LOGIN = /authoriz|authent|credential|denied|\b40[13]\b/i;

/** @param outputs by machine */
export function imageBlockers(outputs: ReadonlyMap<string, string>): Blocker[] {
  const found = new Map<string, { readonly machines: string[]; readonly said: string }>();
  for (const [machine, output] of outputs)
    for (const [, image = "", said = ""] of output.matchAll(/^##refused (\S+) ?(.*)$/gm)) {
      const known = found.get(image);
      if (known === undefined) found.set(image, { machines: [machine], said });
      else known.machines.push(machine);
    }
  return [...found].map(([image, { machines, said }]) => ({
    id: `image/${image}`,
    what: `cannot be pulled on ${machines.join(", ")}${said === "" ? "" : `: ${said}`}`,
    cure: "put it where images.repository and images.mirrors lead; another mirror has to be set up by an up before this one",
    ...(LOGIN.test(said) ? { isWarning: true } : {}),
  }));
}
