import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AccountData } from "../../engine/providers/aws/account";
import type { Values } from "../../engine/providers/shared/values";
import { instancesOf } from "../../lab/ec2/account";
import { Balancers } from "../../lab/ec2/balancers/balancers";
import { answers } from "../../lab/ec2/balancers/health";
import type { HealthCheck } from "../../lab/ec2/balancers/shape";
import { packetRules, type Port } from "../../lab/ec2/packets";

const around = { services: "192.0.2.10", s3: "192.0.2.11", outside: [], resolver: "10.0.0.2" };
const REGION = "eu-central-1";

const networkInterface = (owner: string, address: string, subnetId: string, groups: string[]): Values => ({
  owner,
  address,
  subnetId,
  vpcId: "vpc-1",
  groups,
  publicAddress: "",
  allocation: "",
});
const rule = (group: string, source: Values, port: number): Values => ({
  securityGroupId: group,
  ipProtocol: "tcp",
  fromPort: port,
  toPort: port,
  ...source,
});

/** Two control-plane nodes in two zones behind a balancer with a node in each. */
function account({ group = {}, balancer = {} }: { group?: Values; balancer?: Values } = {}): AccountData {
  const subnet = (zone: string): Values => ({ availabilityZone: `eu-central-1${zone}`, vpcId: "vpc-1" });
  return {
    sequence: 0,
    controls: {},
    objects: {
      interface: {
        "eni-0a": networkInterface("i-0a", "10.0.0.10", "subnet-a", ["sg-node"]),
        "eni-0b": networkInterface("i-0b", "10.0.1.10", "subnet-b", ["sg-node"]),
        "eni-1a": networkInterface("arn:lb", "10.0.0.5", "subnet-a", ["sg-lb"]),
        "eni-1b": networkInterface("arn:lb", "10.0.1.5", "subnet-b", ["sg-lb"]),
      },
      "ec2.Instance": { "i-0a": {}, "i-0b": {} },
      "ec2.Subnet": { "subnet-a": subnet("a"), "subnet-b": subnet("b") },
      "lb.LoadBalancer": {
        "arn:lb": {
          name: "api",
          dnsName: "api-1.elb.eu-central-1.amazonaws.com",
          loadBalancerType: "network",
          internal: true,
          securityGroups: ["sg-lb"],
          enableCrossZoneLoadBalancing: true,
          ...balancer,
        },
      },
      "lb.TargetGroup": {
        "arn:tg": {
          port: 6443,
          protocol: "TCP",
          preserveClientIp: "false",
          healthCheck: { protocol: "TCP", healthyThreshold: 2, unhealthyThreshold: 2 },
          ...group,
        },
      },
      "lb.Listener": {
        l: {
          loadBalancerArn: "arn:lb",
          port: 443,
          protocol: "TCP",
          defaultActions: [{ type: "forward", targetGroupArn: "arn:tg" }],
        },
      },
      "lb.TargetGroupAttachment": {
        a: { targetGroupArn: "arn:tg", targetId: "i-0a" },
        b: { targetGroupArn: "arn:tg", targetId: "i-0b" },
      },
      "vpc.SecurityGroupIngressRule": {
        in: rule("sg-lb", { cidrIpv4: "10.0.0.0/16" }, 443),
        to: rule("sg-node", { referencedSecurityGroupId: "sg-lb" }, 6443),
      },
      "vpc.SecurityGroupEgressRule": { out: rule("sg-lb", { referencedSecurityGroupId: "sg-node" }, 6443) },
    },
  };
}

function portsOf(data: AccountData): Port[] {
  return instancesOf(data, REGION).map((instance, index) => ({ device: `e${index}`, instance }));
}

/** The rules once balancers have looked at the account. */
function rules(data: AccountData, cutZones: readonly string[] = []): string {
  const balancers = new Balancers(
    REGION,
    () => undefined,
    () => Promise.resolve(true),
  );
  const ports = portsOf(data);
  balancers.turn(data, ports);
  return packetRules(data, ports, { ...around, flows: balancers.flows(), cutZones });
}

