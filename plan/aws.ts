import { monthlyCost, type MonthlyCost } from "../model/aws/cost";
import { egressRules } from "../model/aws/egress";
import { apiFront, groupRules, groupsOf, type FirewallGroup, type GroupRule } from "../model/aws/firewall";
import { rolesOf, type InstanceProfileRole } from "../model/aws/iam";
import { defined } from "../model/core/defined";
import type { ClusterSettings } from "../model/settings/resolved";
import type { AwsSettings } from "../model/aws/settings";

/** What only a cluster on AWS has in its plan. */
export interface PlannedAws {
  readonly region: string;
  readonly vpc: AwsSettings["vpc"];
  readonly access: AwsSettings["access"];
  /** The group that people's calls of the API arrive at. */
  readonly apiFront: FirewallGroup;
  readonly groups: readonly {
    readonly group: FirewallGroup;
    readonly ingress: readonly GroupRule[];
    readonly egress: readonly GroupRule[];
  }[];
  readonly pools: readonly Pick<
    AwsSettings["pools"][number],
    "name" | "min" | "max" | "instanceTypes" | "subnets"
  >[];
  readonly roles: readonly InstanceProfileRole[];
  /** Path of all of them; undefined: `/`. */
  readonly rolePath?: string;
  /** ARN of the boundary of all of them. */
  readonly permissionsBoundary?: string;
  /** US dollars, the order of magnitude. */
  readonly cost: MonthlyCost;
}

export function plannedAws(settings: ClusterSettings): PlannedAws | undefined {
  const { aws } = settings;
  if (aws === undefined) return undefined;
  const of = (rules: readonly GroupRule[], group: FirewallGroup) =>
    rules.filter((rule) => rule.group === group);
  const ingress = groupRules(settings);
  const egress = egressRules(settings);
  return {
    region: aws.region,
    vpc: aws.vpc,
    access: aws.access,
    apiFront: apiFront(aws),
    groups: groupsOf(settings).map((group) => ({
      group,
      ingress: of(ingress, group),
      egress: of(egress, group),
    })),
    pools: aws.pools.map(({ name, min, max, instanceTypes, subnets }) => ({
      name,
      min,
      max,
      instanceTypes,
      subnets,
    })),
    roles: rolesOf(settings),
    ...defined({ rolePath: aws.rolePath, permissionsBoundary: aws.permissionsBoundary }),
    cost: monthlyCost(settings),
  };
}

const FRONTS: Record<FirewallGroup, string> = {
  publicBalancer: "the public balancer's name",
  bastion: "the bastion's address",
  balancer: "the internal balancer's address",
  controlPlane: "the control-plane node's elastic address",
  worker: "a worker",
  endpoints: "an endpoint",
};

/** Where people reach the API, in words where only AWS knows the address. */
export function accessText({ access, aws }: ClusterSettings): string {
  const host = access.host || aws?.endpoint.dns?.name || (aws === undefined ? "" : FRONTS[apiFront(aws)]);
  return `${host}:${access.port}`;
}
