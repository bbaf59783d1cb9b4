import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { meshSessions } from "../../../model/cni/calico";
import { readCluster } from "../../../model/settings/parse";
import type { CalicoSettings, ClusterSettings, FlannelSettings } from "../../../model/settings/resolved";
import { type Change, all, edited, moveNodes, set } from "./edit";

function taken(change: Change, secrets?: Record<string, string>): ClusterSettings {
  return readCluster(edited(change), { environment: "metal", secrets });
}

const cni = (settings: object) => set("cni", settings);
const bgp = (more: object) => cni({ kind: "calico", backend: "bgp", podCidr: "10.244.0.0/16", ...more });
const labels = (machine: string, given: object) => set(`machines.${machine}.labels`, given);

describe("flannel", () => {
  it("with WireGuard has its own port and no other key of VXLAN's", () => {
    const settings = taken(all(set("cni.backend", "wireguard"), set("cni.port", 51999)));
    expect(settings.cni).toMatchObject({ backend: "wireguard", port: 51999, windows: false });
    expect(settings.cni).not.toHaveProperty("vni");
  });

  it("for Windows nodes has the one network they know", () => {
    expect(taken(set("cni.windows", true)).cni).toMatchObject({ vni: 4096, port: 4789, windows: true });
    expect((taken(set("cni.backend", "vxlan")).cni as FlannelSettings).port).toBeUndefined();
  });

  it("enforces policies by a controller beside it, and then there is nothing to be said about them", () => {
    const settings = taken(set("cni.networkPolicy", "kube-network-policies"));
    expect(settings.advisories.join()).not.toMatch(/NetworkPolicy/);
    expect(taken(() => undefined).advisories.join()).toMatch(
      /cni\.networkPolicy: kube-network-policies does/,
    );
  });
});

describe("weave", () => {
  const usual = all(
    cni({ kind: "weave", podCidr: "10.32.0.0/12" }),
    set("network.serviceCidr", "10.96.0.0/12"),
    moveNodes("10.80.0"),
  );

  it("has its usual range and iptables, which nobody has to write", () => {
    const settings = taken(usual);
    expect(settings.kubeProxy.mode).toBe("iptables");
    expect(settings.network.podCidr).toBe("10.32.0.0/12");
    expect(settings.podSecurity.exemptNamespaces).toContain("kube-system");
    expect(settings.advisories.join("\n")).toMatch(/not tested on a live cluster/);
    expect(settings.advisories.join("\n")).not.toMatch(/kubeProxy\.mode iptables gets slow/);
  });

  it("may have more pods on a node than a slice has addresses, since it has no slices", () => {
    expect(taken(all(usual, set("network.podsPerNode", 500))).network.podsPerNode).toBe(500);
  });

  it("names its password among the secrets that are needed", () => {
    const settings = taken(all(usual, set("cni.encryption", { password: "mesh" })));
    expect(settings.secretNames).toContain("mesh");
    expect(settings.cni).toMatchObject({ encryption: { password: "mesh", trustedSubnets: [] } });
  });
});

describe("calico", () => {
  it("as in its quickstart", () => {
    const settings = taken(
      all(
        cni({ kind: "calico", backend: "vxlan", podCidr: "192.168.0.0/16" }),
        set("network.peers", []),
        set("coredns", undefined),
      ),
    );
    expect(settings.cni).toEqual({
      kind: "calico",
      backend: "vxlan",
      blockSize: 26,
      natOutgoing: true,
      controlPlaneReplicas: 2,
      apiServer: true,
    });
    expect(settings.podSecurity.exemptNamespaces).toEqual(
      expect.arrayContaining(["calico-system", "tigera-operator"]),
    );
  });

  it("meshes until there are reflectors, which are found by their labels", () => {
    expect((taken(bgp({})).cni as CalicoSettings).bgp).toMatchObject({
      asNumber: 64512,
      nodeToNodeMesh: true,
    });
    const reflected = taken(
      all(
        bgp({ routeReflectors: { nodeSelector: { reflector: "true" } } }),
        labels("cp1", { reflector: "true" }),
        labels("w2", { reflector: "true", rack: "r1" }),
      ),
    );
    expect((reflected.cni as CalicoSettings).bgp).toMatchObject({
      nodeToNodeMesh: false,
      routeReflectors: { clusterId: "244.0.0.1", nodes: [{ node: "cp1" }, { node: "w2" }] },
    });
  });

  it("peers each rack with its router, some with a password", () => {
    const settings = taken(
      all(
        bgp({
          asNumber: 64513,
          peers: [
            { name: "r1", address: "10.40.0.1", asNumber: 64601, rack: "r1", password: "tor" },
            { name: "r2", address: "10.40.0.1", asNumber: 64602, nodeSelector: { rack: "r2" } },
          ],
        }),
        labels("w1", { rack: "r1" }),
        labels("w2", { rack: "r2" }),
      ),
    );
    expect((settings.cni as CalicoSettings).bgp?.peers).toEqual([
      {
        name: "r1",
        address: "10.40.0.1",
        port: 179,
        asNumber: 64601,
        nodeSelector: { rack: "r1" },
        password: "tor",
      },
      { name: "r2", address: "10.40.0.1", port: 179, asNumber: 64602, nodeSelector: { rack: "r2" } },
    ]);
    expect(settings.secretNames).toContain("tor");
  });

  it("says what a mesh of a hundred nodes comes to, and is quiet below", () => {
    const advisories = (nodes: number) =>
      taken(all(bgp({}), set("network.maxNodes", nodes))).advisories.join("\n");
    expect(advisories(100)).toMatch(/4950 BGP sessions with network\.maxNodes 100/);
    expect(advisories(99)).not.toMatch(/BGP sessions/);
    const reflected = all(
      bgp({ routeReflectors: { nodeSelector: { reflector: "true" } } }),
      labels("cp1", { reflector: "true" }),
      set("network.maxNodes", 256),
    );
    expect(taken(reflected).advisories.join("\n")).not.toMatch(/BGP sessions/);
    expect(taken(reflected).advisories.join("\n")).toMatch(/cp1 is the only route reflector/);
  });
});

it("a mesh grows by the number of nodes it has with each node that comes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (nodes) => {
      expect(meshSessions(nodes + 1) - meshSessions(nodes)).toBe(nodes);
    }),
  );
  expect(meshSessions(1)).toBe(0);
});
