import type { Switched } from "../core/enabled";
import type { AttachedInput, AwsIamInput } from "./attached/settings";
import type { ClusterAutoscalerInput } from "./autoscaler/settings";
import type { EcrInput } from "./ecr/settings";
import type { VpcEndpointsInput } from "./endpoints/settings";
import type { OnDestroyInput } from "./leftovers/settings";
import type { LoadBalancerControllerInput } from "./loadBalancers/settings";
import type { RepairInput } from "./repair/settings";
import type { RefreshInput } from "./refresh/settings";
import type { AwsOs } from "./settings";
import type { ChecksumInput } from "../settings/input/nodes";
import type { TaintInput } from "../settings/input/machines";
import type { NetworkInput } from "../settings/input/network";

/** Whether nodes of a subnet have public addresses. */
export type SubnetType = "public" | "private";

/** Address ranges and the VPC. */
export interface AwsNetworkInput extends NetworkInput {
  /**
   * Range of the VPC, /16 to /28. It must not overlap pods, Services or peers. Required with `network.existing`.
   *
   * @defaultValue `10.0.0.0/16`
   */
  vpcCidr?: string;
  /**
   * Availability zones: a number takes the region's first; a list names them by letter or name. Use a list if your
   * account lacks one of the first zones, as in some old regions.
   *
   * @defaultValue `1` with one control-plane node, otherwise `3`
   */
  zones?: number | readonly string[];
  /**
   * NAT gateways for private subnets. `one` is cheaper, but all zones depend on its zone. `none` with private nodes
   * requires `endpoints`.
   *
   * @defaultValue `one` with private nodes, otherwise `none`
   */
  nat?: "none" | "one" | "perZone";
  /**
   * Prefix length of subnets, 16 to 26. A change replaces all subnets.
   *
   * @defaultValue the VPC's plus 4, at most 26
   */
  subnetMask?: number;
  /**
   * Creates a gateway endpoint of S3, which makes traffic to S3 free.
   *
   * @defaultValue `true`
   */
  s3Endpoint?: boolean;
  /**
   * Interface endpoints for the AWS services that the cluster calls. Each costs about 7 dollars a month per zone.
   * With endpoints and `nat: none`, private nodes have no internet access, and need `downloads.mirror` and a registry
   * in the network.
   *
   * @defaultValue none: calls use NAT or public addresses
   */
  endpoints?: VpcEndpointsInput;
  /**
   * Flow logs of the VPC, in CloudWatch.
   *
   * @defaultValue none
   */
  flowLogs?: FlowLogsInput;
  /**
   * An existing VPC with the subnets to use. The library does not change its gateways, routes or endpoints.
   *
   * @defaultValue none: the stack creates a VPC
   */
  existing?: ExistingVpcInput;
}

/** Flow logs of the VPC. */
export interface FlowLogsInput extends Switched {
  /**
   * How long CloudWatch keeps them, in days.
   *
   * @defaultValue `30`
   */
  retentionDays?:
    | 1
    | 3
    | 5
    | 7
    | 14
    | 30
    | 60
    | 90
    | 120
    | 150
    | 180
    | 365
    | 400
    | 545
    | 731
    | 1096
    | 1827
    | 2192
    | 2557
    | 2922
    | 3288
    | 3653;
}

/** An existing VPC. */
export interface ExistingVpcInput {
  /** Id of the VPC, such as `vpc-0123456789abcdef0`. */
  vpcId: string;
  /** The subnets to use: one for each zone and type. */
  subnets: readonly ExistingSubnetInput[];
  /**
   * Reserves the second to last /28 of each subnet for fixed addresses. With `false` the VPC's owner must create
   * these reservations before the first `pulumi up`, as in a VPC that another account shares through AWS RAM.
   *
   * @defaultValue `true`
   */
  cidrReservations?: boolean;
}

