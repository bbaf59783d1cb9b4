import type { Switched } from "../core/enabled";
import type { AttachedInput, AwsIamInput } from "./attached/settings";
import type { EcrInput } from "./ecr/settings";
import type { VpcEndpointsInput } from "./endpoints/settings";
import type { RepairInput } from "./repair/settings";
import type { RefreshInput } from "./refresh/settings";
import type { AwsOs } from "./settings";
import type { TaintInput } from "../settings/input/machines";
import type { NetworkInput } from "../settings/input/network";

/** Whether nodes of a subnet have public addresses. */
export type SubnetType = "public" | "private";

/** Address ranges and the VPC. */
export interface AwsNetworkInput extends NetworkInput {
  /**
   * Range of the VPC, from /16 to /28, which may not overlap pods, services or peers. Required with `network.existing`.
   *
   * @defaultValue `10.0.0.0/16`
   */
  vpcCidr?: string;
  /**
   * Availability zones: how many, the region's first; or their letters or names. An account may lack a zone of an old region: list
   * the others.
   *
   * @defaultValue `1` with one control-plane node, else `3`
   */
  zones?: number | string[];
  /**
   * NAT gateways for private subnets. `one` is cheaper, and all zones depend on its zone. `none` with private nodes requires
   * `endpoints`.
   *
   * @defaultValue `one` with private nodes, else `none`
   */
  nat?: "none" | "one" | "perZone";
  /**
   * Prefix length of subnets, from 16 to 26. Another one replaces all subnets.
   *
   * @defaultValue the VPC's and 4, at most 26
   */
  subnetMask?: number;
  /**
   * Gateway endpoint of S3, which makes traffic to S3 free.
   *
   * @defaultValue `true`
   */
  s3Endpoint?: boolean;
  /**
   * Interface endpoints for the AWS services that the cluster calls, each about 7 dollars a month per zone. With them and
   * `nat: none` private nodes have no internet access, and need `downloads.mirror` and a registry inside.
   *
   * @defaultValue none: calls use NAT or public addresses
   */
  endpoints?: VpcEndpointsInput;
  /**
   * Flow logs of the VPC in CloudWatch.
   *
   * @defaultValue none
   */
  flowLogs?: FlowLogsInput;
  /**
   * An existing VPC, with the subnets to use. The library does not change its gateways, routes and endpoints.
   *
   * @defaultValue none: a VPC is created
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
  subnets: ExistingSubnetInput[];
  /**
   * Reserves the last but one /28 of each subnet, which fixed addresses come from. `false` where that is not the account's to do, as in
   * a VPC that another account shares by AWS RAM: its owner makes these reservations before the first `pulumi up`.
   *
   * @defaultValue `true`
   */
  cidrReservations?: boolean;
}

/** An existing subnet. */
export interface ExistingSubnetInput {
  /** Id of the subnet, such as `subnet-0123456789abcdef0`. */
  id: string;
  /** Range of the subnet, /26 or larger, within `network.vpcCidr`. Its last but one /28 must be free. */
  cidr: string;
  /** Letter or name of its availability zone, as the account of the cluster names it. */
  zone: string;
  /** `public`: the subnet assigns public addresses. `private`: it has a route to the internet through NAT. */
  subnetType: SubnetType;
}

/** Who may reach the cluster, and how. Everything else is closed. */
export interface AwsAccessInput {
  /** IPv4 ranges that may call the API. `0.0.0.0/0` is accepted, with an advisory. */
  api: string[];
  /** IPv4 ranges that may log in over SSH: to the bastion, if there is one, else to the control-plane nodes. Include the program's. */
  ssh: string[];
  /**
   * IPv4 ranges that may call NodePorts.
   *
   * @defaultValue none
   */
  nodePorts?: string[];
  /**
   * `private`: the API has no public address.
   *
   * @defaultValue `private` with `connectVia: vpn`, else `public`
   */
  endpointAccess?: "public" | "private";
  /**
   * How the program reaches control-plane nodes and a private API. `vpn`: the machine that runs Pulumi has a route into the VPC.
   *
   * @defaultValue `bastion` with a bastion, else `direct`
   */
  connectVia?: "direct" | "bastion" | "vpn";
  /**
   * The roles of instances let the agent of Systems Manager hold sessions, so that people need no SSH: `aws ssm start-session`. The
   * program itself goes on to log in to control-plane nodes over SSH.
   *
   * @defaultValue `false`
   */
  sessionManager?: boolean;
  /**
   * Another address of the API for people and the program, such as that of a VPN: a DNS name or IPv4 address.
   *
   * @defaultValue what AWS gives
   */
  host?: string;
  /**
   * Port of that address.
   *
   * @defaultValue `6443`
   */
  port?: number;
}

