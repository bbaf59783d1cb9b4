/** Settings of every kubelet. */
export interface KubeletInput {
  /**
   * Keys of KubeletConfiguration, merged over the library's. `null` removes a key. Keys that other settings
   * determine, such as `clusterDNS` and `maxPods`, are not allowed.
   *
   * @defaultValue none
   */
  config?: Record<string, unknown>;
}

/** Settings of kube-proxy. */
export interface KubeProxyInput {
  /**
   * How kube-proxy implements Services. `ipvs` is not allowed: Kubernetes deprecated it in 1.35.
   *
   * @defaultValue `nftables`
   */
  mode?: "nftables" | "iptables";
  /**
   * Keys of KubeProxyConfiguration, merged over the library's. `null` removes a key.
   *
   * @defaultValue none
   */
  config?: Record<string, unknown>;
}

/** Settings of containerd. */
export interface ContainerdInput {
  /**
   * TOML that containerd reads after the library's configuration, merged key by key.
   *
   * @defaultValue none
   */
  dropIn?: string;
}

/** The HTTP proxy between the nodes and the internet. */
export interface ProxyInput {
  /**
   * Proxy for http. Downloads, containerd, the kubelet and the control plane use it.
   *
   * @defaultValue none
   */
  http?: string;
  /**
   * Proxy for https.
   *
   * @defaultValue none
   */
  https?: string;
  /**
   * Names, addresses and ranges that bypass the proxy. Those of the cluster always do.
   *
   * @defaultValue none
   */
  noProxy?: readonly string[];
  /**
   * Name in `kubeadm:secrets` of the proxy's login, `user:password`. Not available on AWS.
   *
   * @defaultValue none
   */
  credentials?: string;
}

/** Where hosts download binaries. */
export interface DownloadsInput {
  /**
   * Mirror of all downloads: hosts fetch `<mirror>/<upstream host>/<upstream path>`.
   *
   * @defaultValue upstream
   */
  mirror?: string;
  /**
   * SHA-256 checksums of versions that the library does not know.
   *
   * @defaultValue the library's
   */
  checksums?: ChecksumsInput;
  /**
   * Checksums of downloads of Windows nodes. Required with a pool of Windows nodes.
   *
   * @defaultValue none
   */
  windows?: WindowsChecksumsInput;
}

/** SHA-256 checksums of downloads. */
export interface ChecksumsInput {
  /** kubeadm of `kubernetesVersion`. */
  kubeadm?: ChecksumInput;
  /** kubelet of `kubernetesVersion`. */
  kubelet?: ChecksumInput;
  /** kubectl of `kubernetesVersion`. */
  kubectl?: ChecksumInput;
  /** Archive of `versions.containerd`. */
  containerd?: ChecksumInput;
  /** Binary of `versions.runc`. */
  runc?: ChecksumInput;
  /** Archive of `versions.cniPlugins`. */
  cniPlugins?: ChecksumInput;
  /** Archive of `versions.crictl`. */
  crictl?: ChecksumInput;
}

/** The SHA-256 checksum for each architecture in use: 64 lower-case hexadecimal digits. */
export interface ChecksumInput {
  /** Checksum of the file for amd64. */
  amd64?: string;
  /** Checksum of the file for arm64. */
  arm64?: string;
}

/** Checksums of Windows downloads: SHA-256 in 64, or SHA-512 in 128 lower-case hexadecimal digits. */
export interface WindowsChecksumsInput {
  /** Archive of the Windows node binaries of `kubernetesVersion`. */
  kubernetes?: string;
  /** Archive of `versions.containerd`. */
  containerd?: string;
  /** Archive of `versions.crictl`. */
  crictl?: string;
  /** Archive of `versions.cniPlugins`. */
  cniPlugins?: string;
  /** Binary of `versions.flannel`. */
  flannel?: string;
  /** Archive of `versions.flannelCniPlugin`. */
  flannelCniPlugin?: string;
}

/** Where nodes get container images. */
export interface ImagesInput {
  /**
   * Registry of kubeadm's images, pause and CoreDNS: a host, with an optional port and path, without scheme.
   *
   * @defaultValue `registry.k8s.io`
   */
  repository?: string;
  /**
   * Mirrors of each registry, by the registry's host or `_default`: URLs to try in order before the registry itself.
   *
   * @defaultValue none
   */
  mirrors?: Record<string, readonly string[]>;
  /**
   * How nodes log in to a registry or mirror, by its host.
   *
   * @defaultValue none
   */
  registries?: Record<string, RegistryInput>;
}

/** How nodes reach one registry or mirror. On AWS only `ca`, because user data contains no secrets. */
export interface RegistryInput {
  /**
   * Name in `kubeadm:secrets` of a login, `user:password`. Not available on AWS.
   *
   * @defaultValue none
   */
  credentials?: string;
  /**
   * Name in `kubeadm:secrets` of a bearer token, in place of a login. Not available on AWS.
   *
   * @defaultValue none
   */
  token?: string;
  /**
   * CA certificates of the registry, in PEM: the text, not a path.
   *
   * @defaultValue the host's CAs
   */
  ca?: string;
  /**
   * Client certificate of the nodes, in PEM.
   *
   * @defaultValue none
   */
  clientCertificate?: string;
  /**
   * Name in `kubeadm:secrets` of the private key of `clientCertificate`. Not available on AWS.
   *
   * @defaultValue none
   */
  clientKey?: string;
}

/** Versions of everything besides Kubernetes. pause, etcd and crictl follow the Kubernetes minor version. */
export interface VersionsInput {
  /**
   * Version of containerd, 2.0.0 or newer, below 3.0.0.
   *
   * @defaultValue `2.3.4`
   */
  containerd?: string;
  /**
   * Version of runc, 1.2.0 or newer, below 2.0.0.
   *
   * @defaultValue `1.4.3`
   */
  runc?: string;
  /**
   * Version of the CNI plugins in `/opt/cni/bin`, 1.0.0 or newer, below 2.0.0.
   *
   * @defaultValue `1.9.1`
   */
  cniPlugins?: string;
  /**
   * Version of crictl, for people and scripts on the host: 1.33.0 or newer, at most one minor version from
   * Kubernetes.
   *
   * @defaultValue by minor version: `1.36.0`
   */
  crictl?: string;
  /**
   * Tag of the pause image, 3.10 or newer.
   *
   * @defaultValue by minor version: `3.10.2`
   */
  pause?: string;
  /**
   * Tag of the etcd image, 3.5.24-0 or newer, below 3.8.0. If it is not set, upgrades use kubeadm's tag; a tag that
   * you set stays.
   *
   * @defaultValue by minor version: `3.6.8-0`
   */
  etcd?: string;
  /**
   * Tag of the CoreDNS image, v1.11.0 or newer, below v2.0.0.
   *
   * @defaultValue `v1.14.2`
   */
  coredns?: string;
  /**
   * Tag of the flannel image, v0.26.0 or newer, below v1.0.0.
   *
   * @defaultValue `v0.28.9`
   */
  flannel?: string;
  /**
   * Tag of flannel's CNI plugin, v1.5.0 or newer, below v2.0.0.
   *
   * @defaultValue `v1.9.1-flannel3`
   */
  flannelCniPlugin?: string;
}
