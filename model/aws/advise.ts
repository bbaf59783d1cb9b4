import { isPrivateEcr } from "./ecr/registry";
import { registriesWithoutMirror } from "./endpoints/registries";
import { isKnownFamily, smallMemoryMiB } from "./instanceTypes";
import { zonesPerAccount } from "../data/regions";
import { cniProfile } from "../cni";
import { isPrivate, range } from "../network/addresses";
import type { Resolved } from "../settings/resolved";
import type { AwsSettings } from "./settings";

/** No single holder announces more of the internet than this prefix length. */
const WIDE = 8;

type Settings = Pick<Resolved, "addons" | "aws" | "cni" | "images" | "network" | "proxy">;

/** Things on AWS that work but deserve a look. */
export function awsAdvisories(settings: Settings): string[] {
  const { aws } = settings;
  if (aws === undefined) return [];
  return [
    ...accessAdvisories(aws),
    ...placeAdvisories(aws),
    ...poolAdvisories(settings, aws),
    ...egressAdvisories(settings, aws),
    ...mirrorAdvisories(settings),
    ...wayOutAdvisories(settings, aws),
  ];
}

function accessAdvisories({ access }: AwsSettings): string[] {
  return (["api", "ssh", "nodePorts"] as const).flatMap((key) => {
    if (access[key].includes("0.0.0.0/0")) return `access.${key} is open to the whole internet`;
    const wide = access[key].filter((cidr) => range(cidr).prefix < WIDE && !isPrivate(range(cidr)));
    return wide.length === 0
      ? []
      : `access.${key} is open to ${wide.join(", ")}, which is wider than any single network on the internet`;
  });
}

function placeAdvisories({ region, vpc, controlPlane, endpoint, access, pools }: AwsSettings): string[] {
  const found: string[] = [];
  const controlPlaneNodes = controlPlane.instances;
  const place = (name: string) => vpc.subnets.find((subnet) => subnet.name === name);
  const zones = new Set(controlPlaneNodes.map((controlPlaneNode) => place(controlPlaneNode.subnet)?.zone));
  if (!isPrivate(range(vpc.cidr))) {
    found.push(
      `network.vpcCidr ${vpc.cidr} is not a private range: the cluster cannot reach the public hosts that own these addresses`,
    );
  }
  if (controlPlaneNodes.length > 1 && zones.size < 3) {
    found.push(
      `${controlPlaneNodes.length} control-plane nodes are in ${zones.size === 1 ? "one zone" : "two zones"}: losing a zone can cost etcd its majority`,
    );
  }
  if (
    controlPlaneNodes.length > 1 &&
    controlPlaneNodes.some((controlPlaneNode) => place(controlPlaneNode.subnet)?.subnetType === "public")
  ) {
    found.push(
      "control-plane nodes have public addresses; `bastion: {}` puts them into private subnets; decide before you create the cluster",
    );
  }
  const most = zonesPerAccount(region);
  if (most !== undefined) {
    found.push(
      `${region}: an account has ${most} of its zones, and accounts differ: ` +
        `set network.zones to yours (now ${vpc.zones.join(", ")})`,
    );
  }
  if (vpc.nat === "one" && vpc.zones.length > 1) {
    found.push("network.nat one: when its zone fails, private nodes in all zones lose internet access");
  }
  if (vpc.id !== undefined) {
    const kept = vpc.subnets.map((subnet) => subnet.reserved).join(", ");
    found.push(
      `network.existing: the addresses of ${kept} must be free${vpc.cidrReservations ? "" : ", and reserved by the subnets' owner"}, for control-plane nodes, the bastion and the balancer; public subnets ` +
        "must assign public addresses automatically, and private ones need a route to the internet",
    );
  }
  if (access.endpointAccess === "private" && endpoint.dns !== undefined) {
    found.push("endpoint.dns points to private addresses: anybody who can query the zone sees them");
  }
  const unknown = [controlPlane.instanceType, ...pools.flatMap((pool) => pool.instanceTypes)].filter(
    (type) => !isKnownFamily(type),
  );
  if (unknown.length > 0) {
    found.push(
      `instance types ${[...new Set(unknown)].join(", ")} belong to families this library does not know: whether these ` +
        "types exist shows when instances start",
    );
  }
  return found;
}

function egressAdvisories({ network: { peers } }: Settings, { egress }: AwsSettings): string[] {
  if (egress === "open" || peers.length === 0) return [];
  const names = peers.map(({ name }) => name).join(", ");
  return [
    `egress strict: nothing goes out to ${names} but HTTP, HTTPS and questions to the settings' resolvers`,
  ];
}

/** A kubelet's login goes by the image's own name, and containerd has none for the mirror that it asks instead. */
function mirrorAdvisories({ images }: Settings): string[] {
  return Object.entries(images.mirrors)
    .filter(([, urls]) => urls.some(isPrivateEcr))
    .map(
      ([host]) =>
        `images.mirrors: a mirror of ${host} is in ECR, where containerd cannot log in: pulls fall back to the next. Name ` +
        "images by their ECR registry instead, for example with a pull-through cache",
    );
}

/** Private nodes that have AWS' services by endpoints alone get images from inside. */
function wayOutAdvisories(settings: Settings, { vpc }: AwsSettings): string[] {
  const { subnets, nat, id, endpoints } = vpc;
  const closed =
    id === undefined && nat === "none" && subnets.some(({ subnetType }) => subnetType === "private");
  if (!closed || endpoints === undefined || settings.proxy !== undefined) return [];
  const missing = registriesWithoutMirror(settings);
  if (missing.length === 0) return [];
  return [
    `network.nat none: images of the cluster come from ${missing.join(", ")}, which images.mirrors has no mirror of; private nodes do not ` +
      "reach the registries themselves",
  ];
}

function poolAdvisories({ cni }: Settings, { pools, clusterAutoscaler }: AwsSettings): string[] {
  const scaling = pools.filter((pool) => pool.min < pool.max).map((pool) => pool.name);
  const found: string[] = [];
  if (clusterAutoscaler !== undefined && scaling.length === 0)
    found.push("clusterAutoscaler has nothing to scale: no pool has min and max");
  if (clusterAutoscaler === undefined && scaling.length > 0) {
    found.push(
      `${scaling.length === 1 ? "pool" : "pools"} ${scaling.join(", ")} ${scaling.length === 1 ? "has" : "have"} min and max, but ` +
        "nothing here scales nodes: set clusterAutoscaler: {}, or install another scaler that finds the groups by their tags",
    );
  }
  for (const { name, instanceTypes, max } of pools) {
    const small = instanceTypes.find((type) => smallMemoryMiB(type) !== undefined);
    if (small === undefined || max === 0) continue;
    found.push(
      `workers.${name}: ${small} has ${smallMemoryMiB(small)} MiB of memory, and the node itself uses most of it: the kubelet, ` +
        "the runtime and the CNI",
    );
  }
  for (const { name, max, minHealthyPercent } of pools) {
    if (minHealthyPercent > 0 || max < 2) continue;
    found.push(
      `workers.${name}.maxUnavailable: a rolling replacement may end all ${max} nodes at once; disruption budgets hold pods back, until ` +
        "the time for a drain is up",
    );
  }
  const needless = cniProfile(cni).sourceDestinationCheckOff
    ? []
    : pools.filter((pool) => pool.sourceDestinationCheckOff);
  for (const pool of needless) {
    found.push(
      `workers.${pool.name}.sourceDestinationCheckOff is not needed by ${cni.kind} ${cni.backend}, and lets instances send packets packets packets ` +
        "from any address",
    );
  }
  return found;
}
