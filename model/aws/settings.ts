import type { Attached } from "./attached/settings";
import type { EcrSettings } from "./ecr/settings";
import type { VpcEndpoints } from "./endpoints/settings";
import type { RepairSettings } from "./repair/settings";
import type { RefreshPercents } from "./refresh/settings";
import type { Architecture, OsFamily, Taint, WindowsDownload } from "../settings/resolvedShared";

/** Image families on AWS. The newest image is looked up by the publisher's public SSM parameter, where there is one. */
export type AwsOs = OsFamily;

/** One subnet of one zone. */
export interface AwsSubnet {
  /** `public-a`, `private-b`: what it is for and the zone's letter. */
  readonly name: string;
  /** As `eu-central-1a`. */
  readonly zone: string;
  /** IPv4 CIDR within the VPC's. */
  readonly cidr: string;
  /** `public`: a route to the internet gateway, and public addresses. */
  readonly subnetType: "public" | "private";
  /** Set where the subnet exists already. */
  readonly id?: string;
  /**
   * The part of `cidr` that AWS hands out to nobody by itself: addresses of control-plane nodes and of the internal
   * balancer.
   */
  readonly reserved: string;
}

/** The network that machines are in. */
export interface AwsVpc {
  /** IPv4 CIDR, /16 to /28; default 10.0.0.0/16. */
  readonly cidr: string;
  /** Set where the VPC exists already: neither it nor gateways, routes and subnets are made. */
  readonly id?: string;
  /** The stack reserves the part of each subnet that fixed addresses come from; false: its owner has done it. */
  readonly cidrReservations: boolean;
  /** One for each zone and type in use; those of an existing VPC have an `id`. */
  readonly subnets: readonly AwsSubnet[];
  /** Names of zones in use, in order. */
  readonly zones: readonly string[];
  /** NAT gateways for private subnets: none, one for all, one for each zone. */
  readonly nat: "none" | "one" | "perZone";
  /** Gateway endpoint of S3; free. */
  readonly s3Endpoint: boolean;
  /** Interface endpoints of services; undefined: none. */
  readonly endpoints?: VpcEndpoints;
  /** Flow logs into CloudWatch, kept for that many days. */
  readonly flowLogs?: { readonly retentionDays: number };
}

/** A root volume: gp3, encrypted. */
export interface AwsVolume {
  /** 8 to 16384; default 30, for Windows 80. */
  readonly sizeGiB: number;
  /** gp3; I/O operations per second, 3000 to 16000. */
  readonly iops: number;
  /** gp3; MiB per second, 125 to 1000. */
  readonly throughput: number;
  /** ARN of a KMS key; undefined: the account's default for EBS. Volumes are encrypted in any case. */
  readonly kmsKeyId?: string;
}

/** What an instance boots. */
export interface AwsImage {
  /** Family; default `ubuntu-24.04`. */
  readonly os: AwsOs;
  /** An image of one's own, of the family `os`; undefined: the publisher's newest. */
  readonly ami?: string;
}

/**
 * What a control-plane node is as an EC2 instance; kubeadm's part of it is the `Machine` of the same name in
 * `settings.machines`.
 */
export interface AwsControlPlaneInstance {
  /** `cp-1` to `cp-7`. */
  readonly name: string;
  /** Name of its subnet. */
  readonly subnet: string;
  /** Its fixed private address, from the subnet's reserved part. */
  readonly address: string;
}

/** What all control-plane nodes share, and where each of them is. */
export interface AwsControlPlane {
  /** At least two vCPUs and 2 GiB, as kubeadm demands. */
  readonly instanceType: string;
  /** The instance type's. */
  readonly architecture: Architecture;
  /** Looked up when a control-plane node is made; a newer one replaces none. */
  readonly image: AwsImage;
  /** Root volume of each control-plane node; etcd's data is on it unless it has its own volume. */
  readonly volume: AwsVolume;
  /**
   * A volume for /var/lib/etcd, which goes with its instance; undefined: etcd is on the root volume. An instance has it from its
   * start: one that runs gets it, or another size, when its revision is raised.
   */
  readonly etcdVolume?: AwsVolume;
  /** Of the EC2 API: an instance cannot be ended by accident. Default: `protect`. */
  readonly terminationProtection: boolean;
  /**
   * Names of control-plane nodes whose instance the stack may delete: neither Pulumi's nor EC2's protection holds it.
   * Default: none.
   */
  readonly deletable: readonly string[];
  /** Packages of people's own. */
  readonly packages: readonly string[];
  /** Managed policies of their role, and more security groups. */
  readonly attached: Attached;
  /** 1, 3, 5 or 7, in alternating zones. */
  readonly instances: readonly AwsControlPlaneInstance[];
}

