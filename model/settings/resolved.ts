/**
 * The resolved settings of one environment: what `parseCluster` returns and everything else reads.
 * Defaults are filled in, ranges are checked against one another, names are resolved. Nothing validates again.
 * No secret is in here: secrets are referred to by their name in `kubeadm:secrets`.
 */

import type { PortRange, Protocol } from "../network/flow";
import type { AccessInput, MachineInput, RolloutInput, SshInput } from "./input/machines";
import type { NetworkInput, NetworkPeerInput } from "./input/network";
import type { ProxyInput, RegistryInput } from "./input/nodes";
import type { AddonSettings } from "../addons";
import type { ExtrasSettings } from "../extras/settings";
import type { TenancySettings } from "../tenants/settings";
import type { AwsSettings } from "../aws/settings";
import type { CniSettings } from "../cni";
import type { KubeProxyMode } from "../cni/domain";
import type { Architecture, ComponentVersions, Filled, Taint } from "./resolvedShared";
import type {
  AuditSettings,
  CertificateSettings,
  ComponentSettings,
  EncryptionSettings,
  ExtraArgs,
  OidcSettings,
  PodSecuritySettings,
} from "./resolvedControlPlane";

export type * from "../cni/types";
export type * from "./resolvedShared";
export type * from "./resolvedControlPlane";

/** `machines`: hosts that exist, reached over SSH; `aws`: made on EC2. */
export type Platform = "machines" | "aws";
/** kube-proxy, the same on every node. */
export interface KubeProxySettings {
  /** Default `nftables`. */
  readonly mode: KubeProxyMode;
  /** Merged over the library's KubeProxyConfiguration; a `null` removes a key. */
  readonly config: Readonly<Record<string, unknown>>;
}
/** `loadBalancer` is not a node: it balances the API and nothing else. */
export type MachineRole = MachineInput["role"];

/** A range somebody else owns and that this cluster must not shadow: an office, another VPC. */
export type Peer = Readonly<NetworkPeerInput>;

/** The one object that owns every address range, and what follows from them. */
export interface ClusterNetwork extends Omit<
  Filled<NetworkInput, Exclude<keyof NetworkInput, "mtu">>,
  "nodePortRange"
> {
  /** The range pods get addresses from, IPv4 CIDR; written once under `cni`. */
  readonly podCidr: string;
  /** `kubernetes.default`: the first address of `serviceCidr`. */
  readonly kubernetesServiceAddress: string;
  /** Service `kube-dns` and the kubelets' `clusterDNS`: the tenth address of `serviceCidr`. */
  readonly dnsServiceAddress: string;
  /** Inclusive range of NodePorts. */
  readonly nodePortRange: { readonly from: number; readonly to: number };
}

/** How to reach a host over SSH. `key` names a private key in `kubeadm:secrets`. */
export type SshTarget = Filled<SshInput, "port">;

/** One host, with everything that its steps need to know of it. */
export interface Machine extends Pick<
  Filled<MachineInput, "architecture" | "labels" | "revision" | "removal">,
  "role" | "nodeInterface" | "architecture" | "os" | "labels" | "revision" | "removal"
> {
  /** The machine's key in the settings: its identity. */
  readonly name: string;
  /** The Node's name: the key on existing machines, the private DNS name on AWS. */
  readonly nodeName: string;
  /** Worker pool; "" for control-plane nodes and load balancers. */
  readonly pool: string;
  /** How the host program reaches it. */
  readonly ssh: SshTarget;
  /** IPv4 address that nodes use among themselves; default `ssh.host` when that is an address. */
  readonly nodeAddress: string;
  /** Default of a control-plane node: kubeadm's own taint; of a worker: none. */
  readonly taints: readonly Taint[];
}

/** Default `safe`: a removal never costs the cluster, and never forgets a machine that lives. */
export type Removal = NonNullable<MachineInput["removal"]>;