const chain = (text: string, name: string): string[] =>
  (new RegExp(`chain ${name} \\{\\n([^}]*(?:\\{[^}]*\\}[^}]*)*?)\\n {2}\\}`).exec(text)?.[1] ?? "")
    .split("\n")
    .map((line) => line.trim());

describe("how a balancer passes packets on", () => {
  it("puts its own address in the place of the client's, unless the group preserves that", () => {
    const from = "ct original ip daddr { 10.0.0.5 } meta l4proto tcp ct original proto-dst 443";
    expect(chain(rules(account()), "translate_out")).toContain(`${from} snat ip to 10.0.0.5`);
    const kept = rules(account({ group: { preserveClientIp: "true" } }));
    expect(chain(kept, "translate_out")).toContain(`${from} accept`);
  });

  it("needs a rule of its own group for the client and one for the target, and one of the target's", () => {
    expect(chain(rules(account()), "lb_eni_1a_tcp_443_at0")).toEqual(["accept"]);
    for (const [kind, id] of [
      ["vpc.SecurityGroupIngressRule", "to"],
      ["vpc.SecurityGroupEgressRule", "out"],
    ] as const) {
      const data = account();
      delete data.objects[kind][id];
      expect(chain(rules(data), "lb_eni_1a_tcp_443_at0"), id).toEqual(["counter drop"]);
      expect(chain(rules(data), "answers").join(), id).not.toContain("tcp dport 6443 accept");
    }
    expect(chain(rules(account()), "lb_eni_1a_tcp_443_asked")).toEqual([
      "ip saddr { 10.0.0.0/16 } meta l4proto tcp ct original proto-dst 443-443 counter return",
      "counter drop",
    ]);
  });

  it("with the client's address, the target's rules see that address, or the balancer's group", () => {
    const data = account({ group: { preserveClientIp: "true" } });
    data.objects["vpc.SecurityGroupIngressRule"]["people"] = rule(
      "sg-node",
      { cidrIpv4: "203.0.113.0/24" },
      6443,
    );
    expect(chain(rules(data), "lb_eni_1a_tcp_443_at0")).toEqual([
      "meta l4proto tcp th dport 6443-6443 counter accept",
      "ip saddr { 203.0.113.0/24 } meta l4proto tcp th dport 6443-6443 counter accept",
      "counter drop",
    ]);
  });

  it("an internal one takes nobody from outside its VPC", () => {
    expect(chain(rules(account()), "lb_eni_1a_tcp_443")[0]).toBe('iifname != { "e0", "e1" } counter drop');
    expect(chain(rules(account({ balancer: { internal: false } })), "lb_eni_1a_tcp_443")[0]).not.toContain(
      "!=",
    );
  });

  it("without cross-zone balancing a node has the targets of its zone alone", () => {
    const picks = (data: AccountData): string[] =>
      ["1a", "1b"].map((id) => chain(rules(data), `lb_eni_${id}_tcp_443_pick`)[0]);
    expect(picks(account()).every((line) => line.startsWith("numgen random mod 2"))).toBe(true);
    const own = account({ balancer: { enableCrossZoneLoadBalancing: false } });
    expect(picks(own).every((line) => line.startsWith("numgen random mod 1"))).toBe(true);
    expect(chain(rules(own), "lb_eni_1b_tcp_443_to0")).toEqual([
      "meta l4proto tcp dnat ip to 10.0.1.10:6443",
    ]);
    const group = account({
      balancer: { enableCrossZoneLoadBalancing: false },
      group: { loadBalancingCrossZoneEnabled: "true" },
    });
    expect(picks(group).every((line) => line.startsWith("numgen random mod 2"))).toBe(true);
  });

  it("a zone that is cut off is reached by nothing, and reaches nothing", () => {
    const cut = rules(account(), ["eu-central-1b"]);
    expect(chain(cut, "routed").slice(1, 5)).toEqual([
      'iifname { "none", "e1" } oifname != { "none", "e1" } counter drop',
      'iifname != { "none", "e1" } oifname { "none", "e1" } counter drop',
      'iifname != { "none", "e1" } ct original ip daddr { 10.0.1.5 } counter drop',
      'iifname { "none", "e1" } ct original ip daddr { 10.0.0.5 } counter drop',
    ]);
    expect(chain(rules(account()), "routed")[1]).toBe("ct state established accept");
  });
});

