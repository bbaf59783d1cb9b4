import { type RawSettings } from "../../support/settings";
import { REGION, WINDOWS_FILES, largeAws, smallAws } from "../../support/awsInput";
import { windowsAws } from "../../support/windowsSettings";
import { type Change, all, hostKey, set } from "./edit";
import type { Wrong } from "./wrong";

export type Row = readonly [name: string, change: Change, path: string, text: RegExp, region?: string];

export function cases(name: string, base: () => RawSettings, rows: readonly Row[]): Wrong[] {
  return rows.map(([title, change, path, text, region = REGION]) => ({
    class: `aws: ${name}`,
    name: title,
    base,
    region,
    change,
    path,
    text,
  }));
}

const none: Change = () => undefined;
const vpc = (value: unknown) => set("network.vpcCidr", value);
const pods = (value: unknown) => set("cni.podCidr", value);
const services = (value: unknown) => set("network.serviceCidr", value);
const peer = (cidr: string) => set("network.peers", [{ name: "office", cidr }]);
const noVpc = set("network.vpcCidr", undefined);
const general = (key: string, value: unknown) => set(`workers.general.${key}`, value);
const controlPlane = (key: string, value: unknown) => set(`controlPlane.${key}`, value);
const KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

const subnet = (last: string, cidr: string, zone: string, subnetType = "public") => ({
  id: `subnet-0000000${last}`,
  cidr,
  zone,
  subnetType,
});
/** A VPC that exists, with one public subnet or the given ones. */
const existing = (...subnets: object[]) =>
  set("network.existing", {
    vpcId: "vpc-0123456789abcdef0",
    subnets: subnets.length > 0 ? subnets : [subnet("1", "10.0.1.0/24", "eu-central-1a")],
  });

/** Checksums of what Windows nodes download, which no table here has. */
function withWindowsFiles(): RawSettings {
  return { ...smallAws(), downloads: { windows: WINDOWS_FILES } };
}

/** Addresses of resolvers that listen on a port of their own. */
const resolvers = (count: number, third: number) =>
  Array.from({ length: count }, (_, index) => `192.168.${third}.${index + 1}:5353`);

/** Ranges that differ, as many as asked for. */
const ranges = (count: number) => Array.from({ length: count }, (_, index) => `198.51.${index}.0/24`);