/**
 * `addresses`: a name that nodes' hosts files lead to fixed private addresses, the balancer's or the one control-plane
 * node's; `address`: given; `nodeLocal`: nginx on every node; `loadBalancer`: nginx in stream mode on a machine with
 * role loadBalancer.
 */
export type EndpointSettings =
  | { readonly kind: "address"; readonly host: string; readonly port: number }
  | {
      readonly kind: "addresses";
      readonly host: string;
      readonly port: number;
      /** Private IPv4 addresses that `host` has in every node's hosts file. */
      readonly addresses: readonly string[];
    }
  | { readonly kind: "nodeLocal"; readonly host: string; readonly port: number }
  | { readonly kind: "loadBalancer"; readonly host: string; readonly port: number; readonly machine: string };

/** Files that hosts download; the keys of `downloads.checksums`. */
export type DownloadName =
  "kubeadm" | "kubelet" | "kubectl" | "containerd" | "runc" | "cniPlugins" | "crictl";

/** What setup unpacks: those files, and on AWS what logs kubelets in to ECR. */
export type InstalledName = DownloadName | "ecrCredentialProvider";

/** One file of one architecture that node setup fetches. */
export interface Download {
  /** The component that is in it. */
  readonly name: InstalledName;
  /** x.y.z, without a leading `v`. */
  readonly version: string;
  /** Where the file is fetched from: upstream, or the mirror followed by upstream's host and path. */
  readonly url: string;
  /** 64 hexadecimal digits; from the library's table or `downloads.checksums`. Setup refuses another file. */
  readonly sha256: string;
}

/** The HTTP proxy of downloads, containerd, kubelets and the control plane. */
export type ProxySettings = Filled<ProxyInput, "noProxy">;

/** How hosts prove themselves to a registry, and it to them. Secrets by their name in `kubeadm:secrets`. */
export type RegistrySettings = Readonly<RegistryInput>;

export type RolloutSettings = Filled<RolloutInput, "maxUnavailable">;

/** A rule of people's own in the hosts' firewall. */
export interface AllowRule {
  /** IPv4 and IPv6 ranges. */
  readonly from: readonly string[];
  readonly protocol: Protocol;
  /** One range, or none where the protocol has no ports. */
  readonly ports: readonly PortRange[];
  readonly reason: string;
}

/** IPv4 and IPv6 ranges that may come in from outside, by what they reach. */
export type FirewallAccess = Filled<
  Pick<AccessInput, "ssh" | "api" | "nodePorts">,
  "ssh" | "api" | "nodePorts"
>;