/** Like workers in one auto scaling group. */
export interface AwsPool extends RefreshPercents {
  /** Key under `workers`; part of the nodes' role label. */
  readonly name: string;
  /** `windows-2022` and `windows-2025` pools have user data in PowerShell. */
  readonly platform: "linux" | "windows";
  /** Undefined for Windows. */
  readonly image?: AwsImage;
  /** Windows Server's release; undefined for Linux. */
  readonly windows?: { readonly release: "2022" | "2025"; readonly ami?: string };
  /** First choice first; the others for spot or when the first is short. */
  readonly instanceTypes: readonly string[];
  /** That of all its instance types. */
  readonly architecture: Architecture;
  /** Fixed when equal. */
  readonly min: number;
  /** Most nodes, 0 to 1000. */
  readonly max: number;
  /** Names of subnets. */
  readonly subnets: readonly string[];
  /** Root volume of each node. */
  readonly volume: AwsVolume;
  /** More volumes of each node, blank; `extraVolumeDevice` names their devices. */
  readonly volumes: readonly AwsVolume[];
  /** Of every node, besides the library's. */
  readonly labels: Readonly<Record<string, string>>;
  /** Of every node; default none, for Windows one that keeps Linux pods away. */
  readonly taints: readonly Taint[];
  /** Spot instances above `onDemandBase`; undefined: on demand only. */
  readonly spot?: {
    /** The first nodes that are on demand; default 0. */
    readonly onDemandBase: number;
    /** Of those above, how many percent are on demand, 0 to 99; default 0. */
    readonly onDemandPercent: number;
    /** US dollars an hour; undefined: the on-demand price. */
    readonly maxPrice?: string;
  };
  /** The boot script switches EC2's source/destination check off for its own instance. */
  readonly sourceDestinationCheckOff: boolean;
  /**
   * Seconds the program waits for the pool's next node, and an instance has to become one; after twice that the group ends it
   * and starts another. Default 900, for Windows 1800.
   */
  readonly joinTimeoutSeconds: number;
  /** Nodes that stay NotReady are replaced; undefined: they are not. */
  readonly repair?: RepairSettings;
  /** Raised by hand to replace all nodes. */
  readonly revision: number;
  /** Packages of people's own. */
  readonly packages: readonly string[];
  /** Managed policies of their role, and more security groups. */
  readonly attached: Attached;
  /** More tags on instances and volumes. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Who may come in, and which way. */
export interface AwsAccess {
  /** Ranges that may call the API from outside. */
  readonly api: readonly string[];
  /** Ranges that may open SSH. */
  readonly ssh: readonly string[];
  /** Ranges that may call NodePorts; empty: nobody from outside. */
  readonly nodePorts: readonly string[];
  /** `private`: the API has no public address. */
  readonly endpointAccess: "public" | "private";
  /**
   * How the program reaches control-plane nodes, and a private API: `direct` to public addresses, through the bastion,
   * or over a VPN or peering that leads into the VPC.
   */
  readonly connectVia: "direct" | "bastion" | "vpn";
  /** Instances hold sessions of Systems Manager. */
  readonly sessionManager: boolean;
}

/** The jump host: it forwards SSH and, where that is private, the API. */
export interface AwsBastion {
  /** Default `t3.micro`, of arm64 `t4g.micro`. */
  readonly instanceType: string;
  /** The instance type's. */
  readonly architecture: Architecture;
  /** Looked up when it is made. */
  readonly image: AwsImage;
  /** Name of its public subnet. */
  readonly subnet: string;
  /** Its fixed private address. */
  readonly address: string;
}

/** What is in front of the API servers. */
export interface AwsEndpoint {
  /**
   * An internal network load balancer in front of the control-plane nodes; false: the one control-plane node's own address.
   */
  readonly loadBalancer: boolean;
  /**
   * Private addresses that the endpoint's name has in the hosts files: the balancer's, one a subnet, or the
   * control-plane node's.
   */
  readonly addresses: readonly { readonly subnet: string; readonly address: string }[];
  /** A record in Route 53 for people, in front of the public address (or the private one where there is no other). */
  readonly dns?: { readonly zoneId: string; readonly name: string };
}

/** IAM roles for service accounts: an issuer that IAM believes. */
export interface AwsPodIdentity {
  /** `sts.amazonaws.com` and the API's own. */
  readonly audiences: readonly string[];
}

/** What `platform: aws` decides. */
export interface AwsSettings {
  /** As `eu-central-1`; from the provider's own setting, `aws:region`. */
  readonly region: string;
  /** `aws`, `aws-cn`, `aws-us-gov`: by region. */
  readonly partition: string;
  /** Made, or one that exists. */
  readonly vpc: AwsVpc;
  /** From outside; what nodes need among themselves follows from the flows. */
  readonly access: AwsAccess;
  /** `strict`: groups let out only what the flows and `allowed` name. */
  readonly egress: "open" | "strict";
  /** Who may log on to control-plane nodes and bastion. */
  readonly ssh: {
    /** `generated`: a key made in the stack; else a name in `kubeadm:secrets`. */
    readonly key: string;
    /** More public keys that may log on, one line each. */
    readonly authorizedKeys: readonly string[];
  };
  /** undefined: none is made. */
  readonly bastion?: AwsBastion;
  /** The balancer, and names that lead to it. */
  readonly endpoint: AwsEndpoint;
  /** The control-plane nodes' instances. */
  readonly controlPlane: AwsControlPlane;
  /** In the order of the settings. */
  readonly pools: readonly AwsPool[];
  /** What Windows nodes download; undefined where no pool has them. */
  readonly windows?: { readonly downloads: readonly WindowsDownload[] };
  /** IAM roles for service accounts from the first boot; undefined: switched off. */
  readonly podIdentity?: AwsPodIdentity;
  /** AWS' cloud controller manager; its version. */
  readonly cloudProvider: { readonly image: string; readonly chart: string };
  /** EBS CSI driver with a default StorageClass; undefined: switched off. */
  readonly storage?: { readonly chart: string; readonly kmsKeyId?: string };
  /** Linux nodes pull from ECR; undefined: they do not log in. */
  readonly ecr?: EcrSettings;
  /** Path of roles and instance profiles; undefined: `/`. */
  readonly rolePath?: string;
  /** ARN of the policy that bounds every role; undefined: none. */
  readonly permissionsBoundary?: string;
  /** On everything that takes tags. */
  readonly tags: Readonly<Record<string, string>>;
}
