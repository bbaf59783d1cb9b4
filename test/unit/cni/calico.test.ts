import { describe, expect, it } from "vitest";
import {
  calicoApiServer,
  calicoInstallation,
  calicoNamespaces,
  calicoRouting,
  operatorValues,
  passwordsOf,
  reflectorAnnotations,
  selectorOf,
} from "../../support/cniManifests";
import type { KubernetesObject } from "../../../model/kubernetes";
import type { CalicoBgp, CalicoSettings, ClusterSettings } from "../../../model/settings/resolved";
import { calico, routers } from "../../support/cniSettings";
import { settingsOf } from "../../support/kubeadmSettings";

const cluster = (over: Partial<CalicoSettings> = {}, more: Partial<ClusterSettings> = {}) =>
  settingsOf({ cni: calico(over), ...more });
const bgp = (over: Partial<CalicoBgp> = {}) => cluster({ backend: "bgp", bgp: routers(over) });

interface Installation {
  spec: { controlPlaneReplicas: number; calicoNetwork: Record<string, unknown> & { ipPools: object[] } };
}
const network = (settings: ClusterSettings) =>
  (calicoInstallation(settings)[0] as unknown as Installation).spec.calicoNetwork;
const routing = (settings: ClusterSettings) =>
  calicoRouting(settings).map((one: KubernetesObject) => [
    one.kind,
    one.metadata.name,
    one.spec ?? one.rules,
  ]);

const peer = {
  name: "tor",
  address: "10.40.0.1",
  port: 179,
  asNumber: 64601,
  nodeSelector: { rack: "r1" },
};

describe("Installation", () => {
  it.each<[CalicoSettings["backend"], string, string]>([
    ["vxlan", "VXLAN", "Disabled"],
    ["vxlan-cross-subnet", "VXLANCrossSubnet", "Disabled"],
    ["ipip", "IPIP", "Enabled"],
    ["bgp", "None", "Enabled"],
  ])("encapsulates %s as %s, with BGP %s", (backend, encapsulation, option) => {
    const withBgp = backend === "ipip" || backend === "bgp" ? { bgp: routers() } : {};
    const found = network(cluster({ backend, ...withBgp }));
    expect(found.ipPools).toEqual([
      {
        name: "default-ipv4-ippool",
        cidr: "10.244.0.0/16",
        blockSize: 26,
        encapsulation,
        natOutgoing: "Enabled",
        nodeSelector: "all()",
      },
    ]);
    expect(found.bgp).toBe(option);
  });

  it("follows kube-proxy's mode, without which Services would not be reached", () => {
    expect(network(cluster()).linuxDataplane).toBe("Nftables");
    const iptables = cluster({}, { kubeProxy: { mode: "iptables", config: {} } });
    expect(network(iptables).linuxDataplane).toBe("Iptables");
  });

  it("finds a node by the address that its kubelet registered", () => {
    expect(network(cluster()).nodeAddressAutodetectionV4).toEqual({ kubernetes: "NodeInternalIP" });
  });

  it.each<[number | undefined, number | undefined, CalicoSettings["backend"], number | undefined]>([
    [undefined, undefined, "vxlan", undefined],
    [undefined, 9001, "vxlan", 8951],
    [undefined, 1500, "ipip", 1480],
    [undefined, 1500, "bgp", 1500],
    [1400, 1500, "vxlan", 1400],
  ])("with mtu %s over nodes' %s on %s has %s", (mtu, outer, backend, expected) => {
    const nodes = { ...settingsOf().network, ...(outer === undefined ? {} : { mtu: outer }) };
    const settings = cluster({ backend, ...(mtu === undefined ? {} : { mtu }) }, { network: nodes });
    expect(network(settings).mtu).toBe(expected);
  });

  it("comes with Calico's API server where it is wanted", () => {
    expect(calicoApiServer(cluster()).map((one) => one.kind)).toEqual(["APIServer"]);
    expect(calicoApiServer(cluster({ apiServer: false }))).toEqual([]);
  });

  it("is ours and not the chart's", () => {
    expect(operatorValues()).toMatchObject({
      installation: { enabled: false },
      apiServer: { enabled: false },
    });
  });
});