/** An existing subnet. */
export interface ExistingSubnetInput {
  /** Id of the subnet, such as `subnet-0123456789abcdef0`. */
  id: string;
  /** Range of the subnet, /26 or larger, within `network.vpcCidr`. Its second to last /28 must be free. */
  cidr: string;
  /** Letter or name of its availability zone, as the cluster's account names it. */
  zone: string;
  /** `public`: the subnet assigns public addresses. `private`: it has a route to the internet through NAT. */
  subnetType: SubnetType;
}

/** Who may reach the cluster, and how. Everything else is closed. */
export interface AwsAccessInput {
  /** IPv4 ranges that may call the API. `0.0.0.0/0` is accepted, with an advisory. */
  api: readonly string[];
  /**
   * IPv4 ranges that may log in over SSH: to the bastion if there is one, otherwise to the control-plane nodes.
   * Include the range of the machine that runs Pulumi.
   */
  ssh: readonly string[];
  /**
   * IPv4 ranges that may call NodePorts.
   *
   * @defaultValue none
   */
  nodePorts?: readonly string[];
  /**
   * `public`: the API has a public address. `private`: it has none.
   *
   * @defaultValue `private` with `connectVia: vpn`, otherwise `public`
   */
  endpointAccess?: "public" | "private";
  /**
   * How the program reaches control-plane nodes and a private API. `vpn`: the machine that runs Pulumi has a route
   * into the VPC.
   *
   * @defaultValue `bastion` with a bastion, otherwise `direct`
   */
  connectVia?: "direct" | "bastion" | "vpn";
  /**
   * Gives instances the permissions of the Systems Manager agent, so that people can use `aws ssm start-session` in
   * place of SSH. The program still logs in to control-plane nodes over SSH.
   *
   * @defaultValue `false`
   */
  sessionManager?: boolean;
  /**
   * Another address of the API for people and the program, such as that of a VPN: a DNS name or an IPv4 address.
   *
   * @defaultValue the address that AWS assigns
   */
  host?: string;
  /**
   * Port of that address.
   *
   * @defaultValue `6443`
   */
  port?: number;
}

/** An encrypted gp3 volume. */
export interface VolumeInput {
  /**
   * Size in GiB. At least 30 for Windows.
   *
   * @defaultValue `30`; etcd's `20`; Windows `80`
   */
  sizeGiB?: number;
  /**
   * I/O operations per second, at most 500 for each GiB.
   *
   * @defaultValue `3000`
   */
  iops?: number;
  /**
   * Throughput in MiB per second, at most a quarter of `iops`.
   *
   * @defaultValue `125`
   */
  throughput?: number;
  /**
   * ARN of the KMS key. Ids and aliases are refused: EC2 returns the ARN, so every preview would show a difference.
   *
   * @defaultValue the account's key for EBS
   */
  kmsKeyId?: string;
}

