import type { NodeTaintInput } from "./input/machines";
import type { VersionsInput } from "./input/nodes";

type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** What is written, with the keys that have a default. */
export type Filled<I, K extends keyof I> = Frozen<Omit<I, K> & Required<Pick<I, K>>>;

/** As Kubernetes and downloads name it (GOARCH). */
export type Architecture = "amd64" | "arm64";
/** Families that node setup knows; `rhel-9` stands for its rebuilds too. */
export type OsFamily =
  "ubuntu-22.04" | "ubuntu-24.04" | "debian-12" | "debian-13" | "rhel-9" | "amazon-linux-2023";

/** What a pod asks for and may use at most, as Kubernetes quantities. */
export type PodResources = {
  /** By `cpu` and `memory`; undefined: none. */
  readonly requests?: Readonly<Record<string, string>>;
  /** By `cpu` and `memory`; undefined: none. */
  readonly limits?: Readonly<Record<string, string>>;
};

/** As a Node has it in `spec.taints`. */
export type Taint = Readonly<NodeTaintInput>;

/** Versions as x.y.z, those of images as tags. pause, etcd and crictl follow the Kubernetes minor where none is written. */
export type ComponentVersions = Filled<VersionsInput, keyof VersionsInput> & {
  /** The same as `kubernetesVersion`. */
  readonly kubernetes: string;
};

/** Files that a Windows node downloads; the keys of `downloads.windows`. */
export type WindowsDownloadName =
  "kubernetes" | "containerd" | "crictl" | "cniPlugins" | "flannel" | "flannelCniPlugin";

export interface WindowsDownload {
  readonly name: WindowsDownloadName;
  readonly version: string;
  /** Where the file is fetched from: upstream, or the mirror followed by upstream's host and path. */
  readonly url: string;
  /** SHA-256 in 64, or SHA-512 in 128 hexadecimal digits. */
  readonly checksum: string;
}
