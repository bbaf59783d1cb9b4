/** Faults in plans, each found and named by the walk; and changes that move no packet, which it does not mention. */
import { beforeAll, describe, expect, it } from "vitest";
import type { ReachResource } from "../../../../model/reach/planned";
import { set } from "../../settings/edit";
import { added, changed, findings, onHost, planned, resources, without, type Planned } from "./support";

const SETTINGS = {
  dev: () => planned("dev"),
  prod: () => planned("prod"),
  metal: () => planned("metal"),
  strict: () => planned("prod", set("egress", "strict")),
  endpoints: () => planned("prod", set("network.endpoints", {})),
  routed: () => planned("prod", set("cni.backend", "vxlan-cross-subnet")),
  forwarded: () =>
    planned(
      "prod",
      set("access", {
        api: ["203.0.113.0/24"],
        ssh: ["203.0.113.0/24"],
        endpointAccess: "private",
        connectVia: "bastion",
      }),
    ),
} as const;

type Base = keyof typeof SETTINGS;

const plans = new Map<string, Planned>();

beforeAll(async () => {
  for (const [name, make] of Object.entries(SETTINGS)) plans.set(name, await make());
}, 120_000);

function base(name: Base): Planned {
  const found = plans.get(name);
  if (found === undefined) throw new Error(`no plan ${name}`);
  return found;
}

type Change = (plan: Planned) => Planned;

