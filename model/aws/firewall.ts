import { flowsOf, takesOrdinaryPods, type FlowsSpec } from "../flows";
import { API_PORT } from "../network/ports";
import { PROTOCOL_NUMBERS, type Flow, type PortRange, type Protocol } from "../network/flow";
import type { AwsSettings } from "./settings";
import { awsOf } from "./spec";

/** What security groups are made from. */
export interface SecurityGroupsSpec extends FlowsSpec {
  readonly aws?: AwsSettings;
}

/** Security groups, one for each kind of thing. */
export type FirewallGroup =
  "controlPlane" | "worker" | "balancer" | "publicBalancer" | "bastion" | "endpoints";

/** What a rule of EC2 may name: another group, or a range. */
export type Peer =
  | { readonly kind: "group"; readonly group: FirewallGroup }
  | { readonly kind: "range"; readonly cidr: string };

export interface GroupRule {
  readonly group: FirewallGroup;
  /** Who sends, for what comes in; who receives, for what goes out. */
  readonly peer: Peer;
  /** As EC2 names it: `tcp`, `udp`, `icmp`, the number of another protocol, `-1` for all. */
  readonly protocol: string;
  /** Ports; type and code for `icmp`; undefined where the protocol has none. */
  readonly ports?: PortRange;
  /** In EC2's characters and length. */
  readonly reason: string;
}

/** EC2 quota "Inbound or outbound rules per security group", the default of an account, counted for each direction. */
export const RULES_PER_GROUP = 60;

/** Every IPv4 address. */
export const ANYWHERE = "0.0.0.0/0";
const SSH_PORT = 22;
const HTTPS_PORT = 443;
/** RFC 792: destination unreachable, fragmentation needed; EC2 takes type and code in place of ports. */
const FRAGMENTATION_NEEDED: PortRange = { from: 3, to: 4 };
/** Of any code. */
const ECHO_REQUEST: PortRange = { from: 8, to: -1 };
/** IANA protocol numbers, for what EC2 has no name for. */
const PROTOCOLS: Partial<Record<Protocol, string>> = { tcp: "tcp", udp: "udp", icmp: "icmp", any: "-1" };
const NODES: readonly FirewallGroup[] = ["controlPlane", "worker"];

/** The groups that these settings need, in a fixed order. */
export function groupsOf(settings: Pick<SecurityGroupsSpec, "aws">): FirewallGroup[] {
  const aws = awsOf(settings);
  return [
    "controlPlane",
    "worker",
    ...(aws.endpoint.loadBalancer ? (["balancer"] as const) : []),
    ...(hasPublicBalancer(aws) ? (["publicBalancer"] as const) : []),
    ...(aws.bastion === undefined ? [] : (["bastion"] as const)),
    ...(aws.vpc.endpoints === undefined ? [] : (["endpoints"] as const)),
  ];
}

/** People call the API through their own balancer, separate from the nodes'. */
export function hasPublicBalancer(aws: AwsSettings): boolean {
  return aws.endpoint.loadBalancer && aws.access.endpointAccess === "public";
}

/** The load balancers that the API has. */
export function apiBalancers(aws: AwsSettings): ("internal" | "public")[] {
  return [
    ...(aws.endpoint.loadBalancer ? (["internal"] as const) : []),
    ...(hasPublicBalancer(aws) ? (["public"] as const) : []),
  ];
}

/** A private API that the bastion forwards to. */
export function bastionForwards(aws: AwsSettings): boolean {
  return (
    aws.bastion !== undefined &&
    aws.access.endpointAccess === "private" &&
    aws.access.connectVia === "bastion"
  );
}

/**
 * What the groups allow: the flows of the components in use, one rule for each port range and source. Nothing opens a whole
 * protocol but backends that put pods' own packets on the wire.
 */
export function groupRules(settings: SecurityGroupsSpec): GroupRule[] {
  const rules = flowsOf(settings).flatMap((flow) => rulesOfFlow(settings, flow));
  return distinct([...rules, ...balancerRules(settings), ...endpointRules(settings)]);
}

function rulesOfFlow(settings: SecurityGroupsSpec, flow: Flow): GroupRule[] {
  if (flow.from === "operator") return sshRules(settings, flow);
  if (flow.from === "apiClient") return apiClientRules(settings, flow);
  return targetsOf(settings, flow).flatMap((group) =>
    sourcesOf(settings, flow, group)
      .filter((peer) => !isAlone(settings, group, peer))
      .flatMap((peer) => withPorts(flow, { group, peer, reason: flow.reason })),
  );
}

