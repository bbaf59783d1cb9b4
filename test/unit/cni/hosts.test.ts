import { describe, expect, it } from "vitest";
import { nodeStepSpec, setupSpec } from "../../../components/machines/specs";
import { immutableSettings } from "../../../model/settings/specs";
import { cniProfile } from "../../../model/cni";
import type { CniSettings } from "../../../model/settings/resolved";
import { calico, flannel, routers, weave } from "../../support/cniSettings";
import { settingsOf } from "../../support/kubeadmSettings";
import { firewallRules, kernelModules } from "../../support/fromSettings";

const encryption = { password: "mesh", trustedSubnets: ["10.40.0.0/24"] };
const ALL: readonly [name: string, cni: CniSettings][] = [
  ["flannel for Windows", flannel({ windows: true, vni: 4096, port: 4789, mtu: 1400 })],
  ["flannel with WireGuard", flannel({ backend: "wireguard", networkPolicy: "kube-network-policies" })],
  ["weave", weave({ encryption })],
  ["calico vxlan", calico({ blockSize: 28, apiServer: false })],
  ["calico ipip", calico({ backend: "ipip", bgp: routers({ asNumber: 65000 }) })],
];

const onHosts = (cni: CniSettings) =>
  settingsOf({
    cni,
    firewall: "nftables",
    firewallAccess: { ssh: ["198.51.100.0/24"], api: ["198.51.100.0/24"], nodePorts: [] },
  });

describe.each(ALL)("a host with %s", (_, cni) => {
  it("lets in what its own pods and other nodes' pods send", () => {
    const rules = firewallRules(onHosts(cni), onHosts(cni).machines[0]);
    const { interfaces, ports } = cniProfile(cni);
    for (const name of [...interfaces.pods, ...interfaces.overlay])
      expect(rules).toContain(`iifname "${name}"`);
    for (const { port, reason } of ports)
      if (port !== undefined && reason !== undefined) expect(rules).toContain(`dport { ${port} }`);
  });
});

it("is not changed by what reaches nodes through the cluster", () => {
  const told = (cni: CniSettings) => {
    const settings = onHosts(cni);
    return settings.machines.map((one) => [setupSpec(settings, one), nodeStepSpec(settings, one)]);
  };
  expect(told(weave({ encryption, mtu: 1376 }))).toEqual(
    told(weave({ encryption: { password: "other", trustedSubnets: [] } })),
  );
  expect(told(flannel({ vni: 7, networkPolicy: "kube-network-policies" }))).toEqual(told(flannel()));
  const bgp = (asNumber: number) => told(calico({ backend: "bgp", bgp: routers({ asNumber }) }));
  expect(bgp(64512)).toEqual(bgp(65000));
});

it("is changed by what a living cluster cannot change: nodes keep a record of it", () => {
  expect(immutableSettings(onHosts(calico({ blockSize: 28 })))).toMatchObject({ cniBlockSize: 28 });
});

it("loads the kernel modules of its backend and no other's", () => {
  const of = (cni: CniSettings) =>
    kernelModules(onHosts(cni)).filter((name) => ["vxlan", "wireguard", "ipip"].includes(name));
  expect(ALL.map(([, cni]) => of(cni))).toEqual([["vxlan"], ["wireguard"], [], ["vxlan"], ["ipip"]]);
});
