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
import type { EtcdSettings } from "../etcd/settings";
import type { ExtrasSettings } from "../extras/settings";
import type { MaintenanceSettings } from "../maintenance/settings";
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
  OidcSettings,
  PodSecuritySettings,
} from "./resolvedControlPlane";

export type * from "../cni/types";
export type * from "./resolvedShared";
export type * from "./resolvedControlPlane";

/** Where machines come from. `machines`: existing hosts, reached over SSH. `aws`: EC2. */
export type Platform = "machines" | "aws";
/** kube-proxy's settings, the same on every node. */
export interface KubeProxySettings {
  /** Default `nftables`. */
  readonly mode: KubeProxyMode;
  /** Merged over the library's KubeProxyConfiguration; a `null` removes a key. */
  readonly config: Readonly<Record<string, unknown>>;
}
/** `loadBalancer` is not a node: it only balances the API. */
export type MachineRole = MachineInput["role"];

/** A range outside the cluster that the cluster's ranges must not overlap, such as an office or another VPC. */
export type Peer = Readonly<NetworkPeerInput>;

/** All address ranges, and what follows from them. */
export interface ClusterNetwork extends Omit<
  Filled<NetworkInput, Exclude<keyof NetworkInput, "mtu">>,
  "nodePortRange"
> {
  /** IPv4 range of pods, set under `cni`. */
  readonly podCidr: string;
  /** `kubernetes.default`: the first address of `serviceCidr`. */
  readonly kubernetesServiceAddress: string;
  /** Address of Service `kube-dns` and the kubelets' `clusterDNS`: the tenth address of `serviceCidr`. */
  readonly dnsServiceAddress: string;
  /** Inclusive range of NodePorts. */
  readonly nodePortRange: { readonly from: number; readonly to: number };
}

/** How to reach a host over SSH. `key` names a private key in `kubeadm:secrets`. */
export type SshTarget = Filled<SshInput, "port">;

/** One host, with everything that its steps need. */
export interface Machine extends Pick<
  Filled<MachineInput, "architecture" | "labels" | "revision" | "removal">,
  "role" | "nodeInterface" | "architecture" | "os" | "labels" | "revision" | "removal"
> {
  /** The machine's key in the settings: its identity. */
  readonly name: string;
  /** Name of the Node: the key of your own machines, the private DNS name on AWS. */
  readonly nodeName: string;
  /** Name of the worker pool; "" for control-plane nodes and load balancers. */
  readonly pool: string;
  /** How the host program reaches it. */
  readonly ssh: SshTarget;
  /** IPv4 address that nodes use among themselves. Default: `ssh.host`, if it is an address. */
  readonly nodeAddress: string;
  /** Taints of the node. Default: kubeadm's taint on control-plane nodes, none on workers. */
  readonly taints: readonly Taint[];
}

/** `safe`, the default, never removes a machine that the cluster depends on, and never forgets one that still runs. */
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

/** Files that setup installs: those of `DownloadName`, and on AWS the program that logs kubelets in to ECR. */
export type InstalledName = DownloadName | "ecrCredentialProvider";

/** A file that node setup downloads, for one architecture. */
export interface Download {
  /** Component that the file contains. */
  readonly name: InstalledName;
  /** x.y.z, without a leading `v`. */
  readonly version: string;
  /** URL of the file: upstream, or the mirror followed by upstream's host and path. */
  readonly url: string;
  /**
   * SHA-256 in 64 hexadecimal digits, from the library's table or `downloads.checksums`. Setup refuses any other
   * file.
   */
  readonly sha256: string;
}

/** HTTP proxy of downloads, containerd, kubelets and the control plane. */
export type ProxySettings = Filled<ProxyInput, "noProxy">;

/** How hosts authenticate to a registry, and verify it. Secrets are names in `kubeadm:secrets`. */
export type RegistrySettings = Readonly<RegistryInput>;

export type RolloutSettings = Filled<RolloutInput, "maxUnavailable">;

export interface UpgradeSettings {
  /** Workers of each pool that may be unavailable at a time: a number, or a share such as `25%`. */
  readonly maxUnavailable: number | string;
  /** Pools with another number, by name. */
  readonly pools: Readonly<Record<string, { readonly maxUnavailable: number | string }>>;
  /** What may stand against an upgrade: `podDisruptionBudget/shop/web`. */
  readonly ignore: readonly string[];
  /** Versions that a control plane goes through, instead of those that the library knows. */
  readonly through: GivenHops;
}

/** Versions that a control plane goes through, with kubeadm's SHA-256 checksums by architecture where they are given. */
export type GivenHops = Readonly<
  Record<string, Readonly<{ readonly [architecture in Architecture]?: string | undefined }>>
>;

/** Your own rule in the hosts' firewall. */
export interface AllowRule {
  /** IPv4 and IPv6 ranges. */
  readonly from: readonly string[];
  readonly protocol: Protocol;
  /** Ports that the rule opens; none if the protocol has no ports. */
  readonly ports: readonly PortRange[];
  readonly reason: string;
}

/** IPv4 and IPv6 ranges that may connect from outside, by what they reach. */
export type FirewallAccess = Filled<
  Pick<AccessInput, "ssh" | "api" | "nodePorts">,
  "ssh" | "api" | "nodePorts"
>;

