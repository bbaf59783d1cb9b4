import type { Attached } from "./attached/settings";
import type { ClusterAutoscalerSettings } from "./autoscaler/settings";
import type { EcrSettings } from "./ecr/settings";
import type { OnDestroySettings } from "./leftovers/settings";
import type { LoadBalancerControllerSettings } from "./loadBalancers/settings";
import type { VpcEndpoints } from "./endpoints/settings";
import type { RepairSettings } from "./repair/settings";
import type { RefreshPercents } from "./refresh/settings";
import type { Architecture, OsFamily, Taint, WindowsDownload } from "../settings/resolvedShared";

/** Operating systems on AWS. A public SSM parameter of the publisher has the newest image, except for `rhel-9`. */
export type AwsOs = OsFamily;

/** A subnet in one zone. */
export interface AwsSubnet {
  /** `public-a`, `private-b`: its type and the zone's letter. */
  readonly name: string;
  /** Availability zone, such as `eu-central-1a`. */
  readonly zone: string;
  /** IPv4 range within the VPC's. */
  readonly cidr: string;
  /** `public`: a route to the internet gateway, and public addresses. */
  readonly subnetType: "public" | "private";
  /** Id of an existing subnet. */
  readonly id?: string;
  /**
   * Part of `cidr` that AWS does not assign by itself: for fixed addresses of control-plane nodes and the internal
   * load balancer.
   */
  readonly reserved: string;
}

/** The network of the machines. */
export interface AwsVpc {
  /** IPv4 range, /16 to /28. Default: 10.0.0.0/16. */
  readonly cidr: string;
  /** Id of an existing VPC: the stack then creates no VPC, gateways, routes or subnets. */
  readonly id?: string;
  /** The stack reserves the part of each subnet for fixed addresses. False: the VPC's owner has done it. */
  readonly cidrReservations: boolean;
  /** One for each zone and type in use. Existing subnets have an `id`. */
  readonly subnets: readonly AwsSubnet[];
  /** Names of zones in use, in order. */
  readonly zones: readonly string[];
  /** NAT gateways for private subnets: none, one for all, or one for each zone. */
  readonly nat: "none" | "one" | "perZone";
  /** Gateway endpoint of S3; free. */
  readonly s3Endpoint: boolean;
  /** Interface endpoints of services. Undefined: none. */
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
  /** Your own image of the family `os`. Undefined: the publisher's newest. */
  readonly ami?: string;
}

/** A control-plane node as an EC2 instance. The `Machine` of the same name in `settings.machines` is kubeadm's part. */
export interface AwsControlPlaneInstance {
  /** `cp-1` to `cp-7`. */
  readonly name: string;
  /** Name of its subnet. */
  readonly subnet: string;
  /** Its fixed private address, from the subnet's reserved part. */
  readonly address: string;
}

/** What all control-plane nodes share, and where each is. */
export interface AwsControlPlane {
  /** EC2 instance type with at least two vCPUs and 2 GiB, as kubeadm requires. */
  readonly instanceType: string;
  /** Architecture of the instance type. */
  readonly architecture: Architecture;
  /** Image that a new control-plane node boots. A newer image replaces none. */
  readonly image: AwsImage;
  /** Root volume of each control-plane node. It contains etcd's data unless `etcdVolume` is set. */
  readonly volume: AwsVolume;
  /**
   * Volume for /var/lib/etcd, deleted with its instance. Undefined: etcd uses the root volume. An instance gets it,
   * or another size of it, only when it is created.
   */
  readonly etcdVolume?: AwsVolume;
  /** EC2 refuses to terminate the instances. Default: `protect`. */
  readonly terminationProtection: boolean;
  /**
   * Names of control-plane nodes whose instances the stack may delete: neither Pulumi nor EC2 protects them. Default:
   * none.
   */
  readonly deletable: readonly string[];
  /** Your own packages. */
  readonly packages: readonly string[];
  /** Managed policies of their role, and more security groups. */
  readonly attached: Attached;
  /** 1, 3, 5 or 7, in alternating zones. */
  readonly instances: readonly AwsControlPlaneInstance[];
}