describe("routing", () => {
  it("is nothing where nodes find each other without BGP", () => {
    expect(routing(cluster())).toEqual([]);
    expect(routing(cluster({ backend: "vxlan-cross-subnet" }))).toEqual([]);
  });

  it("leaves EC2's check to instances and their boot: Felix would need a right over every interface", () => {
    for (const backend of ["vxlan-cross-subnet", "bgp"] as const) {
      const kinds = routing(cluster({ backend, bgp: routers() }, { platform: "aws" })).map(([kind]) => kind);
      expect(kinds).not.toContain("FelixConfiguration");
    }
  });

  it("has reflectors in the mesh's place, themselves among those that peer with them", () => {
    const settings = bgp({
      nodeToNodeMesh: false,
      routeReflectors: { nodeSelector: { reflector: "true" }, clusterId: "244.0.0.7", nodes: [] },
    });
    expect(routing(settings)).toEqual([
      ["BGPConfiguration", "default", { asNumber: 64512, nodeToNodeMeshEnabled: false }],
      ["BGPPeer", "route-reflectors", { nodeSelector: "all()", peerSelector: "reflector == 'true'" }],
    ]);
  });

  it("tells peers of Services where that is asked for", () => {
    expect(routing(bgp({ advertiseServices: true }))[0]).toEqual([
      "BGPConfiguration",
      "default",
      { asNumber: 64512, nodeToNodeMeshEnabled: true, serviceClusterIPs: [{ cidr: "10.96.0.0/16" }] },
    ]);
  });

  it("peers the nodes of a rack with its router", () => {
    expect(routing(bgp({ peers: [peer, { ...peer, name: "other", port: 1790, nodeSelector: {} }] }))).toEqual(
      [
        expect.anything(),
        ["BGPPeer", "peer-tor", { peerIP: "10.40.0.1", asNumber: 64601, nodeSelector: "rack == 'r1'" }],
        ["BGPPeer", "peer-other", { peerIP: "10.40.0.1:1790", asNumber: 64601, nodeSelector: "all()" }],
      ],
    );
  });

  it("refers to a password, and lets calico-node read that Secret and no other", () => {
    const settings = bgp({ peers: [{ ...peer, password: "torPassword" }] });
    expect(routing(settings)).toContainEqual([
      "BGPPeer",
      "peer-tor",
      expect.objectContaining({ password: { secretKeyRef: { name: "bgp-passwords", key: "tor" } } }),
    ]);
    const role = calicoRouting(settings).find((one) => one.kind === "Role");
    expect(role?.rules).toMatchObject([{ resources: ["secrets"], resourceNames: ["bgp-passwords"] }]);
    expect(passwordsOf(settings)).toEqual([{ peer: "tor", secret: "torPassword" }]);
    expect(JSON.stringify(calicoRouting(settings))).not.toContain("torPassword");
    expect(calicoNamespaces(settings).map((one) => one.metadata.name)).toContain("calico-system");
    expect(calicoNamespaces(bgp()).map((one) => one.metadata.name)).toEqual(["tigera-operator"]);
  });
});

describe("reflectors", () => {
  it("are marked by the annotation, anew when the machine is another", () => {
    const marked = (revision: number) =>
      reflectorAnnotations(
        bgp({
          routeReflectors: {
            nodeSelector: { reflector: "true" },
            clusterId: "244.0.0.7",
            nodes: [{ machine: "w1", node: "w1.example", revision }],
          },
        }),
      );
    expect(marked(1)).toMatchObject([
      { node: "w1.example", annotations: { "projectcalico.org/RouteReflectorClusterID": "244.0.0.7" } },
    ]);
    expect(marked(2)).not.toEqual(marked(1));
    expect(reflectorAnnotations(bgp())).toEqual([]);
  });

  it("are selected in Calico's language", () => {
    expect(selectorOf({ a: "1", "example.com/b": "x-y" })).toBe("a == '1' && example.com/b == 'x-y'");
    expect(selectorOf({})).toBe("all()");
  });
});
