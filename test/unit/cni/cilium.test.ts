import { describe, expect, it } from "vitest";
import { nodeStepSpec, setupSpec } from "../../../components/machines/specs";
import { cniProfile, cniVariant } from "../../../model/cni";
import { ciliumValues } from "../../../model/cni/cilium/values";
import type { CiliumSettings } from "../../../model/cni/cilium/settings";
import { withCni } from "../../../model/cni";
import { flowsOf } from "../../../model/flows";
import { clusterConfiguration } from "../../../model/kubeadm/cluster";
import { readCluster } from "../../../model/settings/parse";
import { firewallRules, kernelModules } from "../../support/fromSettings";
import { settingsOf } from "../../support/kubeadmSettings";
import { edited, set } from "../settings/edit";

const cilium = (over: Partial<CiliumSettings> = {}): CiliumSettings => ({
  kind: "cilium",
  backend: "vxlan",
  autoDirectNodeRoutes: false,
  kubeProxyReplacement: false,
  hubble: { enabled: true, relay: false, ui: false },
  operatorReplicas: 2,
  ...over,
});
const native = (over: Partial<CiliumSettings> = {}) =>
  cilium({ backend: "native", autoDirectNodeRoutes: true, ...over });
const values = (cni: CiliumSettings, mtu?: number) => {
  const settings = settingsOf({ cni });
  return ciliumValues(withCni({ ...settings, network: { ...settings.network, mtu } }, "cilium"));
};
const opened = (cni: CiliumSettings) =>
  cniProfile(cni)
    .ports.filter(({ reason }) => reason !== undefined)
    .map(({ protocol, port }) => `${protocol}${port ?? ""}`);

describe("the chart's values", () => {
  it("take addresses of the Node's slice, and have no pod range of their own", () => {
    expect(values(cilium())).toMatchObject({ ipam: { mode: "kubernetes" }, routingMode: "tunnel" });
    expect(JSON.stringify(values(cilium()))).not.toContain("10.244");
  });

  it.each(["vxlan", "geneve"] as const)("tunnel by %s", (backend) => {
    expect(values(cilium({ backend })).tunnelProtocol).toBe(backend);
  });

  it("route natively what lies in kubeadm's pod range", () => {
    expect(values(native())).toMatchObject({
      routingMode: "native",
      autoDirectNodeRoutes: true,
      ipv4NativeRoutingCIDR: "10.244.0.0/16",
    });
    expect(values(native())).not.toHaveProperty("tunnelProtocol");
  });

  it("name the endpoint only where no kube-proxy leads to the API", () => {
    const { endpoint } = settingsOf();
    expect(values(cilium())).not.toHaveProperty("k8sServiceHost");
    expect(values(cilium({ kubeProxyReplacement: true }))).toMatchObject({
      kubeProxyReplacement: true,
      k8sServiceHost: endpoint.host,
      k8sServicePort: endpoint.port,
    });
  });

  it("have the MTU of the nodes' network, from which Cilium takes the overhead", () => {
    expect(values(cilium())).not.toHaveProperty("MTU");
    expect(values(cilium(), 9000).MTU).toBe(9000);
    expect(values(cilium({ mtu: 1400 })).MTU).toBe(1450);
    expect(values(native({ mtu: 1400, encryption: { type: "wireguard" } })).MTU).toBe(1480);
  });

  it("leave BGP and Hubble's page off", () => {
    expect(values(cilium())).toMatchObject({
      bgpControlPlane: { enabled: false },
      hubble: { enabled: true, relay: { enabled: false }, ui: { enabled: false } },
    });
  });
});

describe("nodes", () => {
  it.each<[string, CiliumSettings, string[]]>([
    ["vxlan", cilium(), ["udp8472", "tcp4240", "icmp", "tcp4244"]],
    ["geneve", cilium({ backend: "geneve" }), ["udp6081", "tcp4240", "icmp", "tcp4244"]],
    [
      "native without Hubble",
      native({ hubble: { enabled: false, relay: false, ui: false } }),
      ["tcp4240", "icmp"],
    ],
    [
      "WireGuard",
      cilium({ encryption: { type: "wireguard" } }),
      ["udp8472", "tcp4240", "icmp", "tcp4244", "udp51871"],
    ],
  ])("%s: open what Cilium's documentation lists", (_, cni, ports) => {
    expect(opened(cni)).toEqual(ports);
  });

  it("ping one another as an echo request and no other message", () => {
    const ping = flowsOf(settingsOf({ cni: cilium() })).filter(({ reason }) => /health/.test(reason));
    expect(ping.map(({ protocol, icmp }) => [protocol, icmp?.type])).toEqual([
      ["tcp", undefined],
      ["icmp", "echo-request"],
    ]);
  });

  it("load the modules of tunnel and encryption", () => {
    const of = (cni: CiliumSettings) => kernelModules(settingsOf({ cni }));
    expect(of(cilium({ backend: "geneve" }))).toContain("geneve");
    expect(of(native({ encryption: { type: "wireguard" } }))).toContain("wireguard");
    expect(of(native())).not.toContain("vxlan");
  });

  it("are rendered from the part of the settings that concerns them, and record what cannot change", () => {
    const whole = cilium({ encryption: { type: "wireguard" }, operatorReplicas: 7 });
    const rules = (cni: CiliumSettings) => {
      const settings = settingsOf({
        cni,
        firewall: "nftables",
        firewallAccess: { ssh: ["198.51.100.0/24"], api: ["198.51.100.0/24"], nodePorts: [] },
      });
      return firewallRules(settings, settings.machines[0]);
    };
    expect(rules(cilium({ encryption: { type: "wireguard" } }))).toBe(rules(whole));
    const told = (cni: CiliumSettings) => {
      const settings = settingsOf({ cni });
      return settings.machines.map((one) => [setupSpec(settings, one), nodeStepSpec(settings, one)]);
    };
    expect(told(cilium({ operatorReplicas: 7 }))).toEqual(told(cilium()));
  });
});

describe("kubeadm", () => {
  it.each([true, false])("has kube-proxy left out where Cilium replaces it: %s", (kubeProxyReplacement) => {
    const settings = settingsOf({ cni: cilium({ kubeProxyReplacement }) });
    const [spec] = settings.machines.flatMap((one) => nodeStepSpec(settings, one).node.controlPlane ?? []);
    expect(spec && clusterConfiguration(spec).proxy.disabled).toBe(kubeProxyReplacement);
  });
});

describe("settings", () => {
  const taken = (more: object = {}) =>
    readCluster(edited(set("cni", { kind: "cilium", podCidr: "10.244.0.0/16", ...more })), {
      environment: "metal",
    });

  it("have Cilium's defaults, and iptables for a kube-proxy beside it", () => {
    const { cni, kubeProxy, podSecurity, advisories } = taken();
    expect(cni).toEqual(cilium());
    expect(cniVariant(cni)).toBe("cilium/vxlan");
    expect(kubeProxy.mode).toBe("iptables");
    expect(podSecurity.exemptNamespaces).toContain("cilium-secrets");
    expect(advisories.join("\n")).toMatch(/cni\.kind cilium: not tested on a live cluster yet/);
  });

  it("route natively over one layer 2 network unless the network knows the slices", () => {
    expect(taken({ backend: "native" }).advisories.join("\n")).toMatch(
      /needs all nodes on one layer 2 network/,
    );
    expect(taken({ backend: "native", autoDirectNodeRoutes: false }).advisories.join("\n")).not.toMatch(
      /layer 2/,
    );
  });
});
