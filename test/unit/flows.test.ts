import { describe, expect, it } from "vitest";

import { CNI_PROFILES, cniProfile } from "../../model/cni";
import { flowsInto, flowsOf, sourceRanges } from "../../model/flows";
import type { Flow } from "../../model/network/flow";
import type { ClusterSettings } from "../../model/settings/resolved";
import { type RawSettings, metalInput, metalSettings } from "../support/settings";

/** A flow in one line: from > to protocol ports. */
function line({ from, to, protocol, ports, icmp }: Flow): string {
  const list = ports
    .map((port) => (port.from === port.to ? `${port.from}` : `${port.from}-${port.to}`))
    .join(",");
  return `${from} > ${to} ${[protocol, list, icmp?.code].filter(Boolean).join(" ")}`;
}

function lines(overrides: RawSettings = {}): string[] {
  return flowsOf(metalSettings(overrides)).map(line);
}

const BEFORE_CNI = [
  "operator > machine tcp 22",
  "node > controlPlane tcp 6443",
  "pod > controlPlane tcp 6443",
  "apiClient > controlPlane tcp 6443",
  "controlPlane > controlPlane tcp 2379-2380",
  "controlPlane > node tcp 10250",
];

const AFTER_CNI = [
  "serviceClient > node tcp 30000-32767",
  "serviceClient > node udp 30000-32767",
  "node > machine icmp",
  "operator > machine icmp",
  "any > machine icmp frag-needed",
];

describe("the flows of environment metal", () => {
  it("with VXLAN", () => {
    expect(lines()).toEqual([...BEFORE_CNI, "node > node udp 8472", ...AFTER_CNI]);
  });

  it("with VXLAN on its own port", () => {
    const cni = { kind: "flannel", backend: "vxlan", port: 4789 };
    expect(lines({ cni })).toEqual([...BEFORE_CNI, "node > node udp 4789", ...AFTER_CNI]);
  });

  it("with host-gw, which puts pods' addresses on the wire", () => {
    const cni = { kind: "flannel", backend: "host-gw" };
    expect(lines({ cni })).toEqual([...BEFORE_CNI, "pod > node any", "node > node any", ...AFTER_CNI]);
  });

  it("with one control-plane node have no etcd", () => {
    const { cp1, w1 } = machinesOf();
    expect(lines({ machines: { cp1, w1 }, endpoint: undefined })).toEqual([
      ...BEFORE_CNI.filter((flow) => !flow.includes("2379")),
      "node > node udp 8472",
      ...AFTER_CNI,
    ]);
  });

  it("with other SSH and NodePorts follow them", () => {
    const { cp1, w1 } = machinesOf();
    const machines = { cp1: { ...cp1, port: 2222 }, w1 };
    const network = { nodePortRange: "31000-31010" };
    const flows = lines({ machines, network, endpoint: undefined });
    expect(flows).toContain("operator > machine tcp 22,2222");
    expect(flows).toContain("serviceClient > node udp 31000-31010");
  });
});

describe("with a proxy machine", () => {
  const settings = (): ClusterSettings => {
    const machines = machinesOf();
    const lb = { ...machines.w2, role: "loadBalancer", pool: undefined, labels: undefined };
    const given = Object.fromEntries(Object.entries(lb).filter(([, value]) => value !== undefined));
    return metalSettings({
      machines: { ...machines, w2: given },
      endpoint: { kind: "loadBalancer", machine: "w2", port: 8443 },
    });
  };

  it("nodes and people reach it, and it reaches the control-plane nodes", () => {
    const flows = flowsOf(settings()).map(line);
    expect(flows.filter((flow) => flow.includes("loadBalancer"))).toEqual([
      "node > loadBalancer tcp 8443",
      "apiClient > loadBalancer tcp 8443",
      "loadBalancer > controlPlane tcp 6443",
    ]);
  });

  it("it lets in SSH, the API and path MTU discovery, and nothing of a node's", () => {
    const all = settings();
    const balancer = all.machines.find((machine) => machine.role === "loadBalancer");
    expect(balancer && flowsInto(all, balancer).map(line)).toEqual([
      "operator > machine tcp 22",
      "node > loadBalancer tcp 8443",
      "apiClient > loadBalancer tcp 8443",
      "node > machine icmp",
      "operator > machine icmp",
      "any > machine icmp frag-needed",
    ]);
    expect(sourceRanges(all, "node")).not.toContain(balancer?.nodeAddress);
    expect(sourceRanges(all, "loadBalancer")).toEqual([balancer?.nodeAddress]);
  });
});

describe("every flow", () => {
  const variants: [string, ClusterSettings][] = (["vxlan", "host-gw"] as const).map((backend) => [
    backend,
    metalSettings({ cni: { kind: "flannel", backend } }),
  ]);

  it.each(variants)("has a reason (%s)", (_backend, settings) => {
    for (const flow of flowsOf(settings)) expect(flow.reason.length).toBeGreaterThan(10);
  });

  it.each(variants)(
    "opens no whole protocol unless pod addresses are on the wire (%s)",
    (_backend, settings) => {
      const whole = flowsOf(settings).filter((flow) => flow.ports.length === 0 && flow.icmp === undefined);
      expect(whole.length > 0).toBe(cniProfile(settings.cni).podAddressesOnWire);
      for (const flow of whole) expect([flow.from, flow.to]).not.toContain("any");
    },
  );

  it.each(variants)("opens nothing to the world (%s)", (_backend, settings) => {
    for (const flow of flowsOf(settings)) {
      if (sourceRanges(settings, flow.from).includes("0.0.0.0/0")) expect(flow.protocol).toBe("icmp");
    }
  });
});

describe("who sends", () => {
  it("is a node by its node address, a person by the access lists", () => {
    const settings = metalSettings();
    expect(sourceRanges(settings, "controlPlane")).toEqual(["10.40.0.11", "10.40.0.12", "10.40.0.13"]);
    expect(sourceRanges(settings, "node")).toHaveLength(settings.machines.length);
    expect(sourceRanges(settings, "pod")).toEqual(["10.244.0.0/16"]);
    expect(sourceRanges(settings, "operator")).toEqual(settings.firewallAccess.ssh);
  });

  it("is nobody where no list is written", () => {
    expect(sourceRanges(metalSettings({ firewall: "none", access: undefined }), "serviceClient")).toEqual([]);
  });

  it("is the bastion too", () => {
    const { user, hostKey, key } = machinesOf().w1;
    const settings = metalSettings({ bastion: { host: "203.0.113.5", user, hostKey, key } });
    expect(sourceRanges(settings, "operator")[0]).toBe("203.0.113.5");
  });
});

describe("the table of CNI profiles", () => {
  it.each(Object.entries(CNI_PROFILES))(
    "%s: has an overhead or puts pods on the wire, and not neither",
    (_name, facts) => {
      expect(facts.overhead > 0 || facts.podAddressesOnWire).toBe(true);
      expect(facts.sourceDestinationCheckOff).toBe(facts.podAddressesOnWire);
      expect(facts.kubeProxyModes.length).toBeGreaterThan(0);
    },
  );
});

function machinesOf(): Record<"cp1" | "w1" | "w2", RawSettings> {
  return metalInput().machines as Record<"cp1" | "w1" | "w2", RawSettings>;
}
