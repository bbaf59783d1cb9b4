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
export interface Taint {
  /** Label name, with or without a prefix. */
  readonly key: string;
  /** undefined: the taint has none. */
  readonly value?: string;
  /** `NoExecute` ends pods that run already, the others speak of new ones. */
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** Versions as x.y.z, those of images as tags. pause, etcd and crictl follow the Kubernetes minor where none is written. */
export interface ComponentVersions {
  /** The same as `kubernetesVersion`. */
  readonly kubernetes: string;
  /** 2.x. */
  readonly containerd: string;
  /** 1.2 or newer. */
  readonly runc: string;
  /** Of containernetworking/plugins, under /opt/cni/bin. */
  readonly cniPlugins: string;
  /** Of cri-tools; one minor from Kubernetes at most. */
  readonly crictl: string;
  /** Image tags. */
  readonly pause: string;
  /** Tag as `3.6.8-0`; written out, it stays at kubeadm's upgrades. */
  readonly etcd: string;
  /** Tag as `v1.14.2`. */
  readonly coredns: string;
  /** Tag as `v0.28.9`. */
  readonly flannel: string;
  /** Tag as `v1.9.1-flannel3`. */
  readonly flannelCniPlugin: string;
}

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
