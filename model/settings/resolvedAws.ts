import type { WindowsDownload } from "../windows/downloads";
import type { Architecture, OsFamily, Taint } from "./resolved";

/** Image families on AWS whose newest image is looked up by their publisher's public SSM parameter. */
export type AwsOs = Extract<OsFamily, "ubuntu-24.04" | "debian-12" | "debian-13" | "amazon-linux-2023">;

export interface AwsSubnet {
  /** `public-a`, `private-b`: what it is for and the zone's letter. */
  readonly name: string;
  /** As `eu-central-1a`. */
  readonly zone: string;
  readonly cidr: string;
  /** `public`: a route to the internet gateway, and public addresses. */
  readonly reach: "public" | "private";
  /** Set where the subnet exists already. */
  readonly id?: string;
  /** The part of `cidr` that AWS hands out to nobody by itself: addresses of masters and of the internal balancer. */
  readonly reserved: string;
}

export interface AwsVpc {
  readonly cidr: string;
  /** Set where the VPC exists already: neither it nor gateways, routes and subnets are made. */
  readonly id?: string;
  readonly subnets: readonly AwsSubnet[];
  /** Names of zones in use, in order. */
  readonly zones: readonly string[];
  /** NAT gateways for private subnets: none, one for all, one for each zone. */
  readonly nat: "none" | "one" | "perZone";
  /** Gateway endpoint of S3; free. */
  readonly s3Endpoint: boolean;
  /** Flow logs into CloudWatch, kept for that many days. */
  readonly flowLogs?: { readonly retentionDays: number };
}

export interface AwsVolume {
  readonly sizeGiB: number;
  /** gp3; I/O operations per second, 3000 to 16000. */
  readonly iops: number;
  /** gp3; MiB per second, 125 to 1000. */
  readonly throughput: number;
  /** ARN of a KMS key; undefined: the account's default for EBS. Volumes are encrypted in any case. */
  readonly kmsKeyId?: string;
}

export interface AwsImage {
  readonly os: AwsOs;
  /** An image of one's own, of the family `os`; undefined: the publisher's newest. */
  readonly ami?: string;
}

/** What a master is as an EC2 instance; kubeadm's part of it is the `Machine` of the same name in `settings.machines`. */
export interface AwsMaster {
  readonly name: string;
  /** Name of its subnet. */
  readonly subnet: string;
  /** Its fixed private address, from the subnet's reserved part. */
  readonly address: string;
}

export interface AwsControlPlane {
  readonly instanceType: string;
  readonly architecture: Architecture;
  readonly image: AwsImage;
  readonly volume: AwsVolume;
  /** Of the EC2 API: an instance cannot be ended by accident. */
  readonly terminationProtection: boolean;
  readonly masters: readonly AwsMaster[];
}

export interface AwsPool {
  readonly name: string;
  /** `windows-2022` and `windows-2025` pools have user data in PowerShell. */
  readonly platform: "linux" | "windows";
  /** Undefined for Windows. */
  readonly image?: AwsImage;
  /** Windows Server's release; undefined for Linux. */
  readonly windows?: { readonly release: "2022" | "2025"; readonly ami?: string };
  /** First choice first; the others for spot or when the first is short. */
  readonly instanceTypes: readonly string[];
  readonly architecture: Architecture;
  /** Fixed when equal. */
  readonly min: number;
  readonly max: number;
  /** Names of subnets. */
  readonly subnets: readonly string[];
  readonly volume: AwsVolume;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Spot instances above `onDemandBase`; undefined: on demand only. */
  readonly spot?: {
    readonly onDemandBase: number;
    readonly onDemandPercent: number;
    readonly maxPrice?: string;
  };
  /** The boot script switches EC2's source/destination check off for its own instance. */
  readonly sourceDestinationCheckOff: boolean;
  /** Percentage of the pool that stays in service during a rolling refresh. */
  readonly minHealthyPercent: number;
  /** Seconds the program waits for the pool's nodes. */
  readonly joinTimeout: number;
  /** Raised by hand to replace all nodes. */
  readonly generation: number;
  /** More tags on instances and volumes. */
  readonly tags: Readonly<Record<string, string>>;
}

export interface AwsAccess {
  /** Ranges that may call the API from outside. */
  readonly api: readonly string[];
  /** Ranges that may open SSH. */
  readonly ssh: readonly string[];
  readonly nodePorts: readonly string[];
  /** `private`: the API has no public address. */
  readonly endpoint: "public" | "private";
  /**
   * How the program reaches masters, and a private API: `direct` to public addresses, through the bastion, or over a VPN
   * or peering that leads into the VPC.
   */
  readonly through: "direct" | "bastion" | "vpn";
}

export interface AwsBastion {
  readonly instanceType: string;
  readonly architecture: Architecture;
  readonly image: AwsImage;
  /** Name of its public subnet. */
  readonly subnet: string;
  /** Its fixed private address. */
  readonly address: string;
}

export interface AwsEndpoint {
  /** An internal network load balancer in front of the masters; false: the one master's own address. */
  readonly loadBalancer: boolean;
  /** Private addresses that the endpoint's name has in the hosts files: the balancer's, one a subnet, or the master's. */
  readonly addresses: readonly { readonly subnet: string; readonly address: string }[];
  /** A record in Route 53 for people, in front of the public address (or the private one where there is no other). */
  readonly dns?: { readonly zoneId: string; readonly name: string };
}

export interface AwsPodIdentity {
  /** `sts.amazonaws.com` and the API's own. */
  readonly audiences: readonly string[];
}

export interface AwsSettings {
  readonly region: string;
  /** `aws`, `aws-cn`, `aws-us-gov`: by region. */
  readonly partition: string;
  readonly vpc: AwsVpc;
  readonly access: AwsAccess;
  /** `strict`: groups let out only what the flows and `allowed` name. */
  readonly egress: "open" | "strict";
  readonly ssh: {
    /** `generated`: a key made in the stack; else a name in `kubeadm:secrets`. */
    readonly key: string;
    /** More public keys that may log on, one line each. */
    readonly authorizedKeys: readonly string[];
  };
  readonly bastion?: AwsBastion;
  readonly endpoint: AwsEndpoint;
  readonly controlPlane: AwsControlPlane;
  readonly pools: readonly AwsPool[];
  /** What Windows nodes download; undefined where no pool has them. */
  readonly windows?: { readonly downloads: readonly WindowsDownload[] };
  /** IAM roles for service accounts from the first boot; undefined: switched off. */
  readonly podIdentity?: AwsPodIdentity;
  /** AWS' cloud controller manager; its version. */
  readonly cloudProvider: { readonly image: string; readonly chart: string };
  /** EBS CSI driver with a default StorageClass; undefined: switched off. */
  readonly storage?: { readonly chart: string; readonly kmsKeyId?: string };
  /** On everything that takes tags. */
  readonly tags: Readonly<Record<string, string>>;
}