/** What is done to which plan, and the words that one finding must have: what is wrong, by its name in the plan. */
const FAULTS: readonly [fault: string, plan: Base, change: Change, named: readonly string[]][] = [
  // Security groups.
  [
    "no rule for people's API calls",
    "dev",
    (it) => without(it, "dev-firewall-control-plane-in-tcp-6443-203.0.113.0-24"),
    ["dev-firewall-control-plane", "tcp 6443", "203.0.113.0/24"],
  ],
  [
    "no rule for SSH",
    "dev",
    (it) => without(it, "dev-firewall-control-plane-in-tcp-22-203.0.113.0-24"),
    ["dev-firewall-control-plane", "tcp 22"],
  ],
  [
    "no rule for VXLAN into workers",
    "dev",
    (it) => without(it, "dev-firewall-worker-in-udp-8472-worker"),
    ["dev-firewall-worker", "udp 8472", "dev-pool-general-group"],
  ],
  [
    "VXLAN on another port",
    "dev",
    (it) => changed(it, "dev-firewall-worker-in-udp-8472-control-plane", { fromPort: 4789, toPort: 4789 }),
    ["udp 8472", "dev-firewall-worker-in-udp-8472-control-plane is for udp 4789"],
  ],
  [
    "VXLAN as TCP",
    "dev",
    (it) => changed(it, "dev-firewall-control-plane-in-udp-8472-worker", { ipProtocol: "tcp" }),
    ["dev-firewall-control-plane", "udp 8472"],
  ],
  [
    "the kubelets' rule names the wrong group",
    "dev",
    (it) =>
      changed(
        it,
        "dev-firewall-control-plane-in-tcp-6443-worker",
        {},
        { referencedSecurityGroupId: ["dev-firewall-control-plane"] },
      ),
    ["dev-firewall-control-plane-in-tcp-6443-worker names dev-firewall-control-plane"],
  ],
  [
    "people's range is another",
    "dev",
    (it) =>
      changed(it, "dev-firewall-control-plane-in-tcp-6443-203.0.113.0-24", { cidrIpv4: "198.51.100.0/24" }),
    ["dev-firewall-control-plane-in-tcp-6443-203.0.113.0-24 names 198.51.100.0/24"],
  ],
  [
    "people's range is half of it",
    "dev",
    (it) =>
      changed(it, "dev-firewall-control-plane-in-tcp-22-203.0.113.0-24", { cidrIpv4: "203.0.113.0/25" }),
    ["names 203.0.113.0/25"],
  ],
  [
    "NodePorts end early",
    "dev",
    (it) => changed(it, "dev-firewall-worker-in-tcp-30000-32767-203.0.113.0-24", { toPort: 32000 }),
    ["tcp 32767", "is for tcp 30000-32000"],
  ],
  [
    "no path MTU discovery",
    "dev",
    (it) => without(it, "dev-firewall-worker-in-icmp-3-4-0.0.0.0-0"),
    ["dev-firewall-worker", "icmp type 3"],
  ],
  [
    "path MTU discovery of another message",
    "dev",
    (it) => changed(it, "dev-firewall-worker-in-icmp-3-4-0.0.0.0-0", { fromPort: 8, toPort: -1 }),
    ["dev-firewall-worker", "icmp type 3"],
  ],
  [
    "workers in the control plane's group",
    "dev",
    (it) =>
      changed(it, "dev-pool-general-template", {}, { vpcSecurityGroupIds: ["dev-firewall-control-plane"] }),
    ["dev-firewall-control-plane"],
  ],
  [
    "workers in no group",
    "dev",
    (it) =>
      changed(it, "dev-pool-general-template", { vpcSecurityGroupIds: [] }, { vpcSecurityGroupIds: [] }),
    ["workers of dev-pool-general-group", "in no security group"],
  ],
  [
    "workers may not call out",
    "dev",
    (it) => without(it, "dev-firewall-worker-out-any-0.0.0.0-0"),
    ["dev-firewall-worker", "out to"],
  ],
  [
    "etcd members hear clients alone",
    "prod",
    (it) => changed(it, "prod-firewall-control-plane-in-tcp-2379-2380-control-plane", { toPort: 2379 }),
    ["tcp 2380", "prod-firewall-control-plane-in-tcp-2379-2380-control-plane is for tcp 2379"],
  ],
  [
    "no rule for the bastion's SSH",
    "prod",
    (it) => without(it, "prod-firewall-control-plane-in-tcp-22-bastion"),
    ["prod-firewall-control-plane", "tcp 22", "the bastion"],
  ],
  [
    "Typha closed to workers",
    "prod",
    (it) => without(it, "prod-firewall-control-plane-in-tcp-5473-worker"),
    ["prod-firewall-control-plane", "tcp 5473"],
  ],
  [
    "a rule for a port that nobody has",
    "prod",
    (it) =>
      added(it, "prod-firewall-worker-in-udp-4789-worker", "left-behind", { fromPort: 9999, toPort: 9999 }),
    ["unused: left-behind of security group prod-firewall-worker"],
  ],
  [
    "SSH to workers, which need none",
    "prod",
    (it) => added(it, "prod-firewall-worker-in-tcp-5473-worker", "ssh-for-now", { fromPort: 22, toPort: 22 }),
    ["unused: ssh-for-now of security group prod-firewall-worker"],
  ],
  [
    "strict egress without the VXLAN of workers",
    "strict",
    (it) => without(it, "prod-firewall-worker-out-udp-4789-worker"),
    ["prod-firewall-worker", "udp 4789 out to"],
  ],
  [
    "strict egress without HTTPS",
    "strict",
    (it) => without(it, "prod-firewall-worker-out-tcp-443-0.0.0.0-0"),
    ["prod-firewall-worker", "tcp 443 out to the internet"],
  ],
  [
    "strict egress of the balancer to another port",
    "strict",
    (it) => changed(it, "prod-firewall-balancer-out-tcp-6443-control-plane", { fromPort: 443, toPort: 443 }),
    ["prod-firewall-balancer", "tcp 6443 out to"],
  ],

  // Routes and gateways.
  [
    "no route to the internet",
    "dev",
    (it) => without(it, "dev-network-public-routes-out"),
    ["route table dev-network-public-routes", "no route to the internet"],
  ],
  [
    "the route is for a part of the internet",
    "dev",
    (it) => changed(it, "dev-network-public-routes-out", { destinationCidrBlock: "203.0.113.0/24" }),
    ["route dev-network-public-routes-out is for 203.0.113.0/24 alone"],
  ],
  [
    "no internet gateway",
    "dev",
    (it) => without(it, "dev-network-internet"),
    ["route dev-network-public-routes-out", "gateway"],
  ],
  [
    "a subnet without a route table",
    "prod",
    (it) => without(it, "prod-network-private-b-routes-private-b"),
    ["subnet prod-network-private-b is associated with no route table"],
  ],
  [
    "a private subnet with the public table",
    "prod",
    (it) =>
      changed(
        it,
        "prod-network-private-a-routes-private-a",
        {},
        { routeTableId: ["prod-network-public-routes"] },
      ),
    ["no public address", "route prod-network-public-routes-out leads to the internet gateway"],
  ],
  [
    "the bastion's subnet with a private table",
    "prod",
    (it) =>
      changed(
        it,
        "prod-network-public-routes-public-a",
        {},
        { routeTableId: ["prod-network-private-a-routes"] },
      ),
    ["the bastion", "route prod-network-private-a-routes-out"],
  ],
  [
    "no NAT gateway in one zone",
    "prod",
    (it) => without(it, "prod-network-nat-c"),
    ["route prod-network-private-c-routes-out leads to no gateway"],
  ],
  [
    "a NAT gateway in a private subnet",
    "prod",
    (it) => changed(it, "prod-network-nat-b", {}, { subnetId: ["prod-network-private-b"] }),
    ["NAT gateway prod-network-nat-b is in prod-network-private-b"],
  ],
  [
    "a NAT gateway without an address",
    "prod",
    (it) => without(it, "prod-network-nat-a-address"),
    ["NAT gateway prod-network-nat-a has no public address"],
  ],
  [
    "a private NAT gateway",
    "prod",
    (it) => changed(it, "prod-network-nat-a", { connectivityType: "private" }),
    ["NAT gateway prod-network-nat-a has no public address"],
  ],
  [
    "workers in the open without public addresses",
    "dev",
    (it) => changed(it, "dev-network-public-a", { mapPublicIpOnLaunch: false }),
    ["workers of dev-pool-general-group", "no public address"],
  ],
  [
    "the control-plane node without its elastic address",
    "dev",
    (it) =>
      without(changed(it, "dev-network-public-a", { mapPublicIpOnLaunch: false }), "dev-instances-address"),
    ["control-plane node dev-instances-cp-1 has no public address"],
  ],
  [
    "endpoints closed to workers",
    "endpoints",
    (it) => without(it, "prod-firewall-endpoints-in-tcp-443-worker"),
    ["prod-firewall-endpoints", "tcp 443"],
  ],
  [
    "an endpoint in no group",
    "endpoints",
    (it) => changed(it, "prod-services-ssm", { securityGroupIds: [] }, { securityGroupIds: [] }),
    ["endpoint prod-services-ssm", "in no security group"],
  ],

  // Balancers.
  [
    "the internal listener on another port",
    "prod",
    (it) => changed(it, "prod-endpoint-internal-listener", { port: 443 }),
    [
      "balancer prod-endpoint-internal has no listener on tcp 6443",
      "prod-endpoint-internal-listener is on tcp 443",
    ],
  ],
  [
    "no public listener",
    "prod",
    (it) => without(it, "prod-endpoint-public-listener"),
    ["balancer prod-endpoint-public has no listener"],
  ],
  [
    "a UDP listener",
    "prod",
    (it) => changed(it, "prod-endpoint-public-listener", { protocol: "UDP" }),
    ["balancer prod-endpoint-public has no listener"],
  ],
  [
    "a listener without targets",
    "prod",
    (it) =>
      without(it, "prod-instances-cp-1-public", "prod-instances-cp-2-public", "prod-instances-cp-3-public"),
    ["target group prod-endpoint-public-targets has no targets"],
  ],
  [
    "a listener of another group's targets",
    "prod",
    (it) => changed(it, "prod-endpoint-public-listener", {}, { defaultActions: [] }),
    ["listener prod-endpoint-public-listener forwards to no target group"],
  ],
  [
    "an attachment to another port",
    "prod",
    (it) => changed(it, "prod-instances-cp-2-internal", { port: 8443 }),
    ["attachment prod-instances-cp-2-internal sends to tcp 8443"],
  ],
  [
    "health asked for elsewhere",
    "prod",
    (it) => changed(it, "prod-endpoint-internal-targets", { healthCheck: { port: "10256" } }),
    ["target group prod-endpoint-internal-targets asks for health on tcp 10256"],
  ],
  [
    "client addresses kept in front of who calls himself",
    "prod",
    (it) => changed(it, "prod-endpoint-internal-targets", { preserveClientIp: "true" }),
    ["prod-endpoint-internal-targets preserves client addresses", "prod-instances-cp-1"],
  ],
  [
    "client addresses kept by default",
    "prod",
    (it) => changed(it, "prod-endpoint-internal-targets", { preserveClientIp: undefined }),
    ["prod-endpoint-internal-targets preserves client addresses"],
  ],
  [
    "client addresses kept, and a rule for the VPC's range alone",
    "prod",
    (it) =>
      changed(
        changed(it, "prod-endpoint-public-targets", { preserveClientIp: "true" }),
        "prod-firewall-control-plane-in-tcp-6443-public-balancer",
        { cidrIpv4: "10.16.0.0/16" },
        { referencedSecurityGroupId: [] },
      ),
    ["prod-firewall-control-plane", "tcp 6443 in from 203.0.113.0/24"],
  ],
  [
    "targets closed to the public balancer",
    "prod",
    (it) => without(it, "prod-firewall-control-plane-in-tcp-6443-public-balancer"),
    ["prod-firewall-control-plane", "balancer prod-endpoint-public"],
  ],
  [
    "the public balancer in private subnets",
    "prod",
    (it) => changed(it, "prod-endpoint-public", {}, { subnets: ["prod-network-private-a"] }),
    ["balancer prod-endpoint-public in prod-network-private-a", "route prod-network-private-a-routes-out"],
  ],
  [
    "the public balancer is internal",
    "prod",
    (it) => changed(it, "prod-endpoint-public", { internal: true }),
    ["nothing that people call the API at"],
  ],
  [
    "the internal balancer at another address",
    "prod",
    (it) => resources(it, (all) => all.map(elsewhere)),
    ["nothing in the plan has the address 10.16."],
  ],
  [
    "one zone's targets, not balanced across zones",
    "prod",
    (it) =>
      without(
        changed(it, "prod-endpoint-internal", { enableCrossZoneLoadBalancing: false }),
        "prod-instances-cp-3-internal",
      ),
    ["balancer prod-endpoint-internal has no target in the zone of prod-network-private-c"],
  ],
  [
    "the balancer without its group",
    "prod",
    (it) =>
      changed(
        it,
        "prod-endpoint-internal",
        { securityGroups: [] },
        { securityGroups: ["prod-firewall-bastion"] },
      ),
    ["prod-firewall-bastion", "tcp 6443"],
  ],
  [
    "the bastion may not forward",
    "forwarded",
    (it) => without(it, "prod-firewall-balancer-in-tcp-6443-bastion"),
    ["prod-firewall-balancer", "tcp 6443 in from the bastion"],
  ],

  // Pods' own addresses.
  [
    "the source check of a control-plane node",
    "routed",
    (it) =>
      changed(
        it,
        "prod-instances-cp-2",
        { sourceDestCheck: true, subnetId: undefined },
        { subnetId: ["prod-network-private-a"] },
      ),
    ["source/destination check is on at control-plane node prod-instances-cp-2"],
  ],
  [
    "the source check of workers",
    "routed",
    (it) => ({ ...it, plan: { ...it.plan, boots: [] } }),
    ["source/destination check is on at workers of prod-pool-general-group"],
  ],
  [
    "no rule for pods' addresses",
    "routed",
    (it) => without(it, "prod-firewall-worker-in-any-10.244.0.0-16"),
    ["prod-firewall-worker", "any protocol in from pods (10.244.0.0/16)"],
  ],
  [
    "pods' addresses of another range",
    "routed",
    (it) => changed(it, "prod-firewall-worker-in-any-10.244.0.0-16", { cidrIpv4: "10.245.0.0/16" }),
    ["prod-firewall-worker", "10.244.0.0/16"],
  ],

  // Hosts.
  [
    "no rule for VXLAN on a worker",
    "metal",
    (it) => onHost(it, "w1", "rules", /^.*udp dport \{ 8472 \}.*\n/m, ""),
    ["the firewall of w1", "udp 8472"],
  ],
  [
    "a control-plane node that knows no second worker",
    "metal",
    (it) => onHost(it, "cp2", "rules", ", 10.40.0.22 } udp dport { 8472 }", " } udp dport { 8472 }"),
    ["the firewall of cp2", "udp 8472"],
  ],
  [
    "etcd's peers on another port",
    "metal",
    (it) => onHost(it, "cp1", "rules", "{ 2379-2380 }", "{ 2379 }"),
    ["the firewall of cp1", "tcp 2380"],
  ],
  [
    "a drop before everything",
    "metal",
    (it) =>
      onHost(
        it,
        "w2",
        "rules",
        '    iifname "lo" accept',
        '    tcp dport { 10250 } drop\n    iifname "lo" accept',
      ),
    ["the firewall of w2", 'rule "tcp dport { 10250 } drop"'],
  ],
  [
    "no SSH",
    "metal",
    (it) => onHost(it, "cp3", "rules", /^.*\$ssh_ports.*\n/m, ""),
    ["the firewall of cp3", "$ssh_ports"],
  ],
  [
    "answers are dropped",
    "metal",
    (it) => onHost(it, "w1", "rules", /^ *ct state established,related accept comment.*\n/m, ""),
    ["the firewall of w1"],
  ],
  [
    "no DHCP",
    "metal",
    (it) => onHost(it, "w1", "rules", /^ *udp sport 67.*\n/m, ""),
    ["the firewall of w1", "udp 68"],
  ],
  [
    "pods of the node are strangers",
    "metal",
    (it) => onHost(it, "w2", "rules", /^ *iifname "cni0" accept.*\n/m, ""),
    ["the firewall of w2"],
  ],
  [
    "the overlay's interface is another",
    "metal",
    (it) => onHost(it, "w2", "rules", 'iifname "flannel*" ip saddr', 'iifname "weave" ip saddr'),
    ["the firewall of w2", 'unused: iifname "weave"'],
  ],
  [
    "NodePorts open to another range",
    "metal",
    (it) => onHost(it, "w1", "rules", /!= \{ 192.168.0.0\/16 \} tcp/, "!= { 192.168.4.0/24 } tcp"),
    ["drops it", "192.168.4.0/24"],
  ],
  [
    "members that leave may not vote",
    "metal",
    (it) => onHost(it, "cp1", "rules", /^.*@leaving_controlplane tcp dport \{ 2379-2380 \}.*\n/m, ""),
    ["the firewall of cp1", "tcp 2379"],
  ],
  [
    "a rule for a port that nobody has",
    "metal",
    (it) =>
      onHost(
        it,
        "w1",
        "rules",
        '    iifname "lo" accept',
        '    tcp dport { 8081 } accept comment "for now"\n    iifname "lo" accept',
      ),
    ["unused: tcp dport { 8081 } accept", "the firewall of w1"],
  ],
  [
    "a rule in words nobody reads",
    "metal",
    (it) =>
      onHost(
        it,
        "w1",
        "rules",
        "icmp type destination-unreachable icmp code frag-needed accept",
        "icmp type 3 icmp code 4 limit rate 1/second accept",
      ),
    ["unused: icmp type 3", "the firewall of w1"],
  ],
  [
    "the proxy listens elsewhere",
    "metal",
    (it) => onHost(it, "w1", "proxy", "listen 127.0.0.1:7443", "listen 127.0.0.1:6443"),
    ["the proxy on w1 listens on 127.0.0.1:6443"],
  ],
  [
    "the proxy knows no third server",
    "metal",
    (it) => onHost(it, "w2", "proxy", /^ *server 10\.40\.0\.13:6443.*\n/m, ""),
    ["the proxy on w2 does not send to cp3"],
  ],
  [
    "the proxy sends to a wrong port",
    "metal",
    (it) => onHost(it, "cp1", "proxy", "10.40.0.12:6443", "10.40.0.12:443"),
    ["the proxy on cp1 does not send to cp2"],
  ],
];