describe("what a balancer knows of its targets", () => {
  afterEach(() => vi.useRealTimers());

  /** Balancers whose targets answer as told, and a clock that a test moves. */
  function watched(data: AccountData) {
    vi.useFakeTimers({ now: 0, toFake: ["Date"] });
    const deaf = new Set<string>();
    const balancers = new Balancers(
      REGION,
      () => undefined,
      (_check, _from, address) => Promise.resolve(!deaf.has(address)),
    );
    let current = data;
    const pass = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        vi.setSystemTime(Date.now() + 1000);
        balancers.turn(current, portsOf(current));
        await Promise.resolve();
      }
    };
    return { balancers, deaf, pass, change: (next: AccountData) => (current = next) };
  }
  const sent = (balancers: Balancers): number[] => balancers.flows().map(({ targets }) => targets.length);

  it("sends to all while none is healthy, then to the healthy ones, whose number thresholds decide", async () => {
    const { balancers, deaf, pass } = watched(account());
    deaf.add("10.0.1.10");
    await pass(1);
    expect(sent(balancers)).toEqual([2, 2]);
    await pass(31);
    expect(sent(balancers)).toEqual([1, 1]);
    expect(balancers.flows()[0].ended).toEqual(["10.0.1.10"]);
    deaf.clear();
    await pass(30);
    expect(sent(balancers)).toEqual([1, 1]);
    await pass(31);
    expect(sent(balancers)).toEqual([2, 2]);
  });

  it("its name leads to nodes that have a healthy target and are not cut off", async () => {
    const { balancers, deaf, pass } = watched(account({ balancer: { enableCrossZoneLoadBalancing: false } }));
    deaf.add("10.0.1.10");
    await pass(40);
    expect(balancers.names([])[0].addresses).toEqual(["10.0.0.5"]);
    deaf.clear();
    await pass(70);
    expect(balancers.names([])[0].addresses).toEqual(["10.0.0.5", "10.0.1.5"]);
    expect(balancers.names(["eu-central-1a"])[0].addresses).toEqual(["10.0.1.5"]);
  });

  it("what is taken out gets nothing new at once, and loses what it has after the delay", async () => {
    const data = account({ group: { deregistrationDelay: 30, connectionTermination: true } });
    const { balancers, pass, change } = watched(data);
    await pass(40);
    const without = structuredClone(data);
    delete without.objects["lb.TargetGroupAttachment"]["b"];
    change(without);
    await pass(1);
    expect(sent(balancers)).toEqual([1, 1]);
    expect(balancers.flows()[0].ended).toEqual([]);
    const [{ listener }] = balancers.flows();
    expect(balancers.health(listener.group).map(({ state }) => state)).toEqual(["healthy", "draining"]);
    await pass(31);
    expect(balancers.flows()[0].ended).toEqual(["10.0.1.10"]);
  });
});

describe("a health check", () => {
  const check: HealthCheck = {
    protocol: "HTTP",
    port: "traffic-port",
    path: "/ok",
    statuses: [200, 399],
    interval: 5,
    timeout: 1,
    healthy: 2,
    unhealthy: 2,
  };

  it("takes the statuses of its matcher, and a connection alone without one", async () => {
    const server = http.createServer((request, response) => {
      response.writeHead(request.url === "/ok" ? 204 : 503).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const ask = (more: Partial<HealthCheck>) =>
      answers({ ...check, ...more }, "127.0.0.1", "127.0.0.1", port);
    try {
      expect(await ask({})).toBe(true);
      expect(await ask({ path: "/other" })).toBe(false);
      expect(await ask({ statuses: [200, 200] })).toBe(false);
      expect(await ask({ protocol: "TCP", path: "/other" })).toBe(true);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await ask({ protocol: "TCP" })).toBe(false);
  });
});