/** Similar workers in one Auto Scaling group. */
export interface AwsPool extends RefreshPercents {
  /** Key under `workers`, and part of the nodes' role label. */
  readonly name: string;
  /** `windows-2022` and `windows-2025` pools have user data in PowerShell. */
  readonly platform: "linux" | "windows";
  /** Undefined for Windows. */
  readonly image?: AwsImage;
  /** Windows Server's release; undefined for Linux. */
  readonly windows?: { readonly release: "2022" | "2025"; readonly ami?: string };
  /** Preferred type first. The others are for spot, or if the first is not available. */
  readonly instanceTypes: readonly string[];
  /** Architecture of all its instance types. */
  readonly architecture: Architecture;
  /** Minimum number of nodes. The size is fixed if it equals `max`. */
  readonly min: number;
  /** Maximum number of nodes, 0 to 1000. */
  readonly max: number;
  /** Names of subnets. */
  readonly subnets: readonly string[];
  /** Root volume of each node. */
  readonly volume: AwsVolume;
  /** More blank volumes of each node; `extraVolumeDevice` names their devices. */
  readonly volumes: readonly AwsVolume[];
  /** Labels of every node, besides the library's. */
  readonly labels: Readonly<Record<string, string>>;
  /** Taints of every node. Default: none; on Windows, one that keeps Linux pods away. */
  readonly taints: readonly Taint[];
  /** Spot instances above `onDemandBase`. Undefined: on-demand instances only. */
  readonly spot?: {
    /** The first nodes that are on demand; default 0. */
    readonly onDemandBase: number;
    /** Percentage of on-demand nodes above `onDemandBase`, 0 to 99. Default: 0. */
    readonly onDemandPercent: number;
    /** US dollars an hour; undefined: the on-demand price. */
    readonly maxPrice?: string;
  };
  /** The boot script switches EC2's source/destination check off for its own instance. */
  readonly sourceDestinationCheckOff: boolean;
  /**
   * How long the program waits for the pool's next node, in seconds. After twice that time the group terminates an
   * instance that is not a node, and starts another. Default: 900; on Windows 1800.
   */
  readonly joinTimeoutSeconds: number;
  /** Replaces nodes that stay NotReady. Undefined: off. */
  readonly repair?: RepairSettings;
  /** Revision of the pool. A higher number replaces all nodes. */
  readonly revision: number;
  /** Your own packages. */
  readonly packages: readonly string[];
  /** Managed policies of their role, and more security groups. */
  readonly attached: Attached;
  /** More tags on instances and volumes. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Who may connect from outside, and how. */
export interface AwsAccess {
  /** Ranges that may call the API from outside. */
  readonly api: readonly string[];
  /** Ranges that may log in over SSH. */
  readonly ssh: readonly string[];
  /** Ranges that may call NodePorts. Empty: none. */
  readonly nodePorts: readonly string[];
  /** `private`: the API has no public address. */
  readonly endpointAccess: "public" | "private";
  /**
   * How the program reaches control-plane nodes and a private API: `direct` to public addresses, through the bastion,
   * or over a VPN or peering into the VPC.
   */
  readonly connectVia: "direct" | "bastion" | "vpn";
  /** Instances accept sessions of Systems Manager. */
  readonly sessionManager: boolean;
}

/** The jump host. It forwards SSH and, if the API is private, the API. */
export interface AwsBastion {
  /** EC2 instance type. Default: `t3.micro`; on arm64 `t4g.micro`. */
  readonly instanceType: string;
  /** Architecture of the instance type. */
  readonly architecture: Architecture;
  /** Image that a new bastion boots. */
  readonly image: AwsImage;
  /** Name of its public subnet. */
  readonly subnet: string;
  /** Its fixed private address. */
  readonly address: string;
}

/** What is in front of the API servers. */
export interface AwsEndpoint {
  /**
   * An internal network load balancer in front of the control-plane nodes. False: the address of the only
   * control-plane node.
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

/** IAM roles for service accounts: an issuer that IAM trusts. */
export interface AwsPodIdentity {
  /** `sts.amazonaws.com` and the API's own audience. */
  readonly audiences: readonly string[];
}

/** Settings of `platform: aws`. */
export interface AwsSettings {
  /** AWS region, such as `eu-central-1`, from the provider's setting `aws:region`. */
  readonly region: string;
  /** `aws`, `aws-cn` or `aws-us-gov`, by region. */
  readonly partition: string;
  /** The VPC, new or existing. */
  readonly vpc: AwsVpc;
  /** Access from outside. What nodes need among themselves follows from the flows. */
  readonly access: AwsAccess;
  /** `strict`: security groups allow only outgoing traffic in the flows and `allowed`. */
  readonly egress: "open" | "strict";
  /** Who may log in to control-plane nodes and the bastion. */
  readonly ssh: {
    /** `generated`: the stack creates a key. Otherwise a name in `kubeadm:secrets`. */
    readonly key: string;
    /** More public keys that may log in, one per line. */
    readonly authorizedKeys: readonly string[];
  };
  /** Undefined: there is none. */
  readonly bastion?: AwsBastion;
  /** The load balancer, and names that point to it. */
  readonly endpoint: AwsEndpoint;
  /** The control-plane nodes' instances. */
  readonly controlPlane: AwsControlPlane;
  /** In the order of the settings. */
  readonly pools: readonly AwsPool[];
  /** What Windows nodes download; undefined where no pool has them. */
  readonly windows?: { readonly downloads: readonly WindowsDownload[] };
  /** IAM roles for service accounts. Undefined: off. */
  readonly podIdentity?: AwsPodIdentity;
  /** AWS' cloud controller manager; its version. */
  readonly cloudProvider: { readonly image: string; readonly chart: string };
  /** EBS CSI driver with a default StorageClass; undefined: switched off. */
  readonly storage?: { readonly chart: string; readonly kmsKeyId?: string };
  /** Cluster Autoscaler. Undefined: it is not installed. */
  readonly clusterAutoscaler?: ClusterAutoscalerSettings;
  /** AWS Load Balancer Controller. Undefined: it is not installed. */
  readonly loadBalancerController?: LoadBalancerControllerSettings;
  /** What a destroy does with what controllers created. */
  readonly onDestroy: OnDestroySettings;
  /** Linux nodes pull from ECR. Undefined: they do not log in. */
  readonly ecr?: EcrSettings;
  /** Path of roles and instance profiles; undefined: `/`. */
  readonly rolePath?: string;
  /** ARN of the policy that limits every role. Undefined: none. */
  readonly permissionsBoundary?: string;
  /** Tags of every resource that takes tags. */
  readonly tags: Readonly<Record<string, string>>;
}
