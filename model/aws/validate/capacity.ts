import { FREE_FOR_BALANCER, freeAddresses } from "../addressPlan";
import { endpointSubnets } from "../endpoints/settings";
import { refreshPercents } from "../refresh/settings";
import { range } from "../../network/addresses";
import type { AwsLayout } from "../layout";
import type { Checked } from "../../settings/checked";
import type { Problems } from "../../settings/problems";
import type { AwsSubnet } from "../settings";
import { mostNodes } from "./pools";

/**
 * The cluster's own limit holds for what the pools may grow to, new nodes of a rolling replacement included: a node beyond it gets no
 * pod range, is never Ready, and the replacement stops there.
 */
export function validateMostNodes(
  { pools, count }: AwsLayout,
  problems: Problems,
  { settings }: Checked,
): void {
  const { maxNodes } = settings.network;
  const most = mostNodes(count, pools);
  if (most <= maxNodes) return;
  problems.add(
    ["network", "maxNodes"],
    maxNodes,
    `is less than ${most}, the number of control-plane nodes plus every pool at its maximum, while they roll`,
    { allowed: `at least ${most}; or maxSurge: 0% with a maxUnavailable` },
  );
}

/**
 * Subnets have an address for every node, and what a balancer must find free. Control-plane nodes and the internal
 * balancer's fixed addresses are in the part that is kept for them.
 */
export function validateSubnetAddresses(aws: AwsLayout, problems: Problems): void {
  const { pools, subnets, loadBalancer, endpointAccess, subnetType, nat, bastion, endpoints } = aws;
  if (subnets.length === 0) return;
  const publicBalancer = loadBalancer && endpointAccess === "public";
  const withEndpoints = endpointSubnets(subnets);
  const taken = (subnet: AwsSubnet) =>
    (withEndpoints.includes(subnet) ? endpoints.length : 0) +
    (loadBalancer && subnet.subnetType === subnetType ? FREE_FOR_BALANCER : 0) +
    (subnet.subnetType === "public"
      ? (publicBalancer ? FREE_FOR_BALANCER : 0) + (nat !== "none" ? 1 : 0) + (bastion ? 1 : 0)
      : 0);
  const room = (some: readonly AwsSubnet[]) =>
    some.reduce((sum, subnet) => sum + Math.max(0, freeAddresses(range(subnet.cidr)) - taken(subnet)), 0);
  for (const kind of ["public", "private"] as const) {
    const own = subnets.filter((subnet) => subnet.subnetType === kind);
    const nodes = mostNodes(
      0,
      pools.filter((pool) => pool.subnetType === kind),
    );
    if (own.length > 0 && nodes > room(own)) return refuse(aws, kind, nodes, room(own), problems);
  }
  for (const pool of pools) {
    const { max } = pool;
    const free = room(pool.subnets);
    if (pool.subnets.length === 0 || mostNodes(0, [pool]) <= free) continue;
    const path = [...pool.path, pool.input.max === undefined ? "count" : "max"];
    problems.add(
      path,
      max,
      `nodes, and those of a rolling replacement, do not fit into the pool's subnets, which have ${free} addresses for them`,
      {
        allowed: `at most ${Math.floor((free * 100) / refreshPercents(pool.input).maxHealthyPercent)}, more zones, or larger subnets`,
      },
    );
  }
}

function refuse(aws: AwsLayout, kind: string, nodes: number, room: number, problems: Problems): void {
  const given = aws.input.network?.subnetMask;
  const message = `leaves the ${kind} subnets ${room} addresses for nodes, but the pools may grow to ${nodes} while they roll`;
  const allowed = "larger or more subnets, or smaller pools";
  if (aws.existing) {
    problems.add(["network", "existing", "subnets"], aws.subnets.length, message, { allowed });
  } else if (given !== undefined) {
    problems.add(["network", "subnetMask"], given, message, { allowed });
  } else {
    problems.add(["network", "vpcCidr"], aws.vpc.range.text, message, { allowed });
  }
}
