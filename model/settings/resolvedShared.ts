import type { NodeTaintInput } from "./input/machines";
import type { VersionsInput } from "./input/nodes";

type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** What is written, with the keys that have a default. */
export type Filled<I, K extends keyof I> = Frozen<Omit<I, K> & Required<Pick<I, K>>>;

/** CPU architecture as Kubernetes and downloads name it (GOARCH). */
export type Architecture = "amd64" | "arm64";
/** Operating systems that node setup supports. `rhel-9` includes its rebuilds. */
export type OsFamily =
  "ubuntu-22.04" | "ubuntu-24.04" | "debian-12" | "debian-13" | "rhel-9" | "amazon-linux-2023";

/** Requests and limits of a pod, as Kubernetes quantities. */
export type PodResources = {
  /** Requests by `cpu` and `memory`. Undefined: none. */
  readonly requests?: Readonly<Record<string, string>>;
  /** Limits by `cpu` and `memory`. Undefined: none. */
  readonly limits?: Readonly<Record<string, string>>;
};

/** A taint, as in `spec.taints` of a Node. */
export type Taint = Readonly<NodeTaintInput>;

/** Versions as x.y.z; of images, their tags. pause, etcd and crictl follow the Kubernetes minor version by default. */
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
  /** URL of the file: upstream, or the mirror followed by upstream's host and path. */
  readonly url: string;
  /** SHA-256 in 64, or SHA-512 in 128 hexadecimal digits. */
  readonly checksum: string;
}
