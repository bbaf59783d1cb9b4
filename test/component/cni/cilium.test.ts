import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { createCni } from "../../../components/cni";
import { Cilium } from "../../../components/cni/cilium";
import { ClusterSettingsError } from "../../../components/settingsError";
import { byName, record } from "../../../testing/recorder";
import { settingsOf } from "../../support/kubeadmSettings";

describe("Cilium", () => {
  it("is one release by arguments of its own, with the provider it was given", async () => {
    const all = await record(() => {
      const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
      const init = new k8s.core.v1.Namespace("init", {}, { provider });
      new Cilium(
        "net",
        { backend: "geneve", kubeProxyReplacement: true, endpoint: { host: "10.0.0.10", port: 6443 } },
        { provider, deletedWith: init, protect: true },
      );
    });
    const release = byName(all, "net-release");
    expect(release.parent).toBe(byName(all, "net").urn);
    expect(release.provider).toBe(`${byName(all, "cluster").urn}::cluster-id`);
    expect(release.deletedWith).toBe(byName(all, "init").urn);
    expect(release.sent).toMatchObject({
      chart: "cilium",
      version: "1.19.6",
      namespace: "kube-system",
      repositoryOpts: { repo: "https://helm.cilium.io" },
      values: { tunnelProtocol: "geneve", k8sServiceHost: "10.0.0.10", k8sServicePort: 6443 },
    });
  });

  it("says all that is wrong with its arguments in one report, before there is anything", async () => {
    const args = { backend: "ipip", hubble: { ui: true }, kubeProxyMode: "nftables" } as never;
    const found = await record(
      () => {
        expect(() => new Cilium("net", args)).toThrow(ClusterSettingsError);
        expect(() => new Cilium("net", args)).toThrow(/backend: .*[^]*hubble\.ui: .*[^]*kubeProxyMode: /);
        expect(() => new Cilium("net", { kubeProxyReplacement: true })).toThrow(/endpoint: .*is missing/);
      },
      { allowEmpty: true },
    );
    expect(found.filter(({ type }) => type.startsWith("kubeadm:"))).toEqual([]);
  });

  it("is what a cluster with cni.kind cilium has, with its endpoint and its sources of charts", async () => {
    const settings = settingsOf({
      cni: {
        kind: "cilium",
        backend: "vxlan",
        autoDirectNodeRoutes: false,
        kubeProxyReplacement: true,
        hubble: { enabled: true, relay: false, ui: false },
        operatorReplicas: 1,
      },
    });
    const all = await record(() => {
      createCni("lab", { settings, secrets: {}, nodes: [] }, {});
    });
    expect(byName(all, "lab-cilium").type).toBe("kubeadm:cni:Cilium");
    expect(byName(all, "lab-cilium-release").sent).toMatchObject({
      values: { k8sServiceHost: settings.endpoint.host, k8sServicePort: settings.endpoint.port },
    });
  });
});
