import type { ComponentVersions, WindowsDownload, WindowsDownloadName } from "../settings/resolvedShared";

export type { WindowsDownload, WindowsDownloadName };

/** In the order of a node's setup. */
export const WINDOWS_DOWNLOADS = [
  "kubernetes",
  "containerd",
  "crictl",
  "cniPlugins",
  "flannel",
  "flannelCniPlugin",
] as const satisfies readonly WindowsDownloadName[];

export type WindowsChecksums = Readonly<Record<WindowsDownloadName, string>>;

/**
 * Host and path upstream. `kubernetes` is the archive of node binaries: kubeadm, kubelet, kube-proxy, kubectl and
 * kube-log-runner in one file, whose SHA-512 is in Kubernetes' CHANGELOG under "Node Binaries".
 */
const UPSTREAM: Record<
  WindowsDownloadName,
  { readonly version: keyof ComponentVersions; readonly at: (version: string) => string }
> = {
  kubernetes: {
    version: "kubernetes",
    at: (v) => `dl.k8s.io/v${v}/kubernetes-node-windows-amd64.tar.gz`,
  },
  // containerd release assets, with a .sha256sum file beside each.
  containerd: {
    version: "containerd",
    at: (v) =>
      `github.com/containerd/containerd/releases/download/v${v}/containerd-${v}-windows-amd64.tar.gz`,
  },
  crictl: {
    version: "crictl",
    at: (v) =>
      `github.com/kubernetes-sigs/cri-tools/releases/download/v${v}/crictl-v${v}-windows-amd64.tar.gz`,
  },
  // host-local.exe and win-overlay.exe are in it.
  cniPlugins: {
    version: "cniPlugins",
    at: (v) =>
      `github.com/containernetworking/plugins/releases/download/v${v}/cni-plugins-windows-amd64-v${v}.tgz`,
  },
  flannel: {
    version: "flannel",
    at: (v) => `github.com/flannel-io/flannel/releases/download/${v}/flanneld.exe`,
  },
  flannelCniPlugin: {
    version: "flannelCniPlugin",
    at: (v) =>
      `github.com/flannel-io/cni-plugin/releases/download/${v}/cni-plugin-flannel-windows-amd64-${v}.tgz`,
  },
};

/** The version of one file, from the versions of a cluster. */
export function windowsDownloadVersion(name: WindowsDownloadName, versions: ComponentVersions): string {
  return versions[UPSTREAM[name].version];
}

/** Every file a Windows node downloads, in the order of `WINDOWS_DOWNLOADS`. */
export function windowsDownloads(
  versions: ComponentVersions,
  checksums: WindowsChecksums,
  mirror?: string,
): WindowsDownload[] {
  const base = mirror === undefined ? "https://" : `${mirror.replace(/\/+$/, "")}/`;
  return WINDOWS_DOWNLOADS.map((name) => {
    const version = windowsDownloadVersion(name, versions);
    return { name, version, url: `${base}${UPSTREAM[name].at(version)}`, checksum: checksums[name] };
  });
}
