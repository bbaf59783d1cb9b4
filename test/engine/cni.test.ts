/**
 * The objects of every CNI, judged by a real kube-apiserver with strict field validation, and Calico's against the CRDs of
 * its operator's own module: a misspelt field, a wrong type or a rule that is broken is an error here.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { parseAllDocuments } from "yaml";
import {
  calicoApiServer,
  calicoInstallation,
  calicoNamespaces,
  calicoRouting,
} from "../support/cniManifests";
import { flannelManifests } from "../support/cniManifests";
import { weaveManifests } from "../support/cniManifests";
import type { KubernetesObject } from "../../model/kubernetes";
import type { ClusterSettings, CniSettings } from "../../model/settings/resolved";
import { calico, flannel, routers, weave } from "../support/cniSettings";
import { settingsOf } from "../support/kubeadmSettings";
import { moduleFolder } from "../support/goBuild";
import { startApiServer, type ApiServer } from "./apiServer";
import { describeWithEngine } from "./available";

/** Tigera's operator of Calico v3.32.1: the nearest to chart v3.32.0 that the Go module proxy serves. */
const OPERATOR = { module: "github.com/tigera/operator", version: "v1.42.4" };
const CRDS = [
  "operator/operator.tigera.io_installations.yaml",
  "operator/operator.tigera.io_apiservers.yaml",
  "calico/v1.crd.projectcalico.org/crd.projectcalico.org_bgpconfigurations.yaml",
  "calico/v1.crd.projectcalico.org/crd.projectcalico.org_bgppeers.yaml",
  "calico/v1.crd.projectcalico.org/crd.projectcalico.org_felixconfigurations.yaml",
];

interface Crd {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly group: string; readonly names: { readonly plural: string } };
}

describeWithEngine("CNIs and a real API server", () => {
  let api: ApiServer;
  beforeAll(async () => {
    api = await startApiServer({
      controllers: false,
      // As kubeadm starts it.
      serverArgs: ["--allow-privileged=true"],
    });
    for (const name of ["kube-flannel", "calico-system", "tigera-operator"])
      await api.request("POST", "/api/v1/namespaces", { metadata: { name } });
    const folder = await moduleFolder(OPERATOR.module, OPERATOR.version);
    for (const file of CRDS) await define(path.join(folder, "pkg/imports/crds", file));
  });
  afterAll(() => api.stop());

  /** Makes the kinds of a file known, and waits until the API server serves them. */
  async function define(file: string): Promise<void> {
    for (const document of parseAllDocuments(fs.readFileSync(file, "utf8"))) {
      const crd = document.toJS() as Crd;
      await api.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd);
      await vi.waitFor(() => api.request("GET", `/apis/${crd.spec.group}/v1/${crd.spec.names.plural}`), {
        timeout: 20_000,
        interval: 200,
      });
    }
  }

  /** Applies without keeping it, as the provider does; unknown and doubled fields are errors. */
  async function apply(object: KubernetesObject): Promise<void> {
    const { apiVersion, kind, metadata } = object;
    const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
    const scope = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
    const query = "dryRun=All&fieldValidation=Strict&fieldManager=test&force=true";
    await api.request(
      "PATCH",
      `${group}${scope}/${kind.toLowerCase()}s/${metadata.name}?${query}`,
      object,
      "application/apply-patch+yaml",
    );
  }

  const all = (settings: ClusterSettings): KubernetesObject[] => {
    switch (settings.cni.kind) {
      case "flannel":
        return flannelManifests(settings);
      case "weave":
        return weaveManifests(settings);
      case "calico":
        return [
          ...calicoNamespaces(settings),
          ...calicoRouting(settings),
          ...calicoInstallation(settings),
          ...calicoApiServer(settings),
        ];
      // A release, of which only Helm makes objects.
      case "cilium":
        return [];
    }
  };

  it.each<[string, CniSettings, Partial<ClusterSettings>]>([
    ["flannel with WireGuard", flannel({ backend: "wireguard", port: 51999 }), {}],
    ["flannel for Windows nodes", flannel({ windows: true, vni: 4096, port: 4789 }), {}],
    ["flannel with kube-network-policies", flannel({ networkPolicy: "kube-network-policies" }), {}],
    ["weave", weave(), { kubeProxy: { mode: "iptables", config: {} } }],
    [
      "weave with encryption and without policies",
      weave({
        encryption: { password: "weave", trustedSubnets: ["10.40.0.0/24"] },
        networkPolicy: false,
        mtu: 8916,
      }),
      { kubeProxy: { mode: "iptables", config: {} } },
    ],
    ["calico vxlan", calico({ mtu: 1450 }), {}],
    ["calico vxlan-cross-subnet on AWS", calico({ backend: "vxlan-cross-subnet" }), { platform: "aws" }],
    ["calico ipip in a mesh", calico({ backend: "ipip", bgp: routers() }), {}],
    [
      "calico bgp with reflectors and routers",
      calico({
        backend: "bgp",
        bgp: routers({
          nodeToNodeMesh: false,
          advertiseServices: true,
          routeReflectors: {
            nodeSelector: { "example.com/reflector": "true", rack: "r1" },
            clusterId: "244.0.0.1",
            nodes: [{ machine: "w1", node: "w1", revision: 1 }],
          },
          peers: [
            { name: "r1", address: "10.40.0.1", port: 179, asNumber: 64601, nodeSelector: { rack: "r1" } },
            {
              name: "r2",
              address: "10.40.0.2",
              port: 1790,
              asNumber: 64602,
              nodeSelector: {},
              password: "tor",
            },
          ],
        }),
      }),
      { kubeProxy: { mode: "iptables", config: {} } },
    ],
  ])("takes every object of %s, with no field it does not know", async (_, cni, more) => {
    for (const object of all(settingsOf({ cni, ...more }))) await apply(object);
  });

  it("takes AS numbers up to the settings' most, and none above", async () => {
    const routing = (asNumber: number) =>
      calicoRouting(settingsOf({ cni: calico({ backend: "bgp", bgp: routers({ asNumber }) }) }));
    for (const object of [...routing(1), ...routing(2 ** 31 - 1)]) await apply(object);
    const [beyond] = routing(2 ** 31);
    await expect(apply(beyond)).rejects.toThrow(/format int32/);
  });

  it("refuses what it does not know, or the cases above would show nothing", async () => {
    const [installation] = calicoInstallation(settingsOf({ cni: calico() }));
    const spec = { ...(installation.spec as object), linuxDataplan: "Nftables" };
    await expect(apply({ ...installation, spec })).rejects.toThrow(/linuxDataplan/);
    const dataplane = { calicoNetwork: { linuxDataplane: "nftables" } };
    await expect(apply({ ...installation, spec: dataplane })).rejects.toThrow(/Unsupported value/);
  });
});
