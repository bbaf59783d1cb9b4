import type { AwsPool, AwsSettings } from "./settings";
import { mostWhileRolling } from "./refresh/settings";
import { familyOf, vcpusOf } from "./instanceTypes";

/** What a cluster takes of one of the account's quotas. */
export interface QuotaUse {
  /** As Service Quotas calls it. */
  readonly name: string;
  /** Code of the quota, for `aws service-quotas get-service-quota`. */
  readonly code: string;
  /** At the pools' least, and at their most while all of them roll. */
  readonly from: number;
  readonly to: number;
  /** What a new account has of it. */
  readonly newAccount: number;
}

/** "Standard" instances (EC2 User Guide, "Amazon EC2 instance type quotas"); others have their own quotas. */
const STANDARD = /^(a|c|d|h|i|im|is|m|r|t|z)\d/;

/**
 * What counts against quotas that new accounts are short of: vCPUs of Standard instances (Service Quotas, Amazon EC2; new accounts
 * begin with 5 and get more with use or on request), and elastic addresses (5 a region).
 */
export function quotaUse(aws: AwsSettings): QuotaUse[] {
  const { controlPlane, bastion, pools } = aws;
  const fixed =
    controlPlane.instances.length * standardVcpus(controlPlane.instanceType) +
    (bastion ? standardVcpus(bastion.instanceType) : 0);
  const sum = (kind: "demand" | "spot", start: number): Span => {
    const counts = pools.map((pool) => poolVcpus(pool, kind));
    return {
      from: counts.reduce((total, one) => total + one.from, start),
      to: counts.reduce((total, one) => total + one.to, start),
    };
  };
  const addresses = elasticAddresses(aws);
  const all: QuotaUse[] = [
    {
      name: "vCPUs of running On-Demand Standard instances",
      code: "L-1216C47A",
      ...sum("demand", fixed),
      newAccount: 5,
    },
    { name: "vCPUs of Standard Spot instances", code: "L-34B43A08", ...sum("spot", 0), newAccount: 5 },
    { name: "elastic addresses", code: "L-0263D0A3", from: addresses, to: addresses, newAccount: 5 },
  ];
  return all.filter((one) => one.to > 0);
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** vCPUs of a type that counts as Standard; none of another, and of one whose name does not tell. */
function standardVcpus(instanceType: string): number {
  return STANDARD.test(familyOf(instanceType)) ? (vcpusOf(instanceType) ?? 0) : 0;
}

/** By the largest of its types: which one a group takes is AWS' choice. */
function poolVcpus(pool: AwsPool, kind: "demand" | "spot"): Span {
  const each = Math.max(0, ...pool.instanceTypes.map(standardVcpus));
  const nodes = (count: number): number => {
    const { spot } = pool;
    if (spot === undefined) return kind === "demand" ? count : 0;
    const base = Math.min(count, spot.onDemandBase);
    const onDemand = base + Math.ceil(((count - base) * spot.onDemandPercent) / 100);
    return kind === "demand" ? onDemand : count - onDemand;
  };
  return { from: nodes(pool.min) * each, to: nodes(mostWhileRolling(pool.max, pool)) * each };
}

/** Of NAT gateways, the bastion, and the first control-plane node. */
function elasticAddresses(aws: AwsSettings): number {
  const { vpc, bastion } = aws;
  const zones = new Set(
    vpc.subnets.filter((subnet) => subnet.subnetType === "private").map((subnet) => subnet.zone),
  ).size;
  const gateways = vpc.id === undefined ? { none: 0, one: Math.min(1, zones), perZone: zones }[vpc.nat] : 0;
  return gateways + (bastion ? 1 : 0) + (hasElasticAddress(aws) ? 1 : 0);
}

/**
 * Whether the first control-plane node has an elastic address: where it alone is the public endpoint, and where SSH goes to public addresses.
 * As one of several it keeps the address it had alone: AWS would give it another one in its place, which nobody knows.
 */
export function hasElasticAddress({ access, controlPlane, endpoint, vpc }: AwsSettings): boolean {
  if (access.endpointAccess !== "public") return false;
  if (!endpoint.loadBalancer) return true;
  const [first] = controlPlane.instances;
  const subnet = vpc.subnets.find(({ name }) => name === first?.subnet);
  return access.connectVia === "direct" && subnet?.subnetType === "public";
}