/** One control-plane node calls no other: what it sends to its own address does not leave it, and it is ended before the next starts. */
function isAlone(settings: SecurityGroupsSpec, group: FirewallGroup, peer: Peer): boolean {
  return (
    group === "controlPlane" &&
    peer.kind === "group" &&
    peer.group === group &&
    awsOf(settings).controlPlane.instances.length === 1
  );
}

function targetsOf(settings: SecurityGroupsSpec, flow: Flow): readonly FirewallGroup[] {
  switch (flow.to) {
    case "machine":
      return groupsOf(settings).filter((group) => group !== "endpoints");
    case "node":
      return NODES.filter((group) => group !== "controlPlane" || endsAtControlPlane(settings, flow));
    case "controlPlane":
      return ["controlPlane"];
    case "loadBalancer":
      return settings.aws?.endpoint.loadBalancer === true ? ["balancer"] : [];
  }
}

/** Whether a flow to all nodes ends at the control plane: not what goes to pods that the taints of control-plane nodes keep away. */
export function endsAtControlPlane(settings: Pick<FlowsSpec, "machines">, flow: Flow): boolean {
  return flow.ordinaryPods !== true || takesOrdinaryPods(settings, "controlPlane");
}

function sourcesOf(settings: SecurityGroupsSpec, flow: Flow, target: FirewallGroup): Peer[] {
  const group = (name: FirewallGroup): Peer => ({ kind: "group", group: name });
  switch (flow.from) {
    case "node":
      return NODES.map(group);
    case "controlPlane":
      return [group("controlPlane")];
    case "loadBalancer":
      return settings.aws?.endpoint.loadBalancer === true ? [group("balancer")] : [];
    case "pod":
      // A rule that names a group looks at the addresses of its instances, and never matches a pod's. Where nodes
      // hide pods behind their own address, the nodes' rule is the pods' too.
      return flow.protocol === "any" ? [range(settings.network.podCidr)] : [];
    case "serviceClient":
      return awsOf(settings).access.nodePorts.map(range);
    case "any":
      // Who sits behind private addresses alone hears from routers of the VPC, and from outside through NAT.
      return [range(isPublic(settings, target) ? ANYWHERE : awsOf(settings).vpc.cidr)];
    // Rules of one's own are for hosts that filter by themselves.
    case "listed":
    case "operator":
    case "apiClient":
      return [];
  }
}

function withPorts(flow: Flow, rule: Omit<GroupRule, "protocol" | "ports">): GroupRule[] {
  const { protocol: own } = flow;
  const protocol = PROTOCOLS[own] ?? (own === "any" ? "-1" : String(PROTOCOL_NUMBERS[own]));
  const described = { ...rule, protocol, reason: description(rule.reason) };
  if (flow.icmp !== undefined)
    return [{ ...described, ports: flow.icmp.type === "echo-request" ? ECHO_REQUEST : FRAGMENTATION_NEEDED }];
  if (flow.protocol === "icmp") return [{ ...described, ports: { from: -1, to: -1 } }];
  if (flow.ports.length === 0) return [described];
  return flow.ports.map((ports) => ({ ...described, ports }));
}

/**
 * People log on to the bastion and through it to the control-plane nodes; without one, to the control-plane nodes.
 * Workers need no SSH.
 */
function sshRules(settings: SecurityGroupsSpec, flow: Flow): GroupRule[] {
  const { access, bastion } = awsOf(settings);
  const into = (group: FirewallGroup, peer: Peer, reason: string): GroupRule => ({
    group,
    peer,
    protocol: "tcp",
    ports: { from: SSH_PORT, to: SSH_PORT },
    reason: description(reason),
  });
  if (bastion === undefined) return access.ssh.map((cidr) => into("controlPlane", range(cidr), flow.reason));
  return [
    ...access.ssh.map((cidr) => into("bastion", range(cidr), flow.reason)),
    into("controlPlane", { kind: "group", group: "bastion" }, "SSH to control-plane nodes, from the bastion"),
  ];
}

/** Where people's calls of the API arrive: balancer, bastion, or the one control-plane node. */
function apiClientRules(settings: SecurityGroupsSpec, flow: Flow): GroupRule[] {
  const aws = awsOf(settings);
  const front = apiFront(aws);
  const fromPeople = aws.access.api.map((cidr) => api(front, range(cidr), flow.reason));
  if (front !== "bastion") return fromPeople;
  const behind: FirewallGroup = aws.endpoint.loadBalancer ? "balancer" : "controlPlane";
  const forwarded = api(behind, { kind: "group", group: "bastion" }, "the bastion forwards API calls");
  return [...fromPeople, forwarded];
}