/** A gp3 volume, encrypted. */
export interface VolumeInput {
  /**
   * Size in GiB. At least 30 for Windows.
   *
   * @defaultValue `30`; etcd's `20`; Windows `80`
   */
  sizeGiB?: number;
  /**
   * I/O operations a second, at most 500 for each GiB.
   *
   * @defaultValue `3000`
   */
  iops?: number;
  /**
   * Throughput in MiB a second, at most a quarter of `iops`.
   *
   * @defaultValue `125`
   */
  throughput?: number;
  /**
   * ARN of the KMS key. Ids and aliases are refused: EC2 answers with the ARN, so that every preview would show a difference.
   *
   * @defaultValue the account's key for EBS
   */
  kmsKeyId?: string;
}

/** The control-plane nodes: instance `i` is `cp-<i>`, in alternating zones. */
export interface ControlPlaneInput extends AttachedInput {
  /** How many: 1, 3, 5 or 7. */
  count: number;
  /** EC2 instance type, with at least two vCPUs and 2 GiB of memory. */
  instanceType: string;
  /**
   * Operating system. The newest image of its publisher is taken when an instance is created; Red Hat publishes none, so `rhel-9`
   * (RHEL or AlmaLinux 9, whose account is `ec2-user`) requires `ami`.
   *
   * @defaultValue `ubuntu-24.04`
   */
  os?: AwsOs;
  /**
   * Id of an image of that operating system, such as `ami-0123456789abcdef0`. Its root device must be named as the publisher's images have it.
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
   * Kind of subnet. Another one replaces the instances: decide before the first `pulumi up`.
   *
   * @defaultValue `private` with a bastion or `connectVia: vpn`, else `public`
   */
  subnetType?: SubnetType;
  /** Root volume. */
  volume?: VolumeInput;
  /**
   * A separate volume for `/var/lib/etcd`, deleted with its instance. `{}` uses the defaults.
   *
   * @defaultValue none: etcd is on the root volume
   */
  etcdVolume?: VolumeInput;
  /**
   * EC2 refuses to terminate the instances.
   *
   * @defaultValue `protect`
   */
  terminationProtection?: boolean;
  /**
   * Names of nodes whose instances neither Pulumi nor EC2 protects, for as long as they are listed.
   *
   * @defaultValue none
   */
  deletable?: string[];
  /**
   * Labels of every control-plane node. AWS' controllers set zone, region and instance type.
   *
   * @defaultValue none
   */
  labels?: Record<string, string>;
  /**
   * Taints of every control-plane node. `[]` lets ordinary pods run there.
   *
   * @defaultValue `node-role.kubernetes.io/control-plane:NoSchedule`
   */
  taints?: TaintInput[];
  /**
   * Numbers by node name. Raise one to replace that node's instance.
   *
   * @defaultValue `1` each
   */
  revisions?: Record<string, number>;
  /**
   * Packages that setup installs, by the names of the system's package manager, such as `nfs-common`. Installed packages keep their version.
   *
   * @defaultValue none
   */
  packages?: string[];
  /**
   * A network load balancer in front of one control-plane node, so that more can be added without a new address.
   *
   * @defaultValue `true` with several, and with one private node and a public endpoint
   */
  loadBalancer?: boolean;
}

