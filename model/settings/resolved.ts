/**
 * The resolved settings of one environment: what `parseCluster` returns and everything else reads.
 * Defaults are filled in, ranges are checked against one another, names are resolved. Nothing validates again.
 * No secret stands in here: secrets are referred to by their name in `kubeadm:secrets`.
 */

import type { AddonSettings, CoreDnsSettings } from "./resolvedAddons";
import type { OwnSettings } from "./resolvedOwn";
import type { TenancySettings } from "./resolvedTenancy";
import type { AwsSettings } from "./resolvedAws";
import type { CniSettings } from "./resolvedCni";

export type * from "./resolvedCni";

export type Platform = "machines" | "aws";
export type Architecture = "amd64" | "arm64";
export type OsFamily =
  "ubuntu-22.04" | "ubuntu-24.04" | "debian-12" | "debian-13" | "rhel-9" | "amazon-linux-2023";
export type KubeProxyMode = "nftables" | "iptables";
export type MachineRole = "controlPlane" | "worker" | "loadBalancer";

/** A range somebody else owns and that this cluster must not shadow: an office, another VPC. */
export interface Peer {
  readonly name: string;
  readonly cidr: string;
}

/** The one object that owns every address range, and what follows from them. */
export interface ClusterNetwork {
  /** The range pods get addresses from, IPv4 CIDR; written once under `cni`. */
  readonly podCidr: string;
  /** Prefix length of the slice of `podCidr` a node gets (kube-controller-manager `--node-cidr-mask-size`). */
  readonly nodeMask: number;
  readonly serviceCidr: string;
  /** `kubernetes.default`: the first address of `serviceCidr`. */
  readonly kubernetesServiceAddress: string;
  /** Service `kube-dns` and the kubelets' `clusterDNS`: the tenth address of `serviceCidr`. */
  readonly dnsServiceAddress: string;
  /** DNS suffix of Services; default `cluster.local`. */
  readonly clusterDomain: string;
  readonly peers: readonly Peer[];
  readonly maxNodes: number;
  readonly podsPerNode: number;
  /** Inclusive range of NodePorts. */
  readonly nodePorts: { readonly from: number; readonly to: number };
  /** MTU of the nodes' own network in bytes; undefined: the CNI reads it from the interface. */
  readonly mtu?: number;
}

/** What a pod asks for and may use at most, as Kubernetes quantities. */
export type PodResources = {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
};

/** How to reach a host over SSH. `key` names a private key in `kubeadm:secrets`. */
export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** One line as in known_hosts without the host: `ssh-ed25519 AAAA...`. */
  readonly hostKey: string;
  readonly key: string;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

export interface Machine {
  /** The machine's key in the settings: its identity. */
  readonly name: string;
  /** The Node's name: the key on existing machines, the private DNS name on AWS. */
  readonly nodeName: string;
  readonly role: MachineRole;
  /** Worker pool; "" for masters and load balancers. */
  readonly pool: string;
  readonly ssh: SshTarget;
  /** IPv4 address that nodes use among themselves; default `ssh.host` when that is an address. */
  readonly nodeAddress: string;
  /** Interface that carries `nodeAddress`; undefined: found on the host by the address. */
  readonly nodeInterface?: string;
  readonly architecture: Architecture;
  /** undefined: read from /etc/os-release on the host. */
  readonly os?: OsFamily;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Raised by hand when the machine behind the name is another one, or was wiped. */
  readonly generation: number;
}

/**
 * `addresses`: a name that nodes' hosts files lead to fixed private addresses, the balancer's or the one master's;
 * `address`: given; `localProxy`: nginx on every node; `proxyMachine`: nginx in stream mode on a machine with role
 * loadBalancer.
 */
export type EndpointSettings =
  | { readonly kind: "address"; readonly host: string; readonly port: number }
  | {
      readonly kind: "addresses";
      readonly host: string;
      readonly port: number;
      readonly addresses: readonly string[];
    }
  | { readonly kind: "localProxy"; readonly host: string; readonly port: number }
  | { readonly kind: "proxyMachine"; readonly host: string; readonly port: number; readonly machine: string };

export interface ComponentVersions {
  readonly kubernetes: string;
  readonly containerd: string;
  readonly runc: string;
  readonly cniPlugins: string;
  readonly crictl: string;
  /** Image tags. */
  readonly pause: string;
  readonly etcd: string;
  readonly coredns: string;
  readonly flannel: string;
  readonly flannelCniPlugin: string;
}

/** Files that hosts download; the keys of `downloads.checksums`. */
export type DownloadName =
  "kubeadm" | "kubelet" | "kubectl" | "containerd" | "runc" | "cniPlugins" | "crictl";

export interface Download {
  readonly name: DownloadName;
  readonly version: string;
  /** Where the file is fetched from: upstream, or the mirror followed by upstream's host and path. */
  readonly url: string;
  readonly sha256: string;
}

