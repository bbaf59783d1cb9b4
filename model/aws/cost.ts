import type { AwsPool, AwsSettings, AwsVolume } from "./settings";
import { hasPublicBalancer } from "./firewall";
import { extraVolumeDevice } from "./images";
import { familyOf } from "./instanceTypes";

/** One line of the bill, in US dollars a month. */
export interface CostItem {
  readonly name: string;
  readonly count: number;
  /** More than `count` where a pool scales. */
  readonly most: number;
  /** Price of one; undefined where this library knows no price. */
  readonly each?: number;
}

export interface MonthlyCost {
  readonly items: readonly CostItem[];
  /** Total of everything that has a price; the second where every pool has grown to its most. */
  readonly from: number;
  readonly to: number;
  /** Names of what has no price here. */
  readonly unknown: readonly string[];
}

/** AWS bills by the hour; its own pricing pages take a month for 730 hours. */
const HOURS = 730;

/**
 * US dollars in us-east-1, on demand, Linux, from AWS' pricing pages (EC2, EBS, Elastic Load Balancing, VPC, Secrets
 * Manager). Other regions cost up to half more. They are here to tell ten dollars from a thousand, and no bill.
 */
const PRICES = {
  natHour: 0.045,
  balancerHour: 0.0225,
  publicAddressHour: 0.005,
  gp3GiBMonth: 0.08,
  gp3IopsMonth: 0.005,
  gp3MiBsMonth: 0.04,
  secretMonth: 0.4,
  endpointHour: 0.01,
} as const;
/** US dollars a GB of vended logs into CloudWatch, of which traffic decides how many there are. */
const FLOW_LOGS_GB = "0.50";
/** gp3 includes these. */
const GP3_FREE = { iops: 3000, throughput: 125 } as const;

/** Hour of the size `large`, by the first letter of the family; T by family. Sizes double in price as they double. */
const LARGE_HOUR: Readonly<Record<string, number>> = {
  t2: 0.0928,
  t3: 0.0832,
  t3a: 0.0752,
  t4g: 0.0672,
  m: 0.1,
  c: 0.088,
  r: 0.13,
};
/** Graviton costs about a fifth less than its neighbours. */
const GRAVITON = 0.8;
/** Windows' licence, an hour and vCPU. */
const WINDOWS_VCPU_HOUR = 0.046;
/** What spot instances cost of the price on demand, roughly. */
const SPOT = 0.35;

const SIZES: Readonly<Record<string, number>> = {
  nano: 1 / 16,
  micro: 1 / 8,
  small: 1 / 4,
  medium: 1 / 2,
  large: 1,
  xlarge: 2,
};

/** What an instance costs a month; undefined where the family has no price here. */
export function instanceMonth(instanceType: string): number | undefined {
  const family = familyOf(instanceType);
  const size = instanceType.slice(family.length + 1);
  const multiple = /^(\d+)xlarge$/.exec(size)?.[1];
  const times = multiple === undefined ? SIZES[size] : 2 * Number(multiple);
  const graviton = /^[mcr]\d+g/.test(family);
  const hour = LARGE_HOUR[family] ?? (/^[mcr]\d/.test(family) ? LARGE_HOUR[family[0] ?? ""] : undefined);
  if (times === undefined || hour === undefined) return undefined;
  return hour * times * (graviton ? GRAVITON : 1) * HOURS;
}

function volumeMonth(volume: AwsVolume): number {
  return (
    volume.sizeGiB * PRICES.gp3GiBMonth +
    Math.max(0, volume.iops - GP3_FREE.iops) * PRICES.gp3IopsMonth +
    Math.max(0, volume.throughput - GP3_FREE.throughput) * PRICES.gp3MiBsMonth
  );
}

/** The order of magnitude of what AWS charges a month, traffic left out. */
export function monthlyCost({ aws }: { readonly aws?: AwsSettings }): MonthlyCost {
  if (aws === undefined) return { items: [], from: 0, to: 0, unknown: [] };
  const items = [...controlPlaneItems(aws), ...aws.pools.flatMap(poolItems), ...networkItems(aws)].filter(
    (item) => item.most > 0,
  );
  const sum = (count: (item: CostItem) => number) =>
    items.reduce((total, item) => total + count(item) * (item.each ?? 0), 0);
  return {
    items,
    from: cents(sum((item) => item.count)),
    to: cents(sum((item) => item.most)),
    unknown: items.filter((item) => item.each === undefined).map((item) => item.name),
  };
}

function fixed(name: string, count: number, each: number | undefined): CostItem {
  return item(name, { count, most: count }, each);
}

function item(name: string, counts: Pick<CostItem, "count" | "most">, each: number | undefined): CostItem {
  return { name, ...counts, ...(each === undefined ? {} : { each: cents(each) }) };
}

function cents(dollars: number): number {
  return Math.round(dollars * 100) / 100;
}