/** A worker pool: an auto scaling group, fixed by `count`, or between `min` and `max`. */
export interface WorkerPoolInput extends AttachedInput, RefreshInput {
  /**
   * Number of nodes. Not together with `min` and `max`.
   *
   * @defaultValue `1`
   */
  count?: number;
  /**
   * Fewest nodes.
   *
   * @defaultValue `1` with `max`
   */
  min?: number;
  /**
   * Most nodes. Required with `min`. All nodes together must fit into `network.maxNodes` and into the subnets.
   *
   * @defaultValue none
   */
  max?: number;
  /**
   * EC2 instance type, the first choice. Required without `instanceTypes`.
   *
   * @defaultValue the first of `instanceTypes`
   */
  instanceType?: string;
  /**
   * More EC2 instance types of the same architecture, for spot and for when the first is not available.
   *
   * @defaultValue none
   */
  instanceTypes?: string[];
  /**
   * Operating system. The newest image of its publisher is taken at each launch; `rhel-9` requires `ami`.
   *
   * @defaultValue `ubuntu-24.04`
   */
  os?: AwsOs | "windows-2022" | "windows-2025";
  /**
   * Id of an image of that operating system, such as `ami-0123456789abcdef0`. Its root device must be named as the publisher's images have it.
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
   * Kind of subnets.
   *
   * @defaultValue that of the control plane
   */
  subnetType?: SubnetType;
  /**
   * Letters or names of availability zones.
   *
   * @defaultValue those of `network.zones`
   */
  zones?: string[];
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
  taints?: TaintInput[];
  /**
   * Spot instances.
   *
   * @defaultValue on-demand instances only
   */
  spot?: SpotInput;
  /**
   * Lets instances switch off EC2's check of source and destination. flannel's host-gw needs it; Calico's bgp and
   * vxlan-cross-subnet have it.
   *
   * @defaultValue `false`
   */
  sourceDestinationCheckOff?: boolean;
  /**
   * How long `pulumi up` waits for the pool's next node, in seconds. An instance that is not Ready after twice that long is
   * terminated, and another is started.
   *
   * @defaultValue `900`; Windows `1800`
   */
  joinTimeoutSeconds?: number;
  /**
   * Packages that setup installs, by the names of the system's package manager, such as `nfs-common`. Installed packages keep their version.
   *
   * @defaultValue none
   */
  packages?: string[];
  /**
   * More volumes of every node, in this order `/dev/sdf`, `/dev/sdg` and on, 11 at most. They are blank, deleted with the instance,
   * and neither formatted nor mounted: they are for what takes whole disks, such as a storage operator.
   *
   * @defaultValue none
   */
  volumes?: VolumeInput[];
  /**
   * Replaces nodes that stay NotReady. `{}` uses the defaults.
   *
   * @defaultValue none: an instance is replaced only when EC2 considers it impaired
   */
  repair?: RepairInput;
  /**
   * Raise it to replace all nodes.
   *
   * @defaultValue `1`
   */
  revision?: number;
  /**
   * More tags of instances and volumes. A change replaces the nodes one after another, since EC2 tags them at launch.
   *
   * @defaultValue none
   */
  tags?: Record<string, string>;
}

/** Spot instances of a pool. */
export interface SpotInput extends Switched {
  /**
   * How many nodes are on demand before any is spot; less than `max`.
   *
   * @defaultValue `0`
   */
  onDemandBase?: number;
  /**
   * Percentage on demand among the nodes above that, at most 99.
   *
   * @defaultValue `0`
   */
  onDemandPercent?: number;
  /**
   * Most that is paid, in US dollars an hour, in quotes, such as `"0.05"`.
   *
   * @defaultValue the on-demand price
   */
  maxPrice?: string;
}

/** Keys that may log in to instances. */
export interface AwsSshInput {
  /**
   * Name in `kubeadm:secrets` of the private key that the program logs in with; `generated` is created in the stack.
   *
   * @defaultValue `generated`
   */
  key?: string;
  /**
   * More public keys that may log in, each a line as in a `.pub` file.
   *
   * @defaultValue none
   */
  authorizedKeys?: string[];
}

/** A bastion: it forwards SSH and, where the API is private, the API. `{}` uses the defaults. */
export interface AwsBastionInput {
  /**
   * EC2 instance type.
   *
   * @defaultValue `t3.micro`; of arm64 `t4g.micro`
   */
  instanceType?: string;
  /**
   * Operating system; `rhel-9` requires `ami`.
   *
   * @defaultValue `ubuntu-24.04`
   */
  os?: AwsOs;
  /**
   * Id of an image of that operating system, such as `ami-0123456789abcdef0`. Its root device must be named as the publisher's images have it.
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

/** Settings of `platform: aws` only. */
export interface AwsPlatformInput {
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
   * A bastion. With it control-plane nodes and workers are in private subnets.
   *
   * @defaultValue none
   */
  bastion?: AwsBastionInput;
  /** The API's address for people. */
  endpoint?: AwsEndpointInput;
  /**
   * `strict`: security groups let out only what a component needs, HTTP and HTTPS, and the ports of resolvers, registries,
   * proxies and the OIDC issuer.
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
   * IAM roles for service accounts, from the first boot.
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
   * Tags of everything that takes tags. Keys of AWS and Kubernetes are refused. A change replaces workers one after another.
   *
   * @defaultValue none
   */
  tags?: Record<string, string>;
}