export interface EncryptionSettings {
  readonly provider: "secretbox" | "aescbc";
  /** Ordered: the first encrypts, all decrypt. `generated` is the key the stack makes itself, others name a secret. */
  readonly keys: readonly string[];
}

export interface AuditSettings {
  /** Days, files and MiB, as kube-apiserver's `--audit-log-maxage`, `-maxbackup`, `-maxsize`. */
  readonly maxAge: number;
  readonly maxBackup: number;
  readonly maxSize: number;
  /** A whole audit policy document (audit.k8s.io/v1); undefined: the library's. */
  readonly policy?: Readonly<Record<string, unknown>>;
}

export interface OidcSettings {
  readonly issuerUrl: string;
  readonly clientId: string;
  readonly usernameClaim: string;
  readonly usernamePrefix?: string;
  readonly groupsClaim?: string;
  readonly groupsPrefix?: string;
  /** Name in `kubeadm:secrets` of the issuer's CA in PEM. */
  readonly ca?: string;
}

export interface ProxySettings {
  readonly http?: string;
  readonly https?: string;
  /** What goes direct, the cluster's own ranges and names included. */
  readonly noProxy: readonly string[];
}

export type PodSecurityLevel = "privileged" | "baseline" | "restricted";

export type ExtraArgs = Readonly<Record<string, string>>;

export interface ClusterSettings {
  readonly environment: string;
  /** DNS label; default: the environment's name. */
  readonly name: string;
  /** Suffix of the names this library makes (`api.<name>.<domain>`); default `internal`. */
  readonly domain: string;
  readonly platform: Platform;
  /** Set on `platform: aws`. `machines` holds the masters then; workers are in pools. */
  readonly aws?: AwsSettings;
  readonly kubernetesVersion: string;
  readonly versions: ComponentVersions;
  readonly network: ClusterNetwork;
  readonly cni: CniSettings;
  /** In the order of the settings; masters are those with role controlPlane. */
  readonly machines: readonly Machine[];
  readonly bastion?: SshTarget;
  readonly endpoint: EndpointSettings;
  /** Where people and the Pulumi program reach the API. */
  readonly access: { readonly host: string; readonly port: number };
  readonly apiServer: { readonly extraArgs: ExtraArgs; readonly certSans: readonly string[] };
  readonly controllerManager: { readonly extraArgs: ExtraArgs };
  readonly scheduler: { readonly extraArgs: ExtraArgs };
  readonly etcd: { readonly extraArgs: ExtraArgs };
  /** Merged over the library's KubeletConfiguration; a `null` removes a key. */
  readonly kubelet: { readonly config: Readonly<Record<string, unknown>> };
  readonly kubeProxy: { readonly mode: KubeProxyMode; readonly config: Readonly<Record<string, unknown>> };
  /** TOML put beside the library's containerd configuration, read after it. */
  readonly containerd: { readonly dropIn?: string };
  readonly ignorePreflightErrors: readonly string[];
  readonly oidc?: OidcSettings;
  readonly proxy?: ProxySettings;
  readonly downloads: {
    readonly mirror?: string;
    /** Per architecture in use, every file with its URL and checksum. */
    readonly files: Readonly<Partial<Record<Architecture, readonly Download[]>>>;
  };
  readonly images: {
    /** Replaces `registry.k8s.io` for kubeadm's images. */
    readonly repository: string;
    /** Registry host to mirror URLs, tried in order, for containerd's certs.d. */
    readonly mirrors: Readonly<Record<string, readonly string[]>>;
  };
  readonly encryption: EncryptionSettings;
  readonly audit: AuditSettings;
  readonly podSecurity: {
    readonly enforce: PodSecurityLevel;
    readonly audit: PodSecurityLevel;
    readonly warn: PodSecurityLevel;
    readonly exemptNamespaces: readonly string[];
  };
  readonly certificates: {
    /** Validity of kubeadm's leaf certificates in days. */
    readonly leafDays: number;
    /** Renewed this many days before their end. */
    readonly renewBeforeDays: number;
  };
  /** `nftables`: hosts filter by the flows; `none`: somebody else does. */
  readonly firewall: "none" | "nftables";
  /** Addresses that may SSH in and reach the API and NodePorts when the host firewall is on. */
  readonly firewallAccess: {
    readonly ssh: readonly string[];
    readonly api: readonly string[];
    readonly nodePorts: readonly string[];
  };
  readonly coredns: CoreDnsSettings;
  readonly addons: AddonSettings;
  /** Who uses the cluster: tenants, and roles of people. */
  readonly tenancy: TenancySettings;
  /** What people bring themselves. */
  readonly own: OwnSettings;
  /** Seconds a drain may take before the node is removed all the same. */
  readonly drainTimeout: number;
  /** Keeps `pulumi destroy` and replacement away from the CAs; default true. */
  readonly protect: boolean;
  /** Names in `kubeadm:secrets` that the settings refer to. */
  readonly secretNames: readonly string[];
  /** Things that work but deserve a look; shown by `plan` and as Pulumi warnings. */
  readonly advisories: readonly string[];
}
