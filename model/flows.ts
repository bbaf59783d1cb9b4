import { isToken } from "./core/tokens";
import { addonFlows, type UsedAddons } from "./addons";
import { cniProfile } from "./cni";
import { isAddress } from "./network/addresses";
import { API_PORT, ETCD_PORTS, KUBELET_PORT } from "./network/ports";
import type { Flow, PortRange, Source, Target } from "./network/flow";
import type {
  AllowRule,
  ClusterNetwork,
  CniSettings,
  EndpointSettings,
  FirewallAccess,
  Machine,
} from "./settings/resolved";

/** A machine, as far as flows are concerned. */
export interface FlowMachine extends Pick<Machine, "role" | "nodeAddress" | "taints"> {
  readonly ssh: { readonly port: number };
}

/** What decides who must reach whom. */
export interface FlowsSpec {
  readonly machines: readonly FlowMachine[];
  readonly bastion?: { readonly host: string };
  readonly endpoint: EndpointSettings;
  readonly cni: CniSettings;
  readonly network: Pick<ClusterNetwork, "podCidr" | "nodePortRange">;
  readonly addons: Partial<UsedAddons>;
  readonly firewall: "none" | "nftables";
  readonly firewallAllow: readonly AllowRule[];
  readonly firewallAccess: FirewallAccess;
}

function one(port: number): PortRange {
  return { from: port, to: port };
}

/** The flows of exactly the components in use, in a fixed order. Replies are not flows. */
export function flowsOf(settings: FlowsSpec): Flow[] {
  return [
    ...sshFlows(settings),
    ...apiFlows(settings),
    ...etcdFlows(settings),
    {
      from: "controlPlane",
      to: "node",
      protocol: "tcp",
      ports: [one(KUBELET_PORT)],
      reason: "API servers call kubelets: logs, exec, port-forward, metrics",
    },
    ...cniFlows(settings),
    ...nodePortFlows(settings),
    ...addonFlows(settings.addons),
    ...echoFlows(settings),
    ...settings.firewallAllow.map(({ from, ...rule }): Flow => ({
      from: "listed",
      ranges: from,
      to: "machine",
      ...rule,
    })),
    {
      from: "any",
      to: "machine",
      protocol: "icmp",
      ports: [],
      icmp: { type: "destination-unreachable", code: "frag-needed" },
      reason: "path MTU discovery (RFC 1191): without it, large packets are lost",
    },
  ];
}

function sshFlows(settings: FlowsSpec): Flow[] {
  const ports = [...new Set(settings.machines.map((machine) => machine.ssh.port))].sort((a, b) => a - b);
  const reason =
    settings.bastion === undefined ? "SSH: people and pulumi" : "SSH: people and pulumi, through the bastion";
  return [{ from: "operator", to: "machine", protocol: "tcp", ports: ports.map(one), reason }];
}

function apiFlows(settings: FlowsSpec): Flow[] {
  const api = { to: "controlPlane", protocol: "tcp", ports: [one(API_PORT)] } as const;
  const flows: Flow[] = [
    { from: "node", ...api, reason: nodeToApi(settings) },
    {
      from: "pod",
      ...api,
      reason: "pods on a control-plane node call the local API server from their own address",
    },
    { from: "apiClient", ...api, reason: "people and pulumi call the API" },
  ];
  const { endpoint } = settings;
  if (endpoint.kind !== "loadBalancer") return flows;
  const proxy = { to: "loadBalancer", protocol: "tcp", ports: [one(endpoint.port)] } as const;
  return [
    ...flows,
    { from: "node", ...proxy, reason: "kubelets reach the API through the proxy machine" },
    { from: "apiClient", ...proxy, reason: "people reach the API through the proxy machine" },
    { from: "loadBalancer", ...api, reason: "the proxy machine balances across the API servers" },
  ];
}

function nodeToApi(settings: FlowsSpec): string {
  const service = "pods use the Service kubernetes";
  switch (settings.endpoint.kind) {
    case "nodeLocal":
      return `the proxy on every node balances across the API servers; ${service}`;
    case "address":
    case "addresses":
      return `kubelets and kube-proxy call the API; ${service}`;
    case "loadBalancer":
      return `${service}`;
  }
}

