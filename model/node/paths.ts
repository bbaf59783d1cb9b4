import type { DownloadName, InstalledName } from "../settings/resolved";

/** State of the library on a host. */
export const stateFolder = "/var/lib/pulumi-kubeadm";
/** One empty file for each unit that must be restarted: it outlives a setup that was cut off in between. */
export const pendingFolder = `${stateFolder}/pending`;
/** One line for each file that setup put on the host: what cleanup removes, and what a later setup no longer wants. */
export const filesList = `${stateFolder}/files`;
/** Downloads, unpacked, one folder for each version. */
export const installRoot = "/opt/pulumi-kubeadm";
/** Configuration of the library's own units. */
export const configFolder = "/etc/pulumi-kubeadm";
/** Links to the binaries in use. */
export const linkFolder = "/usr/local/bin";
/** Where the runtime looks for CNI plugins (containerd `bin_dirs`, and what every CNI's installer writes to). */
export const cniBinFolder = "/opt/cni/bin";

export const apiProxyUnit = "pulumi-kubeadm-api-proxy.service";
export const firewallUnit = "pulumi-kubeadm-firewall.service";

/** Its presence says that the host is a node of a cluster (kubeadm writes it at the end of kubelet-start). */
export const kubeletConfigFile = "/etc/kubernetes/kubelet.conf";

interface Component {
  /** Folder under `installRoot`. */
  readonly folder: string;
  /** A `binary` is the file itself; archives have their files at their root or below `bin/`. */
  readonly kind: "binary" | "archive" | "archiveWithBin";
  /** Linked into `linkFolder` by every setup. */
  readonly links: readonly string[];
  /** Linked only while the host is not a node: a node's are switched by its node step, node by node. */
  readonly nodeLinks?: readonly string[];
  /** Units that run what is linked. */
  readonly units: readonly string[];
}

/** What upstream's release files hold (looked into: the archives of the versions in the table of versions). */
export const components: Readonly<Record<InstalledName, Component>> = {
  containerd: {
    folder: "containerd",
    kind: "archiveWithBin",
    links: ["containerd", "containerd-shim-runc-v2", "ctr"],
    units: ["containerd.service"],
  },
  // containerd starts runc anew for each container.
  runc: { folder: "runc", kind: "binary", links: ["runc"], units: [] },
  cniPlugins: { folder: "cni-plugins", kind: "archive", links: [], units: [] },
  crictl: { folder: "crictl", kind: "archive", links: ["crictl"], units: [] },
  kubeadm: { folder: "kubeadm", kind: "binary", links: [], nodeLinks: ["kubeadm"], units: [] },
  kubelet: { folder: "kubelet", kind: "binary", links: [], nodeLinks: ["kubelet"], units: [] },
  ecrCredentialProvider: { folder: "ecr-credential-provider", kind: "binary", links: [], units: [] },
  kubectl: { folder: "kubectl", kind: "binary", links: [], nodeLinks: ["kubectl"], units: [] },
};

/** Folder of one version of a component, as setup unpacks it. */
function versionFolder(name: DownloadName, version: string): string {
  return `${installRoot}/${components[name].folder}/${version}`;
}

/**
 * Path of a component's binary, or of another file of its. They lie in a folder named `bin`, because SELinux' policy
 * of the RHEL family labels `/opt/.../bin/` as programs (`bin_t`) and nothing else below /opt.
 */
export function binaryPath(
  name: DownloadName,
  version: string,
  file: string = components[name].folder,
): string {
  return `${versionFolder(name, version)}/bin/${file}`;
}