/** One environment, whole: defaults are filled in and everything has been checked. */
export interface ClusterSettings {
  /** Name of the Pulumi stack. */
  readonly environment: string;
  /** DNS label; default: the environment's name. */
  readonly name: string;
  /** Suffix of the names this library makes (`api.<name>.<domain>`); default `internal`. */
  readonly domain: string;
  /** Where machines come from; default `machines`. */
  readonly platform: Platform;
  /** Set on `platform: aws`. `machines` holds the control-plane nodes then; workers are in pools. */
  readonly aws?: AwsSettings;
  /** x.y.z of a supported minor (`MINORS`). */
  readonly kubernetesVersion: string;
  /** Of everything that is installed or runs in the cluster by kubeadm. */
  readonly versions: ComponentVersions;
  /** All ranges, and what follows from them. */
  readonly network: ClusterNetwork;
  /** The pod network, by its kind. */
  readonly cni: CniSettings;
  /** In the order of the settings; control-plane nodes are those with role controlPlane. */
  readonly machines: readonly Machine[];
  /** Jump host for SSH to all machines; undefined: none, and always so on AWS, where the stack makes it (`aws.bastion`). */
  readonly bastion?: SshTarget;
  /** Where nodes reach the API. Fixed once made. */
  readonly endpoint: EndpointSettings;
  /** Where people and the Pulumi program reach the API. */
  readonly access: { readonly host: string; readonly port: number };
  /** Flags of kube-apiserver, and more names of its certificate: DNS names or IPv4 addresses. */
  readonly apiServer: ComponentSettings & {
    readonly certSans: readonly string[];
    /** Configuration of admission plugins by their name, besides PodSecurity's; undefined: none. */
    readonly admissionConfiguration?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  /** Flags of kube-controller-manager. */
  readonly controllerManager: ComponentSettings;
  /** Flags of kube-scheduler. */
  readonly scheduler: ComponentSettings;
  /** Flags of etcd. */
  readonly etcd: { readonly extraArgs: ExtraArgs };
  /** Merged over the library's KubeletConfiguration; a `null` removes a key. */
  readonly kubelet: { readonly config: Readonly<Record<string, unknown>> };
  /** On every node. */
  readonly kubeProxy: KubeProxySettings;
  /** TOML put beside the library's containerd configuration, read after it. */
  readonly containerd: { readonly dropIn?: string };
  /** Names of kubeadm's and of setup's checks to pass over, as `Swap` or `RouteCollision`; never `all`. */
  readonly ignorePreflightErrors: readonly string[];
  /** undefined: nobody logs on with tokens of an issuer. */
  readonly oidc?: OidcSettings;
  /** undefined: hosts go direct. */
  readonly proxy?: ProxySettings;
  /** Where hosts get files from. */
  readonly downloads: {
    /** http or https URL, put before upstream's host and path; undefined: upstream itself. */
    readonly mirror?: string;
    /** Per architecture in use, every file with its URL and checksum. */
    readonly files: Readonly<Partial<Record<Architecture, readonly Download[]>>>;
  };
  /** Where hosts get images from. */
  readonly images: {
    /** Replaces `registry.k8s.io` for kubeadm's images. */
    readonly repository: string;
    /** Registry host to mirror URLs, tried in order, for containerd's certs.d. */
    readonly mirrors: Readonly<Record<string, readonly string[]>>;
    /** By `host` or `host:port`, of registries and of mirrors; undefined: none. */
    readonly registries?: Readonly<Record<string, RegistrySettings>>;
  };
  /** Of Secrets in etcd. */
  readonly encryption: EncryptionSettings;
  /** Always on. */
  readonly audit: AuditSettings;
  /**
   * Defaults for namespaces without labels of their own; `exemptNamespaces` are passed over besides kube-system and
   * the CNI's.
   */
  readonly podSecurity: PodSecuritySettings;
  readonly certificates: CertificateSettings;
  /** `nftables`: hosts filter by the flows; `none`: somebody else does. */
  readonly firewall: "none" | "nftables";
  /** How a change that restarts the runtime or the kubelet goes over the workers. */
  readonly rollout: RolloutSettings;
  /** What people let in besides the flows, on every machine, when the host firewall is on. */
  readonly firewallAllow: readonly AllowRule[];
  /** Addresses that may SSH in and reach the API and NodePorts when the host firewall is on. */
  readonly firewallAccess: FirewallAccess;
  /** What runs besides the network. */
  readonly addons: AddonSettings;
  /** Who uses the cluster: tenants, and roles of people. */
  readonly tenancy: TenancySettings;
  /** What people bring themselves. */
  readonly extras: ExtrasSettings;
  /** Seconds a drain may take before the node is removed all the same. */
  readonly drainTimeoutSeconds: number;
  /** Keeps `pulumi destroy` and replacement away from the CAs; default true. */
  readonly protect: boolean;
  /** Names in `kubeadm:secrets` that the settings refer to. */
  readonly secretNames: readonly string[];
  /** Things that work but deserve a look; shown by `plan` and as Pulumi warnings. */
  readonly advisories: readonly string[];
}

/** What `resolve` makes of settings that are still to be checked. */
export type Resolved = Omit<ClusterSettings, "advisories">;

/** What of the settings a platform decides. */
export type PlatformSettings = Pick<
  ClusterSettings,
  | "platform"
  | "aws"
  | "machines"
  | "bastion"
  | "endpoint"
  | "access"
  | "firewall"
  | "firewallAccess"
  | "rollout"
  | "firewallAllow"
>;