/** The control-plane nodes. Instances are named `cp-1`, `cp-2` and so on, in alternating zones. */
export interface ControlPlaneInput extends AttachedInput {
  /** Number of control-plane nodes: 1, 3, 5 or 7. */
  count: number;
  /** EC2 instance type, with at least two vCPUs and 2 GiB of memory. */
  instanceType: string;
  /**
   * Operating system. A new instance boots its publisher's newest image. `rhel-9` (RHEL or AlmaLinux 9, with user
   * `ec2-user`) requires `ami`, because Red Hat publishes no such parameter.
   *
   * @defaultValue `ubuntu-24.04`
   */
  os?: AwsOs;
  /**
   * Id of an image of that operating system, such as `ami-0123456789abcdef0`. Its root device must have the same name
   * as in the publisher's images.
   *
   * @defaultValue the publisher's newest
   */
  ami?: string;
  /**
   * CPU architecture. Required for instance types that the library does not know.
   *
   * @defaultValue that of the instance type
   */
  architecture?: "amd64" | "arm64";
  /**
   * Type of subnet. A change replaces the instances, so decide before the first `pulumi up`.
   *
   * @defaultValue `private` with a bastion or `connectVia: vpn`, otherwise `public`
   */
  subnetType?: SubnetType;
  /** Root volume. */
  volume?: VolumeInput;
  /**
   * A separate volume for `/var/lib/etcd`, deleted with its instance. `{}` uses the defaults.
   *
   * @defaultValue none: etcd uses the root volume
   */
  etcdVolume?: VolumeInput;
  /**
   * EC2 refuses to terminate the instances.
   *
   * @defaultValue `protect`
   */
  terminationProtection?: boolean;
  /**
   * Names of nodes whose instances lose the protection by Pulumi and EC2 for as long as they are listed.
   *
   * @defaultValue none
   */
  deletable?: readonly string[];
  /**
   * Labels of every control-plane node. AWS' controllers set zone, region and instance type.
   *
   * @defaultValue none
   */
  labels?: Record<string, string>;
  /**
   * Taints of every control-plane node. With `[]`, ordinary pods run there.
   *
   * @defaultValue `node-role.kubernetes.io/control-plane:NoSchedule`
   */
  taints?: readonly TaintInput[];
  /**
   * Revision of each instance, by node name. A higher number replaces the instance.
   *
   * @defaultValue `1` each
   */
  revisions?: Record<string, number>;
  /**
   * Packages to install, by their names in the system's package manager, such as `nfs-common`. Installed packages
   * keep their version.
   *
   * @defaultValue none
   */
  packages?: readonly string[];
  /**
   * Puts a network load balancer in front of a single control-plane node, so that you can add more without a new
   * address.
   *
   * @defaultValue `true` with several nodes, and with one private node and a public endpoint
   */
  loadBalancer?: boolean;
}

/** A worker pool: an Auto Scaling group of fixed size (`count`), or between `min` and `max`. */
export interface WorkerPoolInput extends AttachedInput, RefreshInput {
  /**
   * Number of nodes. Cannot be used with `min` and `max`.
   *
   * @defaultValue `1`
   */
  count?: number;
  /**
   * Minimum number of nodes.
   *
   * @defaultValue `1` with `max`
   */
  min?: number;
  /**
   * Maximum number of nodes. Required with `min`. The nodes of all pools must fit into `network.maxNodes` and into
   * the subnets.
   *
   * @defaultValue none
   */
  max?: number;
  /**
   * Preferred EC2 instance type. Required without `instanceTypes`.
   *
   * @defaultValue the first of `instanceTypes`
   */
  instanceType?: string;
  /**
   * More EC2 instance types of the same architecture, for spot instances and for times when the preferred type is not
   * available.
   *
   * @defaultValue none
   */
  instanceTypes?: readonly string[];
  /**
   * Operating system. A new instance boots its publisher's newest image; `rhel-9` requires `ami`.
   *
   * @defaultValue `ubuntu-24.04`
   */
  os?: AwsOs | "windows-2022" | "windows-2025";
  /**
   * Id of an image of that operating system, such as `ami-0123456789abcdef0`. Its root device must have the same name
   * as in the publisher's images.
   *
   * @defaultValue the publisher's newest
   */
  ami?: string;
  /**
   * CPU architecture. Required for instance types that the library does not know.
   *
   * @defaultValue that of the instance type
   */
  architecture?: "amd64" | "arm64";
  /**
   * Type of subnets.
   *
   * @defaultValue that of the control plane
   */
  subnetType?: SubnetType;
  /**
   * Letters or names of availability zones.
   *
   * @defaultValue those of `network.zones`
   */
  zones?: readonly string[];
  /** Root volume. */
  volume?: VolumeInput;
  /**
   * Labels of every node. AWS' controllers set zone, region and instance type.
   *
   * @defaultValue none
   */
  labels?: Record<string, string>;
  /**
   * Taints of every node.
   *
   * @defaultValue none
   */
  taints?: readonly TaintInput[];
  /**
   * Uses spot instances.
   *
   * @defaultValue on-demand instances only
   */
  spot?: SpotInput;
  /**
   * Lets instances switch off EC2's source/destination check. flannel's host-gw needs this; Calico's bgp and
   * vxlan-cross-subnet do it themselves.
   *
   * @defaultValue `false`
   */
  sourceDestinationCheckOff?: boolean;
  /**
   * How long `pulumi up` waits for the pool's next node, in seconds. The group replaces an instance that is not Ready
   * after twice that time.
   *
   * @defaultValue `900`; Windows `1800`
   */
  joinTimeoutSeconds?: number;
  /**
   * Packages to install, by their names in the system's package manager, such as `nfs-common`. Installed packages
   * keep their version.
   *
   * @defaultValue none
   */
  packages?: readonly string[];
  /**
   * More volumes of every node, at most 11, as `/dev/sdf`, `/dev/sdg` and so on. They are blank, neither formatted
   * nor mounted, and deleted with the instance: use them for software that takes whole disks, such as a storage
   * operator.
   *
   * @defaultValue none
   */
  volumes?: readonly VolumeInput[];
  /**
   * Replaces nodes that stay NotReady. `{}` uses the defaults.
   *
   * @defaultValue none: EC2 replaces only instances that it considers impaired
   */
  repair?: RepairInput;
  /**
   * Revision of the pool. A higher number replaces all nodes.
   *
   * @defaultValue `1`
   */
  revision?: number;
  /**
   * More tags of instances and volumes. A change replaces the nodes one by one, because EC2 tags them at launch.
   *
   * @defaultValue none
   */
  tags?: Record<string, string>;
}

