/** Networks used by themselves, on a cluster that something else has made. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { createCni } from "../../../components/cni";
import { Calico, Cilium, Flannel, RouteReflectors, Weave } from "../../../index";
import { byName, record, type Recorded } from "../../../testing/recorder";
import { pathsOf, problemsOf } from "../problems";
import { settingsOf } from "../../support/kubeadmSettings";

const made = (program: (provider: k8s.Provider) => void): Promise<readonly Recorded[]> =>
  record(() => program(new k8s.Provider("theirs", { kubeconfig: "{}" })));

const later = <T>(value: T): pulumi.Output<T> => pulumi.output(Promise.resolve(value)) as pulumi.Output<T>;

describe("Flannel", () => {
  it("takes a range, ports and images that another resource makes", async () => {
    const all = await made(
      (provider) =>
        new Flannel(
          "net",
          {
            podCidr: later("10.42.0.0/16"),
            vni: later(7),
            network: { mtu: later(9001) },
            versions: { flannel: later("v0.28.8") },
          },
          { provider },
        ),
    );
    expect(byName(all, "net-config-map-kube-flannel-cfg").inputs).toMatchObject({
      metadata: { name: "kube-flannel-cfg" },
      data: {
        "net-conf.json": expect.stringMatching(/10\.42\.0\.0\/16[^]*"VNI": 7[^]*"MTU": 9001/) as string,
      },
    });
    expect(JSON.stringify(byName(all, "net-daemon-set-kube-flannel-ds").inputs)).toContain("flannel:v0.28.8");
  });

  it("says everything at once, as the settings of a cluster would be refused", async () => {
    const args = {
      podCidr: "10.42.0.1/16",
      backend: "host-gw",
      vni: 7,
      network: { mtu: 9001, nodePorts: "" },
      settings: {},
    };
    expect(await pathsOf(() => new Flannel("net", args as never))).toEqual([
      "network.nodePorts",
      "podCidr",
      "settings",
      "vni",
    ]);
    expect(await problemsOf(() => new Flannel("net", { backend: "ipip" } as never))).toMatchObject([
      { path: "backend", message: "is a backend of another CNI (calico)" },
    ]);
    expect(await pathsOf(() => new Flannel("net", { mtu: 9000, network: { mtu: 1500 } }))).toEqual(["mtu"]);
  });

  it("refuses an output where it determines which resources exist", async () => {
    const args = { networkPolicy: later("none") } as never;
    expect(await pathsOf(() => new Flannel("net", args))).toEqual(["networkPolicy"]);
  });
});

describe("Weave", () => {
  const encryption = { password: "mesh" };

  it("takes its password as a secret", async () => {
    const all = await made(
      (provider) => new Weave("net", { encryption, secrets: { mesh: later("a password") } }, { provider }),
    );
    const { stringData } = byName(all, "net-secret").sent;
    expect(pulumi.runtime.isRpcSecret(stringData)).toBe(true);
    expect(JSON.stringify(stringData)).toContain("a password");
  });

  it("takes all secrets as one output, as configuration gives them", async () => {
    const secrets = pulumi.secret({ mesh: "a password" });
    const all = await made((provider) => new Weave("net", { encryption, secrets }, { provider }));
    expect(JSON.stringify(byName(all, "net-secret").sent.stringData)).toContain("a password");
  });

  it("needs the password that it names, and one that Weave takes", async () => {
    expect(
      await problemsOf(() => new Weave("net", { encryption, secrets: { meshh: "a password" } })),
    ).toEqual([
      {
        path: "encryption.password",
        value: '"mesh"',
        message: "is not in secrets",
        allowed: "meshh",
        nearest: "meshh",
      },
    ]);
    expect(
      await problemsOf(() => new Weave("net", { encryption, secrets: { mesh: "short" } })),
    ).toMatchObject([{ path: "secrets.mesh", value: "[hidden]" }]);
  });

  it("shows no key that is in the wrong place", async () => {
    const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
    const args = { encryption: { password: key } };
    expect(JSON.stringify(await problemsOf(() => new Weave("net", args)))).not.toContain("AAAA");
  });
});

describe("Calico", () => {
  const peer = { name: "tor", address: "10.40.0.1", asNumber: 64601 };

  it("takes routers that another resource makes, and their passwords", async () => {
    const peers = [{ ...peer, address: later("10.40.0.9"), password: "tor" }];
    const all = await made(
      (provider) =>
        new Calico("net", { backend: "bgp", peers, secrets: { tor: "a password" } }, { provider }),
    );
    expect(byName(all, "net-bgppeer-peer-tor").inputs).toMatchObject({
      metadata: { name: "peer-tor" },
      spec: { peerIP: "10.40.0.9", asNumber: 64601 },
    });
    expect(byName(all, "net-bgp-passwords").type).toBe("kubernetes:core/v1:Secret");
  });

  it("reports what its checks find: blocks, BGP without BGP, a router among the pods", async () => {
    expect(
      await pathsOf(() => new Calico("net", { podCidr: "10.42.0.0/24", blockSize: 20, peers: [peer] })),
    ).toEqual(["blockSize", "peers"]);
    const inside = { backend: "bgp" as const, podCidr: "10.40.0.0/16", peers: [peer] };
    expect(await pathsOf(() => new Calico("net", inside))).toEqual(["peers[0].address"]);
  });

  it("takes its charts from where the arguments say", async () => {
    const helm = { versions: { "tigera-operator": "v3.31.0" } };
    const all = await made((provider) => new Calico("net", { helm }, { provider }));
    expect(byName(all, "net-operator").inputs).toMatchObject({ version: "v3.31.0" });
  });
});

describe("RouteReflectors", () => {
  it("marks Nodes by their names, for a cluster id that is known later", async () => {
    const args = { nodes: ["a.example", "b"], clusterId: later("244.0.0.9") };
    const all = await made((provider) => new RouteReflectors("rr", args, { provider }));
    expect(byName(all, "rr-a.example").inputs).toMatchObject({
      metadata: {
        name: "a.example",
        annotations: { "projectcalico.org/RouteReflectorClusterID": "244.0.0.9" },
      },
    });
    expect(byName(all, "rr-b").type).toBe("kubernetes:core/v1:NodePatch");
  });

  it("needs a node", async () => {
    expect(await pathsOf(() => new RouteReflectors("rr", { nodes: [], clusterId: "1" }))).toEqual([
      "clusterId",
      "nodes",
    ]);
  });
});

describe("Cilium", () => {
  it("takes the API's address from a resource", async () => {
    const args = {
      backend: "geneve",
      kubeProxyReplacement: true,
      endpoint: { host: later("10.0.0.10"), port: 6443 },
    } as const;
    const all = await made((provider) => new Cilium("net", args, { provider }));
    expect(byName(all, "net-release").inputs).toMatchObject({
      chart: "cilium",
      version: "1.19.6",
      namespace: "kube-system",
      repositoryOpts: { repo: "https://helm.cilium.io" },
      values: { tunnelProtocol: "geneve", k8sServiceHost: "10.0.0.10", k8sServicePort: 6443 },
    });
  });

  it("says all that is wrong with its arguments in one report", async () => {
    const args = { backend: "ipip", hubble: { ui: true }, kubeProxyMode: "nftables" } as never;
    expect(await pathsOf(() => new Cilium("net", args))).toEqual(["backend", "hubble.ui", "kubeProxyMode"]);
    expect(await pathsOf(() => new Cilium("net", { kubeProxyReplacement: true }))).toEqual(["endpoint"]);
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
    expect(byName(all, "lab-cilium").type).toBe("kubeadm:index:Cilium");
    expect(byName(all, "lab-cilium-release").sent).toMatchObject({
      values: { k8sServiceHost: settings.endpoint.host, k8sServicePort: settings.endpoint.port },
    });
  });
});