function etcdFlows(settings: FlowsSpec): Flow[] {
  if (machinesOf(settings, "controlPlane").length < 2) return [];
  return [
    {
      from: "controlPlane",
      to: "controlPlane",
      protocol: "tcp",
      ports: [ETCD_PORTS],
      reason: "etcd members: clients 2379, peers 2380",
    },
  ];
}

function cniFlows(settings: FlowsSpec): Flow[] {
  const facts = cniProfile(settings.cni);
  const encapsulated = facts.ports.flatMap(({ protocol, port, reason }): Flow[] =>
    reason === undefined
      ? []
      : [
          {
            from: "node",
            to: "node",
            protocol,
            ports: port === undefined ? [] : [one(port)],
            ...(protocol === "icmp" ? { icmp: { type: "echo-request" } } : {}),
            reason,
          },
        ],
  );
  if (!facts.podAddressesOnWire) return encapsulated;
  const reason = `${settings.cni.kind} ${settings.cni.backend} routes pod packets of any protocol between nodes`;
  return [
    ...encapsulated,
    { from: "pod", to: "node", protocol: "any", ports: [], reason },
    {
      from: "node",
      to: "node",
      protocol: "any",
      ports: [],
      reason: `${reason}; nodes call pods from their own address`,
    },
  ];
}

function nodePortFlows(settings: FlowsSpec): Flow[] {
  const reason = "NodePorts, open to access.nodePorts";
  return (["tcp", "udp"] as const).map((protocol) => ({
    from: "serviceClient",
    to: "node",
    protocol,
    ports: [settings.network.nodePortRange],
    reason,
  }));
}

/** Nothing of the cluster needs them: they are how people look for what is wrong, where a firewall of ours would drop them. */
function echoFlows({ firewall }: FlowsSpec): Flow[] {
  if (firewall !== "nftables") return [];
  const echo = { to: "machine", protocol: "icmp", ports: [], icmp: { type: "echo-request" } } as const;
  return [
    { from: "node", ...echo, reason: "nodes ping one another" },
    { from: "operator", ...echo, reason: "ping from the ranges of access.ssh" },
  ];
}

/** The machines a flow ends at. */
function machinesOf(settings: FlowsSpec, target: Target): FlowMachine[] {
  return settings.machines.filter((machine) => isTarget(machine, target));
}

export function isTarget(machine: Pick<Machine, "role">, target: Target): boolean {
  switch (target) {
    case "machine":
      return true;
    case "node":
      return machine.role !== "loadBalancer";
    case "controlPlane":
    case "loadBalancer":
      return machine.role === target;
  }
}

/** Whether a pod without tolerations may run on a machine of that role. */
export function takesOrdinaryPods(settings: Pick<FlowsSpec, "machines">, role: Machine["role"]): boolean {
  return settings.machines.some(
    (machine) => machine.role === role && machine.taints.every(({ effect }) => effect === "PreferNoSchedule"),
  );
}

/** The flows that end at one machine: what its firewall lets in. */
export function flowsInto(settings: FlowsSpec, machine: FlowMachine): Flow[] {
  return flowsOf(settings).filter((flow) => isTarget(machine, flow.to));
}

/** Addresses and ranges that a flow comes from, IPv6 among them where people wrote it down. */
export function rangesOf(settings: FlowsSpec, flow: Flow): string[] {
  return flow.from === "listed" ? [...(flow.ranges ?? [])] : sourceRanges(settings, flow.from);
}

/** Addresses and ranges a source sends from; none means that nobody was written down. `any` is 0.0.0.0/0. */
export function sourceRanges(settings: FlowsSpec, source: Source): string[] {
  const addresses = (target: Target) => machinesOf(settings, target).map((machine) => machine.nodeAddress);
  switch (source) {
    case "node":
    case "controlPlane":
    case "loadBalancer":
      return addresses(source);
    case "pod":
      return [settings.network.podCidr];
    case "operator": {
      const bastion = settings.bastion?.host;
      const through = bastion !== undefined && (isAddress(bastion) || isToken(bastion)) ? [bastion] : [];
      return [...new Set([...through, ...settings.firewallAccess.ssh])];
    }
    case "apiClient":
      return [...settings.firewallAccess.api];
    case "serviceClient":
      return [...settings.firewallAccess.nodePorts];
    case "any":
      return ["0.0.0.0/0"];
    case "listed":
      return [];
  }
}