/** Spot instances of a pool. */
export interface SpotInput extends Switched {
  /**
   * Number of on-demand nodes before the first spot node; less than `max`.
   *
   * @defaultValue `0`
   */
  onDemandBase?: number;
  /**
   * Percentage of on-demand nodes above `onDemandBase`, at most 99.
   *
   * @defaultValue `0`
   */
  onDemandPercent?: number;
  /**
   * Maximum price in US dollars per hour, in quotes, such as `"0.05"`.
   *
   * @defaultValue the on-demand price
   */
  maxPrice?: string;
}

/** Keys that may log in to instances. */
export interface AwsSshInput {
  /**
   * Name in `kubeadm:secrets` of the private key that the program logs in with. With `generated` the stack creates
   * the key.
   *
   * @defaultValue `generated`
   */
  key?: string;
  /**
   * More public keys that may log in, each one line as in a `.pub` file.
   *
   * @defaultValue none
   */
  authorizedKeys?: readonly string[];
}

/** A bastion. It forwards SSH and, if the API is private, the API. `{}` uses the defaults. */
export interface AwsBastionInput {
  /**
   * EC2 instance type.
   *
   * @defaultValue `t3.micro`; on arm64 `t4g.micro`
   */
  instanceType?: string;
  /**
   * Operating system; `rhel-9` requires `ami`.
   *
   * @defaultValue `ubuntu-24.04`
   */
  os?: AwsOs;
  /**
   * Id of an image of that operating system, such as `ami-0123456789abcdef0`. Its root device must have the same name
   * as in the publisher's images.
   *
   * @defaultValue the publisher's newest
   */
  ami?: string;
  /**
   * CPU architecture. Required for instance types that the library does not know.
   *
   * @defaultValue that of the instance type
   */
  architecture?: "amd64" | "arm64";
}

/** The API's address for people. Nodes use `api.<name>.<domain>`. */
export interface AwsEndpointInput {
  /**
   * A record in Route 53.
   *
   * @defaultValue none
   */
  dns?: EndpointDnsInput;
}

