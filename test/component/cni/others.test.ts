import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { createCni } from "../../../components/cni";
import type { CniSettings } from "../../../model/settings/resolved";
import { byName, record, type Recorded } from "../../../testing/recorder";
import { calico, flannel, routers, weave } from "../../support/cniSettings";
import { settingsOf } from "../../support/kubeadmSettings";

async function resources(cni: CniSettings): Promise<readonly Recorded[]> {
  const secrets = { mesh: "weave-password", tor: "tor-password" };
  return record(() => {
    const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
    const init = new k8s.core.v1.Namespace("init", {}, { provider });
    const node = new k8s.core.v1.Namespace("member", {}, { provider });
    const kubeProxy = { mode: cni.kind === "weave" ? "iptables" : "nftables", config: {} } as const;
    createCni(
      "lab",
      { settings: settingsOf({ cni, kubeProxy }), secrets, nodes: [node] },
      { provider, deletedWith: init },
    );
  });
}

const children = (all: readonly Recorded[], name: string) =>
  all.filter((one) => one.parent === byName(all, name).urn);
const reflected = calico({
  backend: "bgp",
  bgp: routers({
    nodeToNodeMesh: false,
    routeReflectors: {
      nodeSelector: { reflector: "true" },
      clusterId: "244.0.0.1",
      nodes: [{ machine: "w1", node: "w1", revision: 1 }],
    },
    peers: [
      {
        name: "r1",
        address: "10.40.0.1",
        port: 179,
        asNumber: 64601,
        nodeSelector: {},
        password: "tor",
      },
    ],
  }),
});

describe("createCni", () => {
  it.each<[CniSettings, string, string]>([
    [flannel(), "lab-flannel", "kubeadm:index:Flannel"],
    [weave(), "lab-weave", "kubeadm:index:Weave"],
    [calico(), "lab-calico", "kubeadm:index:Calico"],
  ])("makes the kind of the settings: %j", async (cni, name, type) => {
    const all = await resources(cni);
    expect(
      all.filter((one) => one.type.startsWith("kubeadm:index:")).map((one) => [one.name, one.type]),
    ).toEqual([[name, type]]);
  });

  it.each<[string, CniSettings, string[]]>([
    ["flannel", flannel({ networkPolicy: "kube-network-policies" }), ["lab-flannel"]],
    ["weave", weave({ encryption: { password: "mesh", trustedSubnets: [] } }), ["lab-weave"]],
    ["calico", reflected, ["lab-calico", "lab-route-reflectors"]],
  ])("%s: every child has the cluster's provider and goes with init", async (_, cni, components) => {
    const all = await resources(cni);
    const found = components.flatMap((name) => children(all, name));
    expect(new Set(found.map((one) => one.deletedWith))).toEqual(new Set([byName(all, "init").urn]));
    expect(new Set(found.map((one) => one.provider))).toEqual(
      new Set([`${byName(all, "cluster").urn}::cluster-id`]),
    );
  });
});

describe("Weave", () => {
  it("has the nodes' password as a secret before the pods that read it", async () => {
    const all = await resources(weave({ encryption: { password: "mesh", trustedSubnets: [] } }));
    const secret = byName(all, "lab-weave-secret");
    expect(pulumi.runtime.isRpcSecret(secret.sent.stringData)).toBe(true);
    expect(JSON.stringify(secret.sent.stringData)).toContain("weave-password");
    expect(secret.additionalSecretOutputs).toEqual(expect.arrayContaining(["data", "stringData"]));
    expect(byName(all, "lab-weave-daemon-set-weave-net").dependsOn).toContain(secret.urn);
    const others = all.filter((one) => one !== secret).map((one) => JSON.stringify(one.sent));
    expect(others.filter((text) => text.includes("weave-password"))).toEqual([]);
  });

  it("has no Secret without encryption", async () => {
    const all = await resources(weave());
    expect(children(all, "lab-weave").filter((one) => one.type.endsWith(":Secret"))).toEqual([]);
  });
});

describe("Calico", () => {
  it("is CRDs, then routes and operator, then what the operator installs", async () => {
    const all = await resources(reflected);
    const [crds, operator] = ["lab-calico-crds", "lab-calico-operator"].map((name) => byName(all, name));
    const installation = byName(all, "lab-calico-installation-default");
    const peer = byName(all, "lab-calico-bgppeer-peer-r1");
    expect(operator.dependsOn).toContain(crds.urn);
    expect(peer.dependsOn).toContain(crds.urn);
    expect(installation.dependsOn).toEqual(expect.arrayContaining([operator.urn, peer.urn]));
    expect(byName(all, "lab-calico-apiserver-default").dependsOn).toContain(installation.urn);
    expect(crds.dependsOn).toContain(byName(all, "lab-calico-namespace-tigera-operator").urn);
  });

  it("takes both charts from Calico's repository in the version of the table", async () => {
    const all = await resources(calico());
    const releases = all.filter((one) => one.type === "kubernetes:helm.sh/v3:Release");
    expect(releases.map((one) => (one.sent as { chart: string }).chart).sort()).toEqual([
      "crd.projectcalico.org.v1",
      "tigera-operator",
    ]);
    expect(new Set(releases.map((one) => (one.sent as { version: string }).version))).toEqual(
      new Set(["v3.32.0"]),
    );
  });

  it("has the passwords of sessions as secrets, by the peer's name", async () => {
    const all = await resources(reflected);
    const { stringData } = byName(all, "lab-calico-bgp-passwords").sent;
    expect(pulumi.runtime.isRpcSecret(stringData)).toBe(true);
    expect(JSON.stringify(stringData)).toContain('"r1":"tor-password"');
    const others = all
      .filter((one) => one.name !== "lab-calico-bgp-passwords")
      .map((one) => JSON.stringify(one.sent));
    expect(others.filter((text) => text.includes("tor-password"))).toEqual([]);
  });

  it("marks reflectors once they are nodes, and lets nothing of the network wait for that", async () => {
    const all = await resources(reflected);
    const patch = byName(all, "lab-route-reflectors-w1");
    expect(patch.type).toBe("kubernetes:core/v1:NodePatch");
    expect(patch.dependsOn).toContain(byName(all, "member").urn);
    expect(patch.sent).toMatchObject({
      metadata: { name: "w1", annotations: { "projectcalico.org/RouteReflectorClusterID": "244.0.0.1" } },
    });
    const network = children(all, "lab-calico");
    expect(network.filter((one) => one.dependsOn.includes(byName(all, "member").urn))).toEqual([]);
  });
});
