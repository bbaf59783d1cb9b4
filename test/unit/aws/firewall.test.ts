import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { egressRules, rulesPerGroup } from "../../../model/aws/egress";
import {
  description,
  groupRules,
  groupsOf,
  peerName,
  ruleKey,
  type FirewallGroup,
  type GroupRule,
} from "../../../model/aws/firewall";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { awsSettings, largeAws, smallAws } from "../../support/awsInput";
import type { RawSettings } from "../../support/settings";
import { newKey } from "../../support/sshKey";

/** As people read them: `worker udp 8472 from control-plane`. */
function lines(rules: readonly GroupRule[], group?: FirewallGroup): string[] {
  return rules
    .filter((rule) => group === undefined || rule.group === group)
    .map((rule) => {
      const ports =
        rule.ports === undefined
          ? ""
          : rule.ports.from === rule.ports.to
            ? ` ${rule.ports.from}`
            : ` ${rule.ports.from}-${rule.ports.to}`;
      return `${rule.protocol}${ports} ${peerName(rule.peer)}`;
    })
    .sort();
}

const change = (base: () => RawSettings, over: RawSettings): ClusterSettings =>
  awsSettings(base, (raw) => Object.assign(raw, over));

describe("ingress", () => {
  it("of one control-plane node in the open is what its flows name, and no more", () => {
    const rules = groupRules(awsSettings(smallAws));
    expect(lines(rules, "controlPlane")).toEqual([
      "icmp 3-4 0.0.0.0-0",
      "tcp 22 203.0.113.0-24",
      "tcp 6443 203.0.113.0-24",
      "tcp 6443 worker",
      "udp 8472 worker",
    ]);
    expect(lines(rules, "worker")).toEqual([
      "icmp 3-4 0.0.0.0-0",
      "tcp 10250 control-plane",
      "udp 8472 control-plane",
      "udp 8472 worker",
    ]);
  });

  it("of an ingress controller on host ports is where its pods run: not at control-plane nodes, unless these take any pod", () => {
    const ingress = { kind: "ingress-nginx", expose: { type: "hostPorts" } };
    const rulesFor = (controlPlane: RawSettings): GroupRule[] => {
      const raw = smallAws();
      const access = { ...(raw["access"] as RawSettings), nodePorts: ["203.0.113.0/24"] };
      const nodes = { ...(raw["controlPlane"] as RawSettings), ...controlPlane };
      return groupRules(change(smallAws, { ingress, access, controlPlane: nodes }));
    };
    const ports = ["tcp 80 203.0.113.0-24", "tcp 443 203.0.113.0-24"];
    expect(lines(rulesFor({}), "worker")).toEqual(expect.arrayContaining(ports));
    expect(lines(rulesFor({}), "controlPlane").filter((line) => ports.includes(line))).toEqual([]);
    expect(lines(rulesFor({ taints: [] }), "controlPlane")).toEqual(expect.arrayContaining(ports));
  });

  it("of three control-plane nodes behind balancers lets people in at the public one and the bastion alone", () => {
    const settings = awsSettings(largeAws);
    const rules = groupRules(settings);
    expect(groupsOf(settings)).toEqual(["controlPlane", "worker", "balancer", "publicBalancer", "bastion"]);
    const fromOutside = rules.filter((rule) => rule.peer.kind === "range" && rule.protocol !== "icmp");
    expect(lines(fromOutside, "publicBalancer")).toEqual(["tcp 6443 203.0.113.0-24"]);
    expect(lines(fromOutside, "bastion")).toEqual(["tcp 22 203.0.113.0-24"]);
    expect(fromOutside).toHaveLength(2);
    expect(lines(rules, "balancer")).toEqual([
      "icmp 3-4 10.16.0.0-16",
      "tcp 6443 control-plane",
      "tcp 6443 worker",
    ]);
    for (const peer of ["balancer", "public-balancer"])
      expect(lines(rules, "controlPlane")).toContain(`tcp 6443 ${peer}`);
    expect(lines(rules, "controlPlane")).toContain("tcp 22 bastion");
    expect(lines(rules, "controlPlane")).toContain("tcp 2379-2380 control-plane");
    expect(lines(rules, "worker").filter((line) => / 22 /.test(line))).toEqual([]);
  });

  it("of a private API lets people in at the bastion that forwards, and the bastion at the balancer", () => {
    const settings = change(largeAws, {
      access: {
        api: ["203.0.113.0/24"],
        ssh: ["203.0.113.0/24"],
        endpointAccess: "private",
        connectVia: "bastion",
      },
    });
    const rules = groupRules(settings);
    expect(groupsOf(settings)).not.toContain("publicBalancer");
    expect(lines(rules, "bastion")).toContain("tcp 6443 203.0.113.0-24");
    expect(lines(rules, "balancer")).toContain("tcp 6443 bastion");
    expect(lines(rules, "controlPlane")).not.toContain("tcp 6443 203.0.113.0-24");
  });

  it("opens NodePorts to those whom access.nodePorts names, on every node", () => {
    const ranges = ["198.51.100.0/24", "192.0.2.0/25"];
    const settings = change(smallAws, {
      access: { api: ["203.0.113.0/24"], ssh: ["203.0.113.0/24"], nodePorts: ranges },
    });
    const rules = groupRules(settings);
    for (const group of ["controlPlane", "worker"] as const)
      for (const protocol of ["tcp", "udp"])
        for (const range of ranges)
          expect(lines(rules, group)).toContain(`${protocol} 30000-32767 ${range.replace("/", "-")}`);
  });

  it("opens a whole protocol for backends alone that put pods' own packets on the wire", () => {
    const whole = (settings: ClusterSettings) =>
      groupRules(settings).filter((rule) => rule.ports === undefined || rule.protocol === "-1");
    expect(whole(awsSettings(smallAws))).toEqual([]);
    expect(whole(awsSettings(largeAws))).toEqual([]);
    const native = change(smallAws, {
      cni: { kind: "flannel", backend: "host-gw", podCidr: "10.244.0.0/16" },
      workers: { general: { count: 2, instanceType: "t3.large", sourceDestinationCheckOff: true } },
    });
    expect(lines(whole(native), "worker")).toEqual(["-1 10.244.0.0-16", "-1 control-plane", "-1 worker"]);
    expect(lines(whole(native), "controlPlane")).toEqual(["-1 10.244.0.0-16", "-1 worker"]);
  });

  it("never has two rules for the same ports and source, which EC2 refuses", () => {
    for (const settings of [awsSettings(smallAws), awsSettings(largeAws)]) {
      const all = groupRules(settings).map((rule) => `${rule.group} ${ruleKey(rule)}`);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  it("names the balancers alone in rules of groups that there are", () => {
    const settings = awsSettings(smallAws);
    const there = groupsOf(settings);
    for (const rule of [...groupRules(settings), ...egressRules(settings)]) {
      expect(there).toContain(rule.group);
      if (rule.peer.kind === "group") expect(there).toContain(rule.peer.group);
    }
  });
});

describe("egress", () => {
  it("is one rule a group when it is open", () => {
    const settings = awsSettings(largeAws);
    expect(lines(egressRules(settings))).toEqual(groupsOf(settings).map(() => "-1 0.0.0.0-0"));
  });

  it("is the other end of every rule, and the web for hosts, when it is strict", () => {
    const settings = change(largeAws, { egress: "strict" });
    const rules = egressRules(settings);
    for (const rule of groupRules(settings)) {
      if (rule.peer.kind !== "group") continue;
      const mirrored = { ...rule, group: rule.peer.group, peer: { kind: "group", group: rule.group } };
      expect(rules).toContainEqual(mirrored);
    }
    expect(lines(rules, "worker")).toContain("tcp 443 0.0.0.0-0");
    expect(lines(rules, "publicBalancer")).toEqual(["tcp 6443 control-plane"]);
    expect(rules.filter((rule) => rule.protocol === "-1")).toEqual([]);
  });

  it.each([
    [{ kind: "s3", bucket: "backups" }, []],
    [
      { kind: "s3", bucket: "backups", endpoint: "https://minio.example.com:9000", credentials: "s3" },
      ["tcp 0.0.0.0/0 9000"],
    ],
    [
      {
        kind: "ssh",
        host: "192.0.2.50",
        port: 2222,
        user: "b",
        hostKey: newKey().public,
        key: "b",
        path: "etcd",
      },
      ["tcp 192.0.2.50/32 2222"],
    ],
  ])("lets control-plane nodes reach the target of backups %j when it is strict", (target, wanted) => {
    const rulesWith = (etcd: object) =>
      egressRules(change(largeAws, { egress: "strict", etcd })).map(
        ({ group, peer, protocol, ports }) =>
          `${group} ${protocol} ${peer.kind === "range" ? peer.cidr : peer.group} ${ports?.from}`,
      );
    const before = rulesWith({});
    const added = rulesWith({ backup: { target } }).filter((rule) => !before.includes(rule));
    expect(added).toEqual(wanted.map((rule) => `controlPlane ${rule}`));
  });

  it("follows the settings' own mirrors and resolvers when it is strict", () => {
    const settings = change(smallAws, {
      egress: "strict",
      downloads: { mirror: "http://mirror.example.com:8081" },
      coredns: { upstreamServers: ["10.0.0.53"] },
    });
    const worker = lines(egressRules(settings), "worker");
    expect(worker).toContain("tcp 8081 0.0.0.0-0");
    expect(worker).toContain("udp 53 10.0.0.53-32");
    expect(worker).toContain("tcp 53 10.0.0.53-32");
  });

  it("goes to the ports that resolvers, registry and issuer have of their own", () => {
    const settings = change(smallAws, {
      egress: "strict",
      coredns: { upstreamServers: ["10.0.0.53:5353"], stubDomains: { "corp.example": ["192.168.1.1"] } },
      images: { repository: "registry.example.com:5000/k8s" },
      oidc: { issuerUrl: "https://sso.example.com:8443/realms/x", clientId: "k8s" },
    });
    const worker = lines(egressRules(settings), "worker");
    expect(worker).toContain("udp 5353 10.0.0.53-32");
    expect(worker).not.toContain("udp 53 10.0.0.53-32");
    expect(worker).toContain("tcp 53 192.168.1.1-32");
    expect(worker).toContain("tcp 5000 0.0.0.0-0");
    expect(worker).toContain("tcp 8443 0.0.0.0-0");
  });
});

describe("the quota", () => {
  it("counts what would be made, each way and each group", () => {
    const settings = awsSettings(largeAws);
    const counts = rulesPerGroup(settings);
    for (const group of groupsOf(settings)) {
      expect(counts[group].ingress).toBe(groupRules(settings).filter((rule) => rule.group === group).length);
      expect(counts[group].egress).toBe(1);
    }
  });

  it("grows by one with each range", () => {
    const ranges = Array.from({ length: 20 }, (_, index) => `203.0.113.${index}/32`);
    const settings = change(smallAws, { access: { api: ranges, ssh: ["203.0.113.0/24"] } });
    const before = rulesPerGroup(
      change(smallAws, { access: { api: ["203.0.113.0/32"], ssh: ["203.0.113.0/24"] } }),
    );
    expect(rulesPerGroup(settings).controlPlane.ingress - before.controlPlane.ingress).toBe(19);
    expect(rulesPerGroup(settings).worker).toEqual(before.worker);
  });
});

describe("descriptions", () => {
  it("have EC2's characters and length, whatever the reason", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 600 }), (reason) => {
        const text = description(reason);
        expect(text.length).toBeLessThanOrEqual(255);
        expect(text).toMatch(/^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]*$/);
      }),
    );
  });

  it("say why, for every rule", () => {
    for (const rule of groupRules(awsSettings(largeAws))) expect(rule.reason.length).toBeGreaterThan(10);
  });
});