/** A record in Route 53. */
export interface EndpointDnsInput {
  /** Id of the hosted zone, such as `Z0123456789ABCDEFGHIJ`. */
  zoneId: string;
  /** DNS name of the record. */
  name: string;
}

/** EBS volumes for pods. */
export interface StorageInput extends Switched {
  /**
   * ARN of the KMS key of the volumes.
   *
   * @defaultValue the account's key for EBS
   */
  kmsKeyId?: string;
}

/** Upgrades of Kubernetes. */
export interface AwsUpgradesInput {
  /**
   * What may stand against an upgrade of Kubernetes: blockers as the report of a refused upgrade names them, such as
   * `podDisruptionBudget/shop/web`.
   *
   * @defaultValue none
   */
  ignore?: readonly string[];
  /**
   * Versions that the control plane goes through in an upgrade over several minor versions, in place of those that the library knows: at most
   * one of each minor version, with kubeadm's SHA-256 checksums where the library has none, or where `downloads.mirror` has builds of your own.
   *
   * @example { "1.35.8": {} }
   * @defaultValue the newest version of each minor version that the library knows
   */
  through?: Record<string, ChecksumInput>;
}

/** Settings of `platform: aws` only. */
export interface AwsPlatformInput {
  /** Upgrades of Kubernetes. How fast pools roll is `workers.<pool>.maxUnavailable`. */
  upgrades?: AwsUpgradesInput;
  /** Address ranges and the VPC. */
  network?: AwsNetworkInput;
  /** Who may reach the cluster, and how. */
  access: AwsAccessInput;
  /** The control-plane nodes. */
  controlPlane: ControlPlaneInput;
  /**
   * Worker pools by name.
   *
   * @defaultValue none
   */
  workers?: Record<string, WorkerPoolInput>;
  /** Keys that may log in to instances. */
  ssh?: AwsSshInput;
  /**
   * A bastion, which puts control-plane nodes and workers into private subnets.
   *
   * @defaultValue none
   */
  bastion?: AwsBastionInput;
  /** The API's address for people. */
  endpoint?: AwsEndpointInput;
  /**
   * `open`: instances may connect to anything. `strict`: they may connect only to what a component needs, to HTTP and
   * HTTPS, and to the ports of resolvers, registries, proxies and the OIDC issuer.
   *
   * @defaultValue `open`
   */
  egress?: "open" | "strict";
  /** IAM roles that the stack creates. */
  iam?: AwsIamInput;
  /**
   * Pulls from private registries of Amazon ECR. `{}` uses the defaults.
   *
   * @defaultValue none: kubelets do not log in to ECR
   */
  ecr?: EcrInput;
  /**
   * IAM roles for service accounts.
   *
   * @defaultValue `true`
   */
  podIdentity?: boolean;
  /**
   * The EBS CSI driver, with an encrypted default StorageClass.
   *
   * @defaultValue `{ enabled: true }`
   */
  storage?: StorageInput;
  /**
   * Cluster Autoscaler, for pools with `min` and `max`.
   *
   * @defaultValue none: `up` starts such a pool with `min` nodes, and something else sets its size
   */
  clusterAutoscaler?: ClusterAutoscalerInput;
  /**
   * AWS Load Balancer Controller, for Ingresses of the class `alb` and network load balancers of Services.
   *
   * @defaultValue none: the cloud controller manager creates load balancers, which are classic ones unless a Service has
   * the annotation `service.beta.kubernetes.io/aws-load-balancer-type: nlb`
   */
  loadBalancerController?: LoadBalancerControllerInput;
  /**
   * What `pulumi destroy` does with what controllers in the cluster created on AWS.
   *
   * @defaultValue load balancers are deleted, volumes of claims are kept and listed
   */
  onDestroy?: OnDestroyInput;
  /**
   * Tags of every resource that takes tags. Keys of AWS and Kubernetes are refused. A change replaces workers one by
   * one.
   *
   * @defaultValue none
   */
  tags?: Record<string, string>;
}