function controlPlaneItems(aws: AwsSettings): CostItem[] {
  const { instanceType, volume, etcdVolume, instances } = aws.controlPlane;
  return [
    fixed(`control-plane nodes, ${instanceType}`, instances.length, instanceMonth(instanceType)),
    fixed(`control-plane nodes' volumes, ${volume.sizeGiB} GiB`, instances.length, volumeMonth(volume)),
    ...(etcdVolume === undefined
      ? []
      : [fixed(`etcd's volumes, ${etcdVolume.sizeGiB} GiB`, instances.length, volumeMonth(etcdVolume))]),
  ];
}

function poolItems(pool: AwsPool): CostItem[] {
  const [instanceType = ""] = pool.instanceTypes;
  const demand = instanceMonth(instanceType);
  const licence =
    pool.platform === "windows"
      ? WINDOWS_VCPU_HOUR * HOURS * 2 * (SIZES[instanceType.split(".")[1] ?? ""] ?? 1)
      : 0;
  const each = demand === undefined ? undefined : demand + licence;
  const counts = { count: pool.min, most: pool.max };
  const called = `pool ${pool.name}, ${instanceType}`;
  const base = pool.spot === undefined ? pool.max : pool.spot.onDemandBase;
  const first = { count: Math.min(pool.min, base), most: Math.min(pool.max, base) };
  const above = { count: pool.min - first.count, most: pool.max - first.most };
  const share = spotShare(pool.spot?.onDemandPercent ?? 100);
  return [
    item(called, first, each),
    item(`${called}, spot`, above, each === undefined ? undefined : each * share),
    item(`pool ${pool.name}'s volumes, ${pool.volume.sizeGiB} GiB`, counts, volumeMonth(pool.volume)),
    ...pool.volumes.map((volume, index) =>
      item(
        `pool ${pool.name}'s ${extraVolumeDevice(index, pool.platform)}, ${volume.sizeGiB} GiB`,
        counts,
        volumeMonth(volume),
      ),
    ),
  ];
}

function spotShare(onDemandPercent: number): number {
  const onDemand = onDemandPercent / 100;
  return onDemand + (1 - onDemand) * SPOT;
}

function networkItems(aws: AwsSettings): CostItem[] {
  const { vpc, endpoint, bastion } = aws;
  const privateZones = new Set(
    vpc.subnets.filter((subnet) => subnet.subnetType === "private").map((subnet) => subnet.zone),
  ).size;
  const gateways =
    vpc.id !== undefined ? 0 : { none: 0, one: Math.min(1, privateZones), perZone: privateZones }[vpc.nat];
  const balancers = (endpoint.loadBalancer ? 1 : 0) + (hasPublicBalancer(aws) ? 1 : 0);
  const { count, most } = publicAddresses(aws, gateways);
  return [
    fixed("NAT gateways", gateways, PRICES.natHour * HOURS),
    fixed("network load balancers", balancers, PRICES.balancerHour * HOURS),
    item("public IPv4 addresses", { count, most }, PRICES.publicAddressHour * HOURS),
    ...(bastion ? [fixed(`bastion, ${bastion.instanceType}`, 1, instanceMonth(bastion.instanceType))] : []),
    fixed("secrets", bastion ? 2 : 1, PRICES.secretMonth),
    fixed(
      "interface endpoints, one per service and zone",
      (vpc.endpoints?.services.length ?? 0) * (vpc.endpoints?.subnets.length ?? 0),
      PRICES.endpointHour * HOURS,
    ),
    ...(vpc.flowLogs ? [fixed(`flow logs, $${FLOW_LOGS_GB} per GB written`, 1, undefined)] : []),
  ];
}

/** Since February 2024 every public IPv4 address is charged, in use or not. */
function publicAddresses(aws: AwsSettings, gateways: number): { count: number; most: number } {
  const subnetType = (name: string) => aws.vpc.subnets.find((subnet) => subnet.name === name)?.subnetType;
  const instances = aws.controlPlane.instances.filter(
    (controlPlaneNode) => subnetType(controlPlaneNode.subnet) === "public",
  ).length;
  const balancer = hasPublicBalancer(aws)
    ? aws.vpc.subnets.filter((one) => one.subnetType === "public").length
    : 0;
  const fixedOnes = gateways + instances + balancer + (aws.bastion ? 1 : 0);
  const open = aws.pools.filter((pool) => pool.subnets.some((name) => subnetType(name) === "public"));
  return {
    count: fixedOnes + open.reduce((total, pool) => total + pool.min, 0),
    most: fixedOnes + open.reduce((total, pool) => total + pool.max, 0),
  };
}

/** `about $140`, to two digits: more would be a promise. */
export function roundCost(dollars: number): number {
  if (dollars < 10) return Math.round(dollars);
  const unit = 10 ** (Math.floor(Math.log10(dollars)) - 1);
  return Math.round(dollars / unit) * unit;
}