/** The settings of one environment, checked and with all defaults. */
export interface ClusterSettings {
  /** Name of the Pulumi stack. */
  readonly environment: string;
  /** Name of the cluster, a DNS label. Default: the environment's name. */
  readonly name: string;
  /** DNS suffix of the names that the library creates (`api.<name>.<domain>`). Default: `internal`. */
  readonly domain: string;
  /** Where machines come from; default `machines`. */
  readonly platform: Platform;
  /** AWS settings; only with `platform: aws`. `machines` then holds the control-plane nodes; workers are in pools. */
  readonly aws?: AwsSettings;
  /** Kubernetes version, `x.y.z` of a supported minor version (`MINORS`). */
  readonly kubernetesVersion: string;
  /** Versions of everything that the library installs on hosts, or kubeadm in the cluster. */
  readonly versions: ComponentVersions;
  /** All address ranges, and what follows from them. */
  readonly network: ClusterNetwork;
  /** The pod network, by its kind. */
  readonly cni: CniSettings;
  /** Machines in the order of the settings. Control-plane nodes have the role `controlPlane`. */
  readonly machines: readonly Machine[];
  /**
   * Jump host for SSH to all machines. Undefined if there is none, and on AWS, where the stack creates it
   * (`aws.bastion`).
   */
  readonly bastion?: SshTarget;
  /** Where nodes reach the API. Cannot change once the cluster exists. */
  readonly endpoint: EndpointSettings;
  /** Where people and the Pulumi program reach the API. */
  readonly access: { readonly host: string; readonly port: number };
  /** Flags of kube-apiserver, and more names in its certificate: DNS names or IPv4 addresses. */
  readonly apiServer: ComponentSettings & {
    readonly certSans: readonly string[];
    /** Configuration of admission plugins other than PodSecurity, by plugin. Undefined: none. */
    readonly admissionConfiguration?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  /** Flags of kube-controller-manager. */
  readonly controllerManager: ComponentSettings;
  /** Flags of kube-scheduler. */
  readonly scheduler: ComponentSettings;
  readonly etcd: EtcdSettings;
  /** Merged over the library's KubeletConfiguration; a `null` removes a key. */
  readonly kubelet: { readonly config: Readonly<Record<string, unknown>> };
  /** kube-proxy's settings, the same on every node. */
  readonly kubeProxy: KubeProxySettings;
  /** TOML put beside the library's containerd configuration, read after it. */
  readonly containerd: { readonly dropIn?: string };
  /** Names of kubeadm's and the library's checks to ignore, such as `Swap` or `RouteCollision`; never `all`. */
  readonly ignorePreflightErrors: readonly string[];
  /** Undefined: nobody logs in with tokens of an issuer. */
  readonly oidc?: OidcSettings;
  /** Undefined: hosts connect directly. */
  readonly proxy?: ProxySettings;
  /** Where hosts download files. */
  readonly downloads: {
    /** http or https URL, put before upstream's host and path; undefined: upstream itself. */
    readonly mirror?: string;
    /** Every file with its URL and checksum, for each architecture in use. */
    readonly files: Readonly<Partial<Record<Architecture, readonly Download[]>>>;
  };
  /** Where hosts get images. */
  readonly images: {
    /** Registry of kubeadm's images, in place of `registry.k8s.io`. */
    readonly repository: string;
    /** URLs of mirrors to try in order, by registry host, for containerd's `certs.d`. */
    readonly mirrors: Readonly<Record<string, readonly string[]>>;
    /** Logins of registries and mirrors, by `host` or `host:port`. Undefined: none. */
    readonly registries?: Readonly<Record<string, RegistrySettings>>;
  };
  /** Encryption of Secrets in etcd. */
  readonly encryption: EncryptionSettings;
  /** The audit log, which is always on. */
  readonly audit: AuditSettings;
  /**
   * Pod Security admission for namespaces without their own labels. It exempts `exemptNamespaces`, kube-system and
   * the CNI's namespace.
   */
  readonly podSecurity: PodSecuritySettings;
  readonly certificates: CertificateSettings;
  /** `nftables`: hosts filter traffic by the flows. `none`: they do not. */
  readonly firewall: "none" | "nftables";
  /** How fast a change that restarts containerd or the kubelet reaches the workers. */
  readonly rollout: RolloutSettings;
  /** How fast a change that drains nodes reaches the workers. */
  readonly upgrades: UpgradeSettings;
  /** Your own rules on every machine, besides the flows, if the host firewall is on. */
  readonly firewallAllow: readonly AllowRule[];
  /** Ranges that may use SSH, the API and NodePorts, if the host firewall is on. */
  readonly firewallAccess: FirewallAccess;
  /** What runs in the cluster besides its network. */
  readonly addons: AddonSettings;
  /** Who uses the cluster: tenants, and roles of people. */
  readonly tenancy: TenancySettings;
  /** Your own manifests, charts and static pods. */
  readonly extras: ExtrasSettings;
  /** OS packages and reboots of the nodes' hosts; undefined: people look after them. */
  readonly maintenance?: MaintenanceSettings;
  /** How long a drain may take, in seconds; the node is then removed anyway. */
  readonly drainTimeoutSeconds: number;
  /** Protects the CAs from `pulumi destroy` and replacement. Default: true. */
  readonly protect: boolean;
  /** Names in `kubeadm:secrets` that the settings use. */
  readonly secretNames: readonly string[];
  /** Settings that work but deserve a look. `plan` shows them, and a program as Pulumi warnings. */
  readonly advisories: readonly string[];
}

/** Settings with defaults, before validation. */
export type Resolved = Omit<ClusterSettings, "advisories">;

/** Settings that the platform determines. */
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
  | "upgrades"
  | "firewallAllow"
>;