function elsewhere(one: ReachResource): ReachResource {
  if (one.name !== "prod-endpoint-internal") return one;
  const mappings = one.inputs["subnetMappings"] as { readonly privateIpv4Address: string }[];
  const moved = mappings.map((mapping) => ({
    ...mapping,
    privateIpv4Address: mapping.privateIpv4Address.replace(/\d+$/, "7"),
  }));
  return { ...one, inputs: { ...one.inputs, subnetMappings: moved } };
}

/** What moves no packet: names for people, the order, text, size, a rule that says again what another says. */
const HARMLESS: readonly [change: string, plan: Base, change: Change][] = [
  [
    "a tag",
    "prod",
    (it) => changed(it, "prod-instances-cp-1", { tags: { Name: "another", owner: "somebody" } }),
  ],
  ["the order of the resources", "prod", (it) => resources(it, (all) => [...all].reverse())],
  [
    "a description",
    "prod",
    (it) => changed(it, "prod-firewall-worker-in-udp-4789-worker", { description: "" }),
  ],
  ["an instance type", "dev", (it) => changed(it, "dev-instances-cp-1", { instanceType: "m7i.8xlarge" })],
  [
    "a wider range of the same source",
    "dev",
    (it) =>
      changed(it, "dev-firewall-control-plane-in-tcp-22-203.0.113.0-24", { cidrIpv4: "203.0.112.0/23" }),
  ],
  [
    "the public balancer keeps client addresses, and targets name its group",
    "prod",
    (it) => changed(it, "prod-endpoint-public-targets", { preserveClientIp: "true" }),
  ],
  [
    "zones balanced apart, each with its target",
    "prod",
    (it) => changed(it, "prod-endpoint-internal", { enableCrossZoneLoadBalancing: false }),
  ],
  [
    "the same rule a second time",
    "prod",
    (it) => added(it, "prod-firewall-worker-in-udp-4789-worker", "again", {}),
  ],
  [
    "a resource that carries nothing",
    "dev",
    (it) => added(it, "dev-network-public-a-reserved", "another", {}),
  ],
  [
    "a larger pool",
    "prod",
    (it) => changed(it, "prod-pool-general-group", { maxSize: 40, desiredCapacity: 9 }),
  ],
  [
    "a comment in a host's rules",
    "metal",
    (it) => onHost(it, "w1", "rules", "flannel VXLAN between nodes", "the overlay"),
  ],
  [
    "rules of a host in another order",
    "metal",
    (it) => onHost(it, "w1", "rules", /^( *iifname "lo" accept\n)( *udp sport 67 .*\n)/m, "$2$1"),
  ],
  [
    "a proxy that waits longer",
    "metal",
    (it) => onHost(it, "w1", "proxy", "proxy_connect_timeout 1s", "proxy_connect_timeout 9s"),
  ],
];

describe("a fault in a plan", () => {
  it.each(FAULTS)("is found and named: %s (%s)", (_, name, change, named) => {
    const found = findings(change(base(name)));
    expect(found.length).toBeGreaterThan(0);
    for (const words of named) expect(found.join("\n")).toContain(words);
  });

  it("of 40 kinds and more", () => {
    expect(new Set(FAULTS.map(([fault, plan]) => `${fault} ${plan}`)).size).toBeGreaterThanOrEqual(40);
  });
});

describe("a change that moves no packet", () => {
  it.each(HARMLESS)("is not mentioned: %s (%s)", (_, name, change) => {
    expect(findings(change(base(name)))).toEqual([]);
  });
});
