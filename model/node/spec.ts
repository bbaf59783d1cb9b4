/** What a host is set up and looked at from. A setting that is not named here changes no host. */
import type { Flow, PortRange, Source } from "../network/flow";
import type { CniKernelModule } from "../cni/domain";
import type { ClusterMachine } from "../machine";
import type {
  Architecture,
  Download,
  KubeProxyMode,
  OsFamily,
  ProxySettings,
  RegistrySettings,
} from "../settings/resolved";

/** A machine as its own setup knows it. */
export interface SetupMachine extends ClusterMachine {
  /** Interface that carries `nodeAddress`; undefined: found on the host by the address. */
  readonly nodeInterface?: string;
  readonly architecture: Architecture;
  /** undefined: read from /etc/os-release on the host. */
  readonly os?: OsFamily;
}

/** What the pod network means for its hosts. */
export interface HostCni {
  readonly kernelModules: readonly CniKernelModule[];
  /** As nftables names them: those of the node's own pods, and those over which other nodes' pods come. */
  readonly interfaces: { readonly pods: readonly string[]; readonly overlay: readonly string[] };
  /** Bash patterns of `ip route` for routes that it writes itself. */
  readonly routes: readonly string[];
  /** A node's slice is routed to the node's own address. */
  readonly routesSlicesToNodes: boolean;
  /** Interfaces that NetworkManager leaves alone. */
  readonly unmanaged: readonly string[];
}

/** What is looked at before a host is changed. */
export interface HostCheckSpec {
  /** x.y.z. */
  readonly kubernetesVersion: string;
  /** Checks to ignore. */
  readonly ignorePreflightErrors: readonly string[];
  /** Made from an image a moment ago: nobody used it before. */
  readonly fresh: boolean;
  readonly network: {
    readonly podCidr: string;
    readonly serviceCidr: string;
    readonly nodeCidrMaskSize: number;
    /** Bytes; undefined: whatever the interface has. */
    readonly mtu?: number;
  };
  readonly cni: HostCni;
  /** The kubelet refuses cgroup v1; undefined: as its version does. */
  readonly failCgroupV1?: boolean;
}

/** What is looked at on all machines before any of them is changed. */
export interface PreflightCheckSpec extends HostCheckSpec {
  /** The file of name servers that the kubelet hands to CoreDNS; "": CoreDNS asks others; undefined: kubeadm looks for it. */
  readonly resolvConf?: string;
}

/** A machine as the look at all of them knows it. */
export interface CheckedMachine extends SetupMachine {
  /** Where nginx listens for the API on it; undefined: it does not run there. */
  readonly apiProxyPort?: number;
}

/** What other packet filters must let through. */
export interface PacketFilterSpec {
  /** The hosts have a firewall of the cluster's own, which takes the place of firewalld and ufw. */
  readonly ownFirewall: boolean;
  /** kube-proxy or the CNI puts its own rules before the policy of FORWARD. */
  readonly byIptables: boolean;
  /** SSH and the operators' own rules are not among them. */
  readonly flows: readonly Flow[];
}

/** The kubelet's configuration where the host has to match it. */
export interface HostKubelet {
  readonly failSwapOn: boolean;
  readonly systemdCgroup: boolean;
  /** Seconds that a shutdown may take; 0: pods are not waited for. */
  readonly shutdownGrace: number;
}

/** A program that the kubelet asks for logins of registries (kubernetes.io, "Configure a kubelet image credential provider"). */
export interface CredentialProvider {
  readonly download: Download;
  /** Images it is asked for, as the kubelet matches them. */
  readonly matchImages: readonly string[];
}

/** nginx in front of the API servers, on this machine. */
export interface ApiProxySpec {
  readonly address: string;
  readonly port: number;
  /** On a machine that does nothing else. */
  readonly dedicated: boolean;
  readonly servers: readonly { readonly name: string; readonly address: string }[];
}

/** What the hosts' own firewall lets in; one object for all machines of a role. */
export interface FirewallSpec {
  /** Flows that end at the machine. SSH's have no ports: the host alone knows where its server listens. */
  readonly flows: readonly Flow[];
  /** IPv4 and IPv6 ranges of those who have no address among the machines. */
  readonly ranges: Readonly<Partial<Record<Source, readonly string[]>>>;
  /** Addresses of machines by what they are, in the short form of `shortAddresses`. */
  readonly machines: Readonly<Record<"node" | "controlPlane" | "loadBalancer", readonly string[]>>;
}

/** What makes a bare host ready for kubeadm. */
export interface NodeSetupSpec extends HostCheckSpec {
  readonly machine: SetupMachine;
  readonly nodePorts: PortRange;
  readonly kubeProxyMode: KubeProxyMode;
  readonly kubelet: HostKubelet;
  /** With its tag. */
  readonly sandboxImage: string;
  readonly images: {
    /** Registry host to mirror URLs, tried in order. */
    readonly mirrors: Readonly<Record<string, readonly string[]>>;
    /** By `host` or `host:port`; undefined: none. */
    readonly registries?: Readonly<Record<string, RegistrySettings>>;
  };
  /** undefined: hosts go direct. */
  readonly proxy?: ProxySettings;
  /** TOML read after the library's; undefined: none. */
  readonly containerdDropIn?: string;
  readonly downloads: readonly Download[];
  /** Control-plane nodes: what comes before the host and path of a file that a later step downloads. */
  readonly downloadsFrom?: string;
  /** Logs the kubelet in to registries; undefined: nothing does. Its download is among them. */
  readonly credentialProvider?: CredentialProvider;
  /** Commands that only some machines need; undefined: none. */
  readonly commands?: readonly ("python3" | "sftp")[];
  /** Nodes are drained and rebooted by themselves, and a setup waits for that. */
  readonly maintenance?: true;
  /** Your own packages, by their names in the host's package manager; undefined: none. */
  readonly packages?: readonly string[];
  /** Disks of an instance; undefined: they are left as they are. */
  readonly volumes?: { readonly rootGiB: number; readonly etcd: boolean };
  /** Lines of the managed block of /etc/hosts. */
  readonly hosts: readonly { readonly address: string; readonly name: string }[];
  readonly apiProxy?: ApiProxySpec;
  /** The host's own firewall; undefined: somebody else filters. */
  readonly firewall?: FirewallSpec;
  /** Flows that a firewall of others must let through; undefined: the host's own takes its place. */
  readonly foreignFlows?: readonly Flow[];
}