/** The group that `access.api` is on. */
export function apiFront(aws: AwsSettings): FirewallGroup {
  if (hasPublicBalancer(aws)) return "publicBalancer";
  if (bastionForwards(aws)) return "bastion";
  return aws.endpoint.loadBalancer ? "balancer" : "controlPlane";
}

/**
 * What balancers bring with them: nodes call the internal one, both call the control-plane nodes, and ask for their health.
 */
function balancerRules(settings: SecurityGroupsSpec): GroupRule[] {
  const aws = awsOf(settings);
  if (!aws.endpoint.loadBalancer) return [];
  const group = (name: FirewallGroup): Peer => ({ kind: "group", group: name });
  return [
    ...NODES.map((name) => api("balancer", group(name), "nodes call the API through the load balancer")),
    api("controlPlane", group("balancer"), "the load balancer forwards API calls and checks /readyz"),
    ...(hasPublicBalancer(aws)
      ? [
          api(
            "controlPlane",
            group("publicBalancer"),
            "the public load balancer forwards API calls and checks /readyz",
          ),
        ]
      : []),
  ];
}

/** The groups of hosts, which call out by themselves. */
export function hostGroups(settings: Pick<SecurityGroupsSpec, "aws">): FirewallGroup[] {
  return groupsOf(settings).filter(
    (group) => group === "controlPlane" || group === "worker" || group === "bastion",
  );
}

/** Names of services lead to their endpoints in the whole VPC, so every host has to be let in; pods come as their nodes. */
function endpointRules(settings: SecurityGroupsSpec): GroupRule[] {
  if (awsOf(settings).vpc.endpoints === undefined) return [];
  return hostGroups(settings).map((group) => ({
    group: "endpoints",
    peer: { kind: "group", group },
    protocol: "tcp",
    ports: { from: HTTPS_PORT, to: HTTPS_PORT },
    reason: description("calls to AWS services through their endpoints"),
  }));
}

function api(group: FirewallGroup, peer: Peer, reason: string): GroupRule {
  return {
    group,
    peer,
    protocol: "tcp",
    ports: { from: API_PORT, to: API_PORT },
    reason: description(reason),
  };
}

/** A name for one rule among its group's, the same as long as who, what and where are. */
export function ruleKey(rule: GroupRule): string {
  const ports = rule.ports === undefined ? "" : `-${rule.ports.from}-${rule.ports.to}`;
  const protocol =
    Object.entries(PROTOCOLS).find(([, number]) => number === rule.protocol)?.[0] ?? rule.protocol;
  const single = rule.ports !== undefined && rule.ports.from === rule.ports.to;
  const end = single ? `-${rule.ports.from}` : ports;
  return `${protocol}${end}-${peerName(rule.peer)}`;
}

const GROUP_NAMES: Record<FirewallGroup, string> = {
  controlPlane: "control-plane",
  worker: "worker",
  balancer: "balancer",
  publicBalancer: "public-balancer",
  bastion: "bastion",
  endpoints: "endpoints",
};

/** As it is in resource names. */
export function groupName(group: FirewallGroup): string {
  return GROUP_NAMES[group];
}

export function peerName(peer: Peer): string {
  return peer.kind === "group" ? groupName(peer.group) : peer.cidr.replaceAll("/", "-");
}

/**
 * EC2 API, `IpRange.Description`: 255 characters out of a-z, A-Z, 0-9, space and `._-:/()#,@[]+=&;{}!$*`. What is not among
 * them is left out.
 */
export function description(reason: string): string {
  const allowed = reason.replace(/[^a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]/g, "");
  return allowed.length <= 255 ? allowed : `${allowed.slice(0, 252)}...`;
}

export function range(cidr: string): Peer {
  return { kind: "range", cidr };
}

function isPublic(settings: SecurityGroupsSpec, group: FirewallGroup): boolean {
  const { vpc, controlPlane, pools } = awsOf(settings);
  const reaches = (names: readonly string[]) =>
    vpc.subnets.some((subnet) => names.includes(subnet.name) && subnet.subnetType === "public");
  switch (group) {
    case "bastion":
    case "publicBalancer":
      return true;
    case "balancer":
    case "endpoints":
      return false;
    case "controlPlane":
      return reaches(controlPlane.instances.map((controlPlaneNode) => controlPlaneNode.subnet));
    case "worker":
      return reaches(pools.flatMap((pool) => pool.subnets));
  }
}

/** EC2 refuses a second rule for the same ports and source; the first one's reason stays. */
export function distinct(rules: readonly GroupRule[]): GroupRule[] {
  const seen = new Set<string>();
  return rules.filter((rule) => {
    const key = `${rule.group} ${ruleKey(rule)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
