import type { DownloadName, InstalledName } from "../settings/resolved";
import { script, type ScriptVariables } from "../core/script";

/** State of the library on a host. */
export const stateFolder = "/var/lib/pulumi-kubeadm";
/** One empty file for each unit that must be restarted: it outlives a setup that was cut off in between. */
export const pendingFolder = `${stateFolder}/pending`;
/** One line for each file that setup put on the host: what cleanup removes, and what a later setup no longer wants. */
export const filesList = `${stateFolder}/files`;
/** Files of others that setup replaced, by their paths. */
export const keptFolder = `${stateFolder}/kept`;
/** Folders and units that were there before the first setup, one a line. */
export const foundFile = `${stateFolder}/found`;
/** Filters of others that were turned off for ours, one a line. */
const turnedOff = `${stateFolder}/filters-off`;
/** Downloads, unpacked, one folder for each version. */
export const installRoot = "/opt/pulumi-kubeadm";
/** Configuration of the library's own units. */
export const configFolder = "/etc/pulumi-kubeadm";
/** Links to the binaries in use. */
export const linkFolder = "/usr/local/bin";
/** Where the runtime looks for CNI plugins (containerd `bin_dirs`, and what every CNI's installer writes to). */
export const cniBinFolder = "/opt/cni/bin";

/** Keeps the library's block in /etc/hosts. */
export const hostsScript = `${installRoot}/bin/hosts-block`;

/** Where units lie that an administrator, or this library, adds. */
export const unitFolder = "/etc/systemd/system";
/** Jobs of the host program run in it: the name is the lock, one at a time on a host. */
export const jobUnit = "pulumi-kubeadm-job";
export const containerdUnit = "containerd.service";
export const kubeletUnit = "kubelet.service";
export const apiProxyUnit = "pulumi-kubeadm-api-proxy.service";
export const firewallUnit = "pulumi-kubeadm-firewall.service";

/** Its presence says that the host is a node of a cluster (kubeadm writes it at the end of kubelet-start). */
export const kubeletConfigFile = "/etc/kubernetes/kubelet.conf";

/** The table of nftables that is the library's own. */
export const firewallTable = "inet pulumi-kubeadm";

/** Variables of scripts: what a file names in its head, it gets. */
const shared: ScriptVariables = {
  state_folder: stateFolder,
  pending_folder: pendingFolder,
  files_list: filesList,
  kept_folder: keptFolder,
  found_file: foundFile,
  turned_off: turnedOff,
  install_root: installRoot,
  config_folder: configFolder,
  link_folder: linkFolder,
  cni_bin_folder: cniBinFolder,
  member_file: kubeletConfigFile,
  hosts_script: hostsScript,
  containerd_unit: containerdUnit,
  kubelet_unit: kubeletUnit,
  api_proxy_unit: apiProxyUnit,
  firewall_unit: firewallUnit,
  firewall_table: firewallTable,
};

/** A file of `model/node/scripts`, with the library's paths on a host. */
export function nodeScript(name: string, variables?: ScriptVariables): string {
  return script(`node/scripts/${name}.sh`, variables, shared);
}

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