export const WRONG_AWS: readonly Wrong[] = [
  ...cases("rotation", windowsAws, [
    [
      "with Windows workers, which trust the CA that they booted with",
      set("certificates", { rotation: "2026-12" }),
      "certificates.rotation",
      /does not work with Windows workers \(workers\.\w+\)/,
    ],
    ["with blanks", set("certificates", { rotation: "December 2026" }), "certificates.rotation", /2026-12/],
    ["a number", set("certificates", { rotation: 12 }), "certificates.rotation", /in quotes/],
  ]),
  ...cases("region", smallAws, [
    ["not given", none, "aws:region", /is missing: platform aws needs it.*aws:region eu-central-1/, ""],
    ["unknown", none, "aws:region", /not a region this library knows.* eu-central-1$/, "eu-centrl-1"],
    ["a zone in its place", none, "aws:region", /not a region this library knows.* eu-west-1$/, "eu-west-1a"],
  ]),
  ...cases("VPC and pods", smallAws, [
    ["VPC equals pods", vpc("10.244.0.0/16"), "cni.podCidr", /is the same as the VPC 10\.244\.0\.0\/16/],
    [
      "VPC contains pods",
      all(pods("10.0.128.0/17"), set("network.maxNodes", 64)),
      "cni.podCidr",
      /lies within the VPC 10\.0\.0\.0\/16/,
    ],
    [
      "VPC within pods",
      all(pods("10.0.0.0/10"), services("172.20.0.0/16")),
      "cni.podCidr",
      /contains the VPC/,
    ],
    [
      "VPC on the default pods",
      all(pods(undefined), vpc("10.244.128.0/17")),
      "network.vpcCidr",
      /within the pod range/,
    ],
  ]),
  ...cases("VPC and services", smallAws, [
    ["VPC equals services", services("10.0.0.0/16"), "network.serviceCidr", /is the same as the VPC/],
    ["VPC contains services", services("10.0.64.0/20"), "network.serviceCidr", /lies within the VPC/],
    [
      "VPC within services",
      all(vpc("10.97.0.0/16"), services("10.96.0.0/12")),
      "network.serviceCidr",
      /contains the VPC/,
    ],
    [
      "services on the default VPC",
      all(noVpc, services("10.0.0.0/20")),
      "network.serviceCidr",
      /lies within the VPC/,
    ],
  ]),
  ...cases("VPC and peers", smallAws, [
    ["VPC equals a peer", peer("10.0.0.0/16"), "network.vpcCidr", /is the same as peer office/],
    [
      "VPC contains a peer",
      peer("10.0.255.0/24"),
      "network.vpcCidr",
      /contains peer office 10\.0\.255\.0\/24/,
    ],
    ["VPC within a peer", peer("10.0.0.0/12"), "network.vpcCidr", /lies within peer office/],
    ["a peer on the default VPC", all(noVpc, peer("10.0.4.4/32")), "network.vpcCidr", /contains peer office/],
  ]),
  ...cases("VPC's size", smallAws, [
    ["larger than AWS has", vpc("10.0.0.0/15"), "network.vpcCidr", /too large for a VPC.*\/16 to \/28/],
    ["smaller than AWS has", vpc("10.0.0.0/29"), "network.vpcCidr", /too small for a VPC/],
    [
      "no place for subnets",
      vpc("10.0.0.0/26"),
      "network.vpcCidr",
      /0 subnets of \/26.*none for eu-central-1a/,
    ],
    ["with host bits", vpc("10.0.1.0/16"), "network.vpcCidr", /host bits set.*10\.0\.0\.0\/16/],
  ]),
  ...cases("subnets' size", largeAws, [
    [
      "too small for fixed addresses",
      set("network.subnetMask", 27),
      "network.subnetMask",
      /too large.*at most 26$/,
    ],
    [
      "one place for three zones",
      set("network.subnetMask", 17),
      "network.subnetMask",
      /1 subnet of \/17.*1b, eu-central-1c.*19 to 26/,
    ],
    ["as large as the VPC", set("network.subnetMask", 16), "network.subnetMask", /0 subnets of \/16/],
    [
      "a VPC too small for three zones",
      vpc("10.16.0.0/25"),
      "network.vpcCidr",
      /1 subnet of \/26.*\/23 or larger/,
    ],
  ]),
  ...cases("zones", smallAws, [
    [
      "more than the region has",
      set("network.zones", 4),
      "network.zones",
      /more zones than eu-central-1 has.*at most 3/,
    ],
    [
      "of another region",
      set("network.zones", ["eu-west-1a"]),
      "network.zones[0]",
      /not a zone of eu-central-1/,
    ],
    [
      "a letter that the region lacks",
      set("network.zones", ["a", "b"]),
      "network.zones[1]",
      /not a zone of ap-northeast-1/,
      "ap-northeast-1",
    ],
    [
      "twice, by letter and by name",
      set("network.zones", ["a", "eu-central-1a"]),
      "network.zones[1]",
      /listed twice/,
    ],
    [
      "neither number nor list",
      set("network.zones", "three"),
      "network.zones",
      /a number of zones, or a list/,
    ],
    [
      "a pool outside them",
      general("zones", ["b"]),
      "workers.general.zones[0]",
      /zone without subnets.*eu-central-1a/,
    ],
    [
      "a pool of another region",
      general("zones", ["us-east-1a"]),
      "workers.general.zones[0]",
      /not a zone of eu-central-1/,
    ],
  ]),
  ...cases("a VPC that exists", smallAws, [
    [
      "without its range",
      all(noVpc, existing()),
      "network.vpcCidr",
      /is missing: the range of the existing VPC/,
    ],
    [
      "a subnet outside it",
      existing(subnet("1", "10.1.0.0/24", "a")),
      "network.existing.subnets[0].cidr",
      /outside network\.vpcCidr/,
    ],
    [
      "a subnet that is too small",
      existing(subnet("1", "10.0.1.0/27", "a")),
      "network.existing.subnets[0].cidr",
      /too small: .* a \/28.*\/26/,
    ],
    [
      "subnets that overlap",
      existing(subnet("1", "10.0.0.0/23", "a"), subnet("2", "10.0.1.0/24", "b")),
      "network.existing.subnets[1].cidr",
      /overlaps 10\.0\.0\.0\/23/,
    ],
    [
      "a subnet twice",
      existing(subnet("1", "10.0.1.0/24", "a"), subnet("1", "10.0.1.0/24", "a")),
      "network.existing.subnets[1].id",
      /listed twice/,
    ],
    [
      "two public subnets in one zone",
      existing(subnet("1", "10.0.1.0/24", "a"), subnet("2", "10.0.2.0/24", "a")),
      "network.existing.subnets[1].zone",
      /two public subnets/,
    ],
    [
      "a zone of another region",
      existing(subnet("1", "10.0.1.0/24", "eu-west-1a")),
      "network.existing.subnets[0].zone",
      /not a zone of eu-central-1/,
    ],
    [
      "no public subnet",
      existing(subnet("1", "10.0.1.0/24", "a", "private")),
      "network.existing.subnets",
      /"?1"? given, and none with subnetType: public.*public among them/,
    ],
    [
      "with NAT gateways",
      all(existing(), set("network.nat", "one")),
      "network.nat",
      /combined with network\.existing/,
    ],
    [
      "a pool in a zone that has none of its subnets",
      all(existing(), general("zones", ["b"])),
      "workers.general.zones[0]",
      /zone without subnets: network\.existing does not have it/,
    ],
    [
      "with zones",
      all(existing(), set("network.zones", 2)),
      "network.zones",
      /combined with network\.existing/,
    ],
    [
      "no VPC's id",
      set("network.existing", { vpcId: "vpc-1", subnets: [subnet("1", "10.0.1.0/24", "a")] }),
      "network.existing.vpcId",
      /id of a VPC/,
    ],
  ]),
  ...cases("NAT", largeAws, [
    [
      "none for private nodes",
      set("network.nat", "none"),
      "network.nat",
      /without internet access.*one, perZone/,
    ],
    ["for nobody", all(set("bastion", undefined), set("network.nat", "one")), "network.nat", /is not needed/],
    [
      "for nobody, in each zone",
      set("bastion", undefined),
      "network.nat",
      /is not needed.*subnetType: private/,
    ],
  ]),
  ...cases("flow logs", smallAws, [
    ["a word", set("network.flowLogs", "yes"), "network.flowLogs", /"yes".*\{ enabled: true \}/],
    [
      "days that CloudWatch does not take",
      set("network.flowLogs", { retentionDays: 31 }),
      "network.flowLogs.retentionDays",
      /31 is not allowed.* 14, 30, 60/,
    ],
    [
      "a mistyped key",
      set("network.flowLogs", { retentionDay: 30 }),
      "network.flowLogs.retentionDay",
      /retentionDays/,
    ],
  ]),
  ...cases("access lists", smallAws, [
    ["none", set("access", undefined), "access", /is missing.*everything else is closed/],
    ["none for the API", set("access.api", undefined), "access.api", /is missing.*everything else is closed/],
    ["none for SSH", set("access.ssh", undefined), "access.ssh", /is missing.*203\.0\.113/],
    ["empty for SSH", set("access.ssh", []), "access.ssh", /lets nobody in: .*the control-plane nodes/],
    ["empty for the API", set("access.api", []), "access.api", /lets nobody in: .*the API/],
    [
      "an address without prefix",
      set("access.api", ["203.0.113.7"]),
      "access.api[0]",
      /without a prefix.*203\.0\.113\.7\/32/,
    ],
    ["host bits", set("access.ssh", ["203.0.113.7/24"]), "access.ssh[0]", /host bits.*203\.0\.113\.0\/24/],
    [
      "one range and no list",
      set("access.api", "203.0.113.0/24"),
      "access.api",
      /is text.*a list of allowed ranges/,
    ],
    ["IPv6", set("access.nodePorts", ["::/0"]), "access.nodePorts[0]", /IPv6/],
  ]),
  ...cases("empty lists behind a bastion", largeAws, [
    ["for SSH", set("access.ssh", []), "access.ssh", /lets nobody in: .*the bastion/],
    ["for a public API", set("access.api", []), "access.api", /lets nobody in: .*the API/],
    [
      "for a private API over a VPN",
      all(set("bastion", undefined), set("access.connectVia", "vpn"), set("access.api", [])),
      "access.api",
      /lets nobody in/,
    ],
  ]),
  ...cases("an API out of reach", smallAws, [
    [
      "a private endpoint and no way",
      set("access.endpointAccess", "private"),
      "access.connectVia",
      /missing: a private endpoint.*bastion.*vpn/,
    ],
    [
      "private control-plane nodes and no way",
      controlPlane("subnetType", "private"),
      "access.connectVia",
      /missing: control-plane nodes in private subnets/,
    ],
    [
      "a bastion that is not there",
      set("access.connectVia", "bastion"),
      "bastion",
      /is missing, and access\.connectVia is bastion/,
    ],
    [
      "a bastion nobody uses",
      all(set("bastion", {}), set("access.connectVia", "direct")),
      "access.connectVia",
      /does not use the bastion/,
    ],
    [
      "direct to a private endpoint",
      all(set("access.endpointAccess", "private"), set("access.connectVia", "direct")),
      "access.connectVia",
      /does not lead to a private endpoint/,
    ],
    [
      "direct to private control-plane nodes",
      all(controlPlane("subnetType", "private"), set("access.connectVia", "direct")),
      "access.connectVia",
      /does not lead to control-plane nodes/,
    ],
    [
      "through a VPN and a bastion",
      all(set("bastion", {}), set("access.connectVia", "vpn")),
      "access.connectVia",
      /does not use the bastion/,
    ],
  ]),
  ...cases("control-plane nodes without a balancer", largeAws, [
    [
      "three",
      controlPlane("loadBalancer", false),
      "controlPlane.loadBalancer",
      /leaves 3 control-plane nodes/,
    ],
    [
      "five",
      all(controlPlane("loadBalancer", false), controlPlane("count", 5)),
      "controlPlane.loadBalancer",
      /leaves 5 control-plane nodes/,
    ],
    [
      "one in a private subnet",
      all(controlPlane("loadBalancer", false), controlPlane("count", 1)),
      "controlPlane.loadBalancer",
      /gives a public endpoint no address/,
    ],
  ]),
  ...cases("number of control-plane nodes", smallAws, [
    ["none", controlPlane("count", 0), "controlPlane.count", /nothing would serve the API/],
    ["two", controlPlane("count", 2), "controlPlane.count", /even number.*1, 3, 5 or 7/],
    ["nine", controlPlane("count", 9), "controlPlane.count", /too many/],
    ["not given", controlPlane("count", undefined), "controlPlane.count", /is missing/],
  ]),
  ...cases("nobody to let go of", largeAws, [
    [
      "a control-plane node that is not there",
      controlPlane("deletable", ["cp-1", "cp-4"]),
      "controlPlane.deletable[1]",
      /not a control-plane node.*cp-1, cp-2, cp-3/,
    ],
    ["a typing error", controlPlane("deletable", ["cq-2"]), "controlPlane.deletable[0]", /cp-2$/],
    ["one name", controlPlane("deletable", "cp-2"), "controlPlane.deletable", /list/],
    ["a word for all", controlPlane("deletable", true), "controlPlane.deletable", /list/],
  ]),
  ...cases("revisions of no control-plane node", largeAws, [
    [
      "beyond their number",
      controlPlane("revisions", { "cp-4": 2 }),
      "controlPlane.revisions.cp-4",
      /not name a control-plane node.*cp-1, cp-2, cp-3/,
    ],
    [
      "misspelt",
      controlPlane("revisions", { cp1: 2 }),
      "controlPlane.revisions.cp1",
      /not name a control-plane node.*cp-1/,
    ],
    [
      "of a pool",
      controlPlane("revisions", { general: 2 }),
      "controlPlane.revisions.general",
      /not name a control-plane node/,
    ],
  ]),
  ...cases("instance types", smallAws, [
    [
      "without a size",
      controlPlane("instanceType", "t3"),
      "controlPlane.instanceType",
      /an EC2 instance type, such as t3\.medium/,
    ],
    [
      "a size that is not a word",
      general("instanceType", "t3.huge"),
      "workers.general.instanceType",
      /size that no instance type has.*t3 with one of nano, micro/,
    ],
    [
      "a size the family lacks",
      general("instanceType", "m5.small"),
      "workers.general.instanceType",
      /family m5 does not have/,
    ],
    [
      "a multiple nobody has",
      general("instanceType", "c7g.5xlarge"),
      "workers.general.instanceType",
      /family c7g does not have/,
    ],
    [
      "a multiple that another family has",
      controlPlane("instanceType", "m5.3xlarge"),
      "controlPlane.instanceType",
      /family m5 does not have.*m5 with one of large, xlarge, 2xlarge, 4xlarge/,
    ],
    [
      "a family that is misspelt",
      general("instanceType", "m7j.large"),
      "workers.general.instanceType",
      /family this library does not know, m7j.*set architecture as well/,
    ],
    [
      "a size that is misspelt",
      controlPlane("instanceType", "t3.mediun"),
      "controlPlane.instanceType",
      /size that no instance type has.* t3\.medium$/,
    ],
    ["a Mac", general("instanceType", "mac2.metal"), "workers.general.instanceType", /is a Mac/],
    [
      "an unknown one among several",
      general("instanceTypes", ["m6i.large", "m99.large"]),
      "workers.general.instanceTypes[1]",
      /does not know, m99/,
    ],
    ["none for a pool", set("workers.general", { count: 1 }), "workers.general.instanceType", /is missing/],
    [
      "twice in a pool",
      general("instanceTypes", ["t3.large"]),
      "workers.general.instanceTypes[0]",
      /listed twice/,
    ],
    [
      "of the bastion",
      all(set("bastion", { instanceType: "t3.9xlarge" })),
      "bastion.instanceType",
      /family t3 does not have/,
    ],
  ]),
  ...cases("control-plane nodes that are too small", smallAws, [
    [
      "memory",
      controlPlane("instanceType", "t3.micro"),
      "controlPlane.instanceType",
      /1024 MiB of memory.*1700 MB/,
    ],
    ["hardly any memory", controlPlane("instanceType", "t4g.nano"), "controlPlane.instanceType", /512 MiB/],
    [
      "one vCPU of Graviton",
      controlPlane("instanceType", "m7g.medium"),
      "controlPlane.instanceType",
      /1 vCPU/,
    ],
    ["one vCPU of T2", controlPlane("instanceType", "t2.small"), "controlPlane.instanceType", /1 vCPU/],
  ]),
  ...cases("architectures", smallAws, [
    [
      "arm64 on Intel",
      general("architecture", "arm64"),
      "workers.general.architecture",
      /is not that of t3\.large.*amd64/,
    ],
    [
      "amd64 on Graviton",
      all(controlPlane("instanceType", "t4g.medium"), controlPlane("architecture", "amd64")),
      "controlPlane.architecture",
      /not that of t4g\.medium.*arm64/,
    ],
    [
      "both in one pool",
      general("instanceTypes", ["t4g.large"]),
      "workers.general.instanceTypes[0]",
      /is arm64, and t3\.large is amd64/,
    ],
    [
      "of the bastion",
      set("bastion", { instanceType: "t4g.micro", architecture: "amd64" }),
      "bastion.architecture",
      /not that of t4g\.micro/,
    ],
  ]),
  ...cases("Windows", withWindowsFiles, [
    [
      "as a control-plane node",
      controlPlane("os", "windows-2022"),
      "controlPlane.os",
      /not allowed.*ubuntu-24\.04/,
    ],
    [
      "on Graviton",
      all(set("cni.windows", true), general("os", "windows-2025"), general("instanceType", "m7g.large")),
      "workers.general.instanceType",
      /is arm64.*windows-2025/,
    ],
    [
      "with a CNI for Linux",
      all(set("cni.backend", "wireguard"), general("os", "windows-2022")),
      "cni.backend",
      /cannot be combined with Windows nodes \(workers\.general\)/,
    ],
    [
      "without VXLAN for Windows",
      all(set("cni.windows", false), general("os", "windows-2022")),
      "cni.windows",
      /contradicts workers\.general, which has Windows nodes/,
    ],
    [
      "on a volume smaller than its image",
      all(set("cni.windows", true), general("os", "windows-2022"), general("volume", { sizeGiB: 20 })),
      "workers.general.volume.sizeGiB",
      /smaller than the image/,
    ],
  ]),
  ...cases("pools' sizes", smallAws, [
    ["count and max", general("max", 4), "workers.general.count", /cannot be combined with min or max/],
    ["count and min", general("min", 1), "workers.general.count", /cannot be combined with min or max/],
    [
      "min without max",
      all(general("count", undefined), general("min", 2)),
      "workers.general.max",
      /is missing: min is 2/,
    ],
    [
      "min over max",
      all(general("count", undefined), general("min", 5), general("max", 3)),
      "workers.general.min",
      /more than max 3/,
    ],
    ["below zero", general("count", -1), "workers.general.count", /too small/],
  ]),
  ...cases("pools' names", smallAws, [
    [
      "the control-plane nodes' role",
      set("workers.control-plane", { count: 1, instanceType: "t3.large" }),
      "workers.control-plane",
      /would label workers/,
    ],
    [
      "the control-plane nodes' old role",
      set("workers.master", { count: 1, instanceType: "t3.large" }),
      "workers.master",
      /node-role\.kubernetes\.io\/master/,
    ],
    [
      "no DNS label",
      set("workers.Big_one", { count: 1, instanceType: "t3.large" }),
      "workers.Big_one",
      /Big_one/,
    ],
  ]),
  ...cases("pools' labels and taints", smallAws, [
    [
      "a role label",
      general("labels", { "node-role.kubernetes.io/db": "" }),
      'workers.general.labels["node-role.kubernetes.io/db"]',
      /role label/,
    ],
    [
      "a control-plane node's taint",
      general("taints", ["node-role.kubernetes.io/control-plane:NoSchedule"]),
      "workers.general.taints[0]",
      /taint of control-plane nodes on a worker/,
    ],
    [
      "a taint without effect",
      general("taints", ["dedicated=gpu"]),
      "workers.general.taints[0]",
      /is not a valid taint/,
    ],
    [
      "a label's value",
      controlPlane("labels", { tier: "a b" }),
      "controlPlane.labels.tier",
      /not a valid label value/,
    ],
  ]),
  ...cases("spot", smallAws, [
    [
      "none of it",
      general("spot", { onDemandPercent: 100 }),
      "workers.general.spot.onDemandPercent",
      /no spot instance/,
    ],
    [
      "all on demand",
      general("spot", { onDemandBase: 2 }),
      "workers.general.spot.onDemandBase",
      /no spot instance of 2 nodes/,
    ],
    [
      "a price that is a number",
      general("spot", { maxPrice: 0.05 }),
      "workers.general.spot.maxPrice",
      /is a number/,
    ],
    [
      "a price of nothing",
      general("spot", { maxPrice: "0.00" }),
      "workers.general.spot.maxPrice",
      /more than 0/,
    ],
    ["neither yes nor no", general("spot", "often"), "workers.general.spot", /\{ enabled: true \}/],
  ]),
  ...cases("nodes that do not fit", smallAws, [
    ["over maxNodes", set("network.maxNodes", 2), "network.maxNodes", /less than 4,/],
    [
      "over maxNodes only while they roll",
      set("network.maxNodes", 3),
      "network.maxNodes",
      /less than 4,.*while they roll.*maxSurge: 0%/,
    ],
    [
      "pools at their largest",
      all(set("network.maxNodes", 8), general("count", undefined), general("max", 9)),
      "network.maxNodes",
      /less than 11,/,
    ],
    [
      "in subnets of a mask",
      all(set("network.subnetMask", 26), general("count", 60)),
      "network.subnetMask",
      /43 addresses for nodes.*66/,
    ],
    [
      "in subnets of a small VPC",
      all(vpc("10.0.0.0/24"), general("count", 50)),
      "network.vpcCidr",
      /43 addresses for nodes/,
    ],
    [
      "in subnets that exist",
      all(existing(subnet("1", "10.0.1.0/26", "a")), general("count", 44)),
      "network.existing.subnets",
      /43 addresses for nodes/,
    ],
  ]),
  ...cases("balancers that do not fit", largeAws, [
    // Of the 43 addresses that are free in each /26 the internal balancer wants eight.
    [
      "beside pools that fill three zones",
      all(set("network.subnetMask", 26), set("workers.general.count", 100)),
      "network.subnetMask",
      /105 addresses for nodes.*117/,
    ],
    [
      "beside a pool of one zone",
      all(
        set("network.subnetMask", 26),
        set("workers.general.count", 40),
        set("workers.general.zones", ["a"]),
      ),
      "workers.general.count",
      /which have 35 addresses.*at most 31,/,
    ],
    [
      "beside a pool that scales in two",
      all(
        set("network.subnetMask", 26),
        set("workers.burst.max", 64),
        set("workers.burst.zones", ["a", "b"]),
      ),
      "workers.burst.max",
      /which have 70 addresses.*at most 63,/,
    ],
  ]),
  ...cases("pods between subnets", largeAws, [
    [
      "host-gw over zones",
      all(
        set("cni.backend", "host-gw"),
        set("workers.general.sourceDestinationCheckOff", true),
        set("workers.burst.sourceDestinationCheckOff", true),
      ),
      "cni.backend",
      /one subnet only.*private-a, private-b, private-c/,
    ],
    [
      "host-gw in one zone and two reaches",
      all(
        set("cni.backend", "host-gw"),
        set("network.zones", 1),
        set("workers.burst.subnetType", "public"),
        set("workers.general.sourceDestinationCheckOff", true),
        set("workers.burst.sourceDestinationCheckOff", true),
      ),
      "cni.backend",
      /private-a, public-a/,
    ],
    [
      "BGP over zones",
      all(set("cni", { kind: "calico", backend: "bgp", podCidr: "10.244.0.0/16" })),
      "cni.backend",
      /one subnet only.*vxlan-cross-subnet/,
    ],
  ]),
  ...cases("EC2's source check", smallAws, [
    [
      "left on",
      set("cni.backend", "host-gw"),
      "workers.general.sourceDestinationCheckOff",
      /is missing: flannel host-gw/,
    ],
    [
      "kept on",
      all(set("cni.backend", "host-gw"), general("sourceDestinationCheckOff", false)),
      "workers.general.sourceDestinationCheckOff",
      /contradicts the CNI/,
    ],
    [
      "kept on with Calico",
      all(
        set("cni", { kind: "calico", backend: "vxlan-cross-subnet", podCidr: "10.244.0.0/16" }),
        general("sourceDestinationCheckOff", false),
      ),
      "workers.general.sourceDestinationCheckOff",
      /contradicts the CNI: calico vxlan-cross-subnet/,
    ],
    [
      "left on in one of two pools",
      all(
        set("cni.backend", "host-gw"),
        general("sourceDestinationCheckOff", true),
        set("workers.more", { count: 1, instanceType: "t3.large" }),
      ),
      "workers.more.sourceDestinationCheckOff",
      /is missing/,
    ],
  ]),
  ...cases("values that YAML reads as something else", smallAws, [
    [
      "a version with two numbers",
      set("kubernetesVersion", 1.36),
      "kubernetesVersion",
      /^1\.36 is a number three numbers, such as 1\.36\.4/,
    ],
    [
      "a label's number",
      general("labels", { rank: 1 }),
      "workers.general.labels.rank",
      /is a number text; in quotes/,
    ],
    ["a tag's truth", set("tags", { billed: true }), "tags.billed", /is a yes or no text; in quotes/],
    [
      "an address list's number",
      set("access.api", [203]),
      "access.api[0]",
      /is a number an IPv4 range in CIDR/,
    ],
  ]),
  ...cases("drains", smallAws, [
    [
      "a day",
      set("drainTimeoutSeconds", 86_400),
      "drainTimeoutSeconds",
      /longer than an Auto Scaling group waits.*at most 29940/,
    ],
    ["a second too much", set("drainTimeoutSeconds", 29_941), "drainTimeoutSeconds", /at most 29940/],
    ["less than none", set("drainTimeoutSeconds", -1), "drainTimeoutSeconds", /too small/],
  ]),
  ...cases("what is missing is described", smallAws, [
    [
      "a VPC's id",
      set("network.existing", { subnets: [subnet("1", "10.0.1.0/24", "a")] }),
      "network.existing.vpcId",
      /missing the id of a VPC/,
    ],
    [
      "a control-plane node's type",
      controlPlane("instanceType", undefined),
      "controlPlane.instanceType",
      /missing an EC2 instance type/,
    ],
    [
      "a peer's range",
      set("network.peers", [{ name: "office" }]),
      "network.peers[0].cidr",
      /missing an IPv4 range/,
    ],
  ]),
  ...cases("MTU on EC2", smallAws, [
    ["of the nodes", set("network.mtu", 9216), "network.mtu", /more than EC2's interfaces have.*9001/],
    ["of pods", set("cni.mtu", 9001), "cni.mtu", /9001 bytes less 50 that flannel vxlan takes.*at most 8951/],
    [
      "of pods in Calico's tunnel",
      set("cni", { kind: "calico", backend: "ipip", podCidr: "10.244.0.0/16", mtu: 8990 }),
      "cni.mtu",
      /less 20 that calico ipip takes.*at most 8981/,
    ],
  ]),
  ...cases("labels that AWS' controllers set", smallAws, [
    [
      "a zone",
      general("labels", { "topology.kubernetes.io/zone": "eu-central-1b" }),
      'workers.general.labels["topology.kubernetes.io/zone"]',
      /set by AWS controllers.*prefix of your own, node/,
    ],
    [
      "a type",
      controlPlane("labels", { "node.kubernetes.io/instance-type": "t3.large" }),
      'controlPlane.labels["node.kubernetes.io/instance-type"]',
      /set by AWS controllers/,
    ],
    [
      "a zone of volumes",
      general("labels", { "topology.ebs.csi.aws.com/zone": "eu-central-1a" }),
      'workers.general.labels["topology.ebs.csi.aws.com/zone"]',
      /set by AWS controllers/,
    ],
  ]),
  ...cases("rules that go out", () => ({ ...largeAws(), egress: "strict" }), [
    [
      "to resolvers of many domains",
      set(
        "coredns.stubDomains",
        Object.fromEntries(
          Array.from({ length: 40 }, (_, index) => [`d${index}.example`, [`192.168.1.${index + 1}`]]),
        ),
      ),
      "egress",
      /"strict" makes \d+ outgoing rules in the security group of control-plane.*stubDomains/,
    ],
    [
      "to many ports of mirrors",
      set(
        "images.mirrors",
        Object.fromEntries(
          Array.from({ length: 60 }, (_, index) => [
            `r${index}.example`,
            [`http://192.168.1.1:${5000 + index}`],
          ]),
        ),
      ),
      "egress",
      /outgoing rules in the security group/,
    ],
    [
      "to resolvers of the cluster and of domains",
      all(
        set("coredns.upstreamServers", resolvers(15, 2)),
        set("coredns.stubDomains", { "a.example": resolvers(15, 3), "b.example": resolvers(15, 4) }),
      ),
      "egress",
      /outgoing rules in the security group of control-plane/,
    ],
  ]),
  ...cases("rules of a group", smallAws, [
    [
      "too many ranges for the API",
      set("access.api", ranges(61)),
      "access.api",
      /rules in the security group.*at most 60/,
    ],
    ["too many ranges for SSH", set("access.ssh", ranges(61)), "access.ssh", /rules in the security group/],
    [
      "too many ranges for NodePorts",
      set("access.nodePorts", ranges(31)),
      "access.nodePorts",
      /rules in the security group/,
    ],
  ]),
  ...cases("user data of Windows, which fetches nothing", windowsAws, [
    [
      "a long kubelet configuration",
      set("kubelet.config", { allowedUnsafeSysctls: noise(20_000).split("\n") }),
      "workers.win",
      /bytes of user data.*16384/,
    ],
    [
      "labels without end",
      set(
        "workers.win.labels",
        Object.fromEntries(
          noise(26_000)
            .split("\n")
            .map((line, index) => [`l${index}`, line.slice(2)]),
        ),
      ),
      "workers.win",
      /bytes of user data/,
    ],
    [
      "mirrors without end",
      set(
        "images.mirrors",
        Object.fromEntries(
          noise(26_000)
            .split("\n")
            .map((line, index) => [`r${index}.example.com`, [`https://${line}.example.com`]]),
        ),
      ),
      "workers.win",
      /bytes of user data/,
    ],
  ]),
  ...cases("zones that an account has", smallAws, [
    [
      "three by number",
      all(set("network.zones", 3)),
      "network.zones",
      /an account sees 2 of the 3 zones of us-west-1/,
    ],
    [
      "three by name",
      all(set("network.zones", ["a", "b", "c"])),
      "network.zones",
      /describe-availability-zones/,
    ],
    [
      "three by default",
      set("controlPlane", { count: 3, instanceType: "t3.medium" }),
      "network.zones",
      /are 3 zones, but an account sees 2/,
    ],
  ]).map((wrong) => ({ ...wrong, region: "us-west-1" })),
  ...cases("rolling refresh", smallAws, [
    [
      "a number of nodes",
      general("maxSurge", 1),
      "workers.general.maxSurge",
      /a percentage of the pool's nodes/,
    ],
    [
      "more than all",
      general("maxUnavailable", "150%"),
      "workers.general.maxUnavailable",
      /a percentage of the pool's nodes/,
    ],
    [
      "growing far while it shrinks",
      all(general("maxUnavailable", "50%"), general("maxSurge", "60%")),
      "workers.general.maxSurge",
      /maxUnavailable 50% are more than 100% together.*at most 50%/,
    ],
    [
      "neither growing nor shrinking",
      general("maxSurge", "0%"),
      "workers.general.maxSurge",
      /no node could be replaced/,
    ],
  ]),
  ...cases("volumes", smallAws, [
    [
      "more operations than the size gives",
      controlPlane("volume", { sizeGiB: 8, iops: 5000 }),
      "controlPlane.volume.iops",
      /gp3 gives 8 GiB.*4000/,
    ],
    [
      "more throughput than the operations give",
      general("volume", { throughput: 800 }),
      "workers.general.volume.throughput",
      /gives 3000 IOPS.*750/,
    ],
    [
      "smaller than any image",
      general("volume", { sizeGiB: 4 }),
      "workers.general.volume.sizeGiB",
      /too small.*at least 8/,
    ],
    [
      "fewer operations than gp3 has",
      general("volume", { iops: 100 }),
      "workers.general.volume.iops",
      /too small.*at least 3000/,
    ],
  ]),
  ...cases("etcd's volume", smallAws, [
    [
      "smaller than a volume can be",
      controlPlane("etcdVolume", { sizeGiB: 2 }),
      "controlPlane.etcdVolume.sizeGiB",
      /too small.*at least 8/,
    ],
    [
      "more operations than the default size gives",
      controlPlane("etcdVolume", { iops: 12000 }),
      "controlPlane.etcdVolume.iops",
      /gp3 gives 20 GiB.*10000/,
    ],
    [
      "more throughput than the operations give",
      controlPlane("etcdVolume", { throughput: 1000 }),
      "controlPlane.etcdVolume.throughput",
      /gives 3000 IOPS.*750/,
    ],
    [
      "a key of another region",
      controlPlane("etcdVolume", { kmsKeyId: KEY.replace("eu-central-1", "eu-west-1") }),
      "controlPlane.etcdVolume.kmsKeyId",
      /belongs to eu-west-1, but the cluster is in eu-central-1/,
    ],
    ["a word", controlPlane("etcdVolume", true), "controlPlane.etcdVolume", /mapping/],
    [
      "a typing error",
      controlPlane("etcdVolume", { sizeGib: 20 }),
      "controlPlane.etcdVolume.sizeGib",
      /sizeGiB/,
    ],
  ]),
  ...cases("keys of volumes", smallAws, [
    [
      "an alias",
      controlPlane("volume", { kmsKeyId: "alias/mine" }),
      "controlPlane.volume.kmsKeyId",
      /ARN of a key \(not an alias/,
    ],
    [
      "a bare id",
      general("volume", { kmsKeyId: "1234abcd-12ab-34cd-56ef-1234567890ab" }),
      "workers.general.volume.kmsKeyId",
      /ARN of a key/,
    ],
    [
      "of another region",
      set("storage", { kmsKeyId: KEY.replace("eu-central-1", "eu-west-1") }),
      "storage.kmsKeyId",
      /belongs to eu-west-1, but the cluster is in eu-central-1/,
    ],
  ]),
  ...cases("tags", smallAws, [
    ["AWS' own", set("tags", { "aws:team": "a" }), "tags.aws:team", /begins with aws:/],
    [
      "the cloud controller's",
      set("tags", { "kubernetes.io/cluster/cloud": "owned" }),
      'tags["kubernetes.io/cluster/cloud"]',
      /cloud controller manager/,
    ],
    [
      "Kubernetes' own prefix",
      set("tags", { "kubernetes.io/created-for": "me" }),
      'tags["kubernetes.io/created-for"]',
      /EBS driver find things by it/,
    ],
    [
      "the EBS driver's",
      set("tags", { "ebs.csi.aws.com/cluster": "false" }),
      'tags["ebs.csi.aws.com/cluster"]',
      /EBS driver sets it/,
    ],
    ["a key that would be cut", set("tags", { "a=b": "c" }), 'tags["a=b"]', /key with =/],
    ["a name", general("tags", { Name: "mine" }), "workers.general.tags.Name", /names everything/],
    [
      "a value that is too long",
      set("tags", { team: "a".repeat(257) }),
      "tags.team",
      /not a valid value of a tag.*256/,
    ],
    ["a character that AWS refuses", set("tags", { team: "a;b" }), "tags.team", /not a valid value of a tag/],
    [
      "too many",
      set("tags", Object.fromEntries(ranges(41).map((_, index) => [`t${index}`, ""]))),
      "tags",
      /too many/,
    ],
  ]),
  ...cases("SSH keys", smallAws, [
    [
      "a fingerprint",
      set("ssh.authorizedKeys", ["SHA256:abcdef"]),
      "ssh.authorizedKeys[0]",
      /is a fingerprint/,
    ],
    [
      "with options",
      set("ssh.authorizedKeys", [`restrict ${hostKey()}`]),
      "ssh.authorizedKeys[0]",
      /does not start with the key type.*without options/,
    ],
    ["cut off", set("ssh.authorizedKeys", [hostKey().slice(0, 60)]), "ssh.authorizedKeys[0]", /truncated/],
    [
      "a private key",
      set("ssh.authorizedKeys", [
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
      ]),
      "ssh.authorizedKeys[0]",
      /\[hidden\].*private key/,
    ],
    [
      "the key itself for its name",
      set("ssh.key", "MC4CAQAwBQYDK2VwBCIEIGqFdF4Yq5n0"),
      "ssh.key",
      /\[hidden\].*secret itself/,
    ],
  ]),
  ...cases("DNS", smallAws, [
    [
      "a name that is none",
      set("endpoint.dns", { zoneId: "Z0123456789ABCDEFGHIJ", name: "api_dev" }),
      "endpoint.dns.name",
      /not a valid DNS name/,
    ],
    [
      "a zone's name for its id",
      set("endpoint.dns", { zoneId: "example.com", name: "api.example.com" }),
      "endpoint.dns.zoneId",
      /id of a hosted zone/,
    ],
    ["no name", set("endpoint.dns", { zoneId: "Z0123456789ABCDEFGHIJ" }), "endpoint.dns.name", /is missing/],
  ]),
  ...cases("keys of the other platform", smallAws, [
    ["machines", set("machines", {}), "machines", /setting of platform machines; the platform here is aws/],
    [
      "an endpoint's kind",
      set("endpoint.kind", "nodeLocal"),
      "endpoint.kind",
      /setting of platform machines/,
    ],
    ["the hosts' firewall", set("firewall", "nftables"), "firewall", /setting of platform machines/],
    [
      "a bastion's host",
      set("bastion", { host: "192.0.2.1" }),
      "bastion.host",
      /setting of platform machines/,
    ],
  ]),
  ...cases("flags the platform owns", smallAws, [
    [
      "the issuer",
      set("apiServer.extraArgs", { "service-account-issuer": "https://a.example" }),
      "apiServer.extraArgs.service-account-issuer",
      /podIdentity/,
    ],
    [
      "the keys' address",
      set("apiServer.extraArgs", { "service-account-jwks-uri": "https://a.example" }),
      "apiServer.extraArgs.service-account-jwks-uri",
      /podIdentity/,
    ],
    [
      "the cloud provider",
      set("controllerManager.extraArgs", { "cloud-provider": "aws" }),
      "controllerManager.extraArgs.cloud-provider",
      /cloud controller manager/,
    ],
  ]),
];

/** Lines that do not compress, the same each time: a linear congruential generator's (Numerical Recipes, ranqd1). */
function noise(length: number): string {
  let seed = 1;
  let text = "";
  while (text.length < length) {
    seed = (seed * 1664525 + 1013904223) % 2 ** 32;
    text += seed.toString(36).padStart(7, "0");
    if (text.length % 5 === 0) text += "\n";
  }
  return text;
}
