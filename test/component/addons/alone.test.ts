/** Add-ons used by themselves, on a cluster that something else has made. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { CoreDns, GatewayApi, Ingress, MetalLb, MetricsServer } from "../../../index";
import { ClusterSettingsError } from "../../../components/settingsError";
import type { Problem } from "../../../model/settings/problems";
import { byName, record, type Recorded } from "../../../testing/recorder";

const pools = { lan: { addresses: ["10.40.0.240-10.40.0.250"] } };

async function made(
  program: (provider: k8s.Provider) => void,
  outputs?: (args: pulumi.runtime.MockResourceArgs) => Record<string, unknown>,
): Promise<readonly Recorded[]> {
  return record(() => program(new k8s.Provider("theirs", { kubeconfig: "{}" })), { outputs });
}

async function problemsOf(program: () => void): Promise<readonly Problem[]> {
  const registered: string[] = [];
  const outputs = ({ name, type }: pulumi.runtime.MockResourceArgs) => {
    if (type !== "pulumi:pulumi:Stack") registered.push(name);
    return {};
  };
  try {
    await record(program, { outputs });
  } catch (error) {
    if (!(error instanceof ClusterSettingsError)) throw error;
    expect(registered).toEqual([]);
    return error.problems;
  }
  return [];
}

const pathsOf = async (program: () => void) => (await problemsOf(program)).map(({ path }) => path);

describe("MetalLb", () => {
  it("needs its pools and a provider, and nothing of a cluster's settings", async () => {
    const all = await made((provider) => new MetalLb("lb", { pools }, { provider }));
    expect(byName(all, "lb").type).toBe("kubeadm:index:MetalLb");
    expect(byName(all, "lb-ipaddress-pool-lan").inputs.spec).toMatchObject({
      addresses: ["10.40.0.240-10.40.0.250"],
    });
    expect(byName(all, "lb-release").provider).toBe(`${byName(all, "theirs").urn}::theirs-id`);
  });

  it("takes its chart from where the arguments say", async () => {
    const helm = { sources: { metallb: "https://charts.example.com" }, versions: { metallb: "0.16.9" } };
    const all = await made((provider) => new MetalLb("lb", { pools, helm }, { provider }));
    expect(byName(all, "lb-release").inputs).toMatchObject({
      version: "0.16.9",
      repositoryOpts: { repo: "https://charts.example.com" },
    });
  });

  it("takes addresses that another resource makes: names are known at once", async () => {
    const range = pulumi.output(Promise.resolve("10.40.0.9/32"));
    const all = await made(
      (provider) => new MetalLb("lb", { pools: { lan: { addresses: [range] } } }, { provider }),
    );
    expect(byName(all, "lb-ipaddress-pool-lan").inputs).toMatchObject({
      metadata: { name: "lan", namespace: "metallb-system" },
      spec: { addresses: ["10.40.0.9/32"] },
    });
  });

  it("reports everything wrong at once, by the path in its arguments", async () => {
    const bgp = {
      peers: [{ name: "rack1", address: "10.40.0.1", peerASN: 64512, myASN: 64513, password: "rack1" }],
    };
    const args = { pools: { lan: { addresses: ["10.40.0.300"], autoAsign: true } }, l2: { pools: ["lam"] } };
    expect(await pathsOf(() => new MetalLb("lb", args))).toEqual([
      "l2.pools[0]",
      "pools.lan.addresses[0]",
      "pools.lan.autoAsign",
    ]);
    expect(await pathsOf(() => new MetalLb("lb", { pools, bgp }))).toEqual(["bgp.peers[0].password"]);
    expect(await pathsOf(() => new MetalLb("lb", undefined as never))).toEqual(["pools"]);
  });

  it("refuses an output where it determines which resources exist", async () => {
    const args = { pools: pulumi.output(pools) } as unknown as { pools: typeof pools };
    expect(await problemsOf(() => new MetalLb("lb", args))).toMatchObject([
      { path: "pools", message: "must be a plain value: it determines which resources exist" },
    ]);
  });
});

describe("CoreDns", () => {
  it("needs the address of its Service alone", async () => {
    const all = await made((provider) => new CoreDns("dns", { serviceAddress: "10.43.0.10" }, { provider }));
    expect(byName(all, "dns-service-kube-dns").inputs.spec).toMatchObject({ clusterIP: "10.43.0.10" });
    expect(corefileOf(all)).toContain("kubernetes cluster.local in-addr.arpa");
  });

  it("takes addresses that another resource makes", async () => {
    const resolver = pulumi.output(Promise.resolve("10.1.0.53"));
    const all = await made(
      (provider) =>
        new CoreDns(
          "dns",
          {
            serviceAddress: pulumi.output("10.43.0.10"),
            clusterDomain: "k8s.example",
            upstreamServers: [resolver],
          },
          { provider },
        ),
    );
    expect(corefileOf(all)).toContain("forward . 10.1.0.53");
    expect(corefileOf(all)).toContain("kubernetes k8s.example ");
    expect(byName(all, "dns-service-kube-dns").inputs.spec).toMatchObject({ clusterIP: "10.43.0.10" });
  });

  it("reports what its checks find", async () => {
    const args = {
      serviceAddress: "10.43.0",
      custom: { zones: { "a.cluster.local": "whoami" } },
      forwarder: [],
    };
    expect(await pathsOf(() => new CoreDns("dns", args))).toEqual([
      'custom.zones["a.cluster.local"]',
      "forwarder",
      "serviceAddress",
    ]);
  });
});

function corefileOf(all: readonly Recorded[]): string {
  return (byName(all, "dns-config-map-coredns").inputs.data as { Corefile: string }).Corefile;
}

describe("Ingress", () => {
  it("comes by whatever gives addresses to Services on that cluster", async () => {
    const all = await made((provider) => new Ingress("web", { kind: "ingress-nginx" }, { provider }));
    expect(byName(all, "web-service").inputs.spec).toMatchObject({ type: "LoadBalancer" });
  });

  it("takes the address that another resource makes", async () => {
    const address = pulumi.output(Promise.resolve("10.40.0.241"));
    const expose = { type: "loadBalancer", address } as never;
    const all = await made((provider) => new Ingress("web", { kind: "ingress-nginx", expose }, { provider }));
    expect(byName(all, "web-service").inputs.metadata).toMatchObject({
      annotations: { "metallb.io/loadBalancerIPs": "10.40.0.241" },
    });
  });

  it("needs something that makes its DNS records", async () => {
    const dns = { zoneId: "Z0123456789ABCDEF", names: ["example.com"] };
    const expose = { type: "loadBalancer", sourceRanges: ["0.0.0.0/0"] } as {
      type: "loadBalancer";
      sourceRanges: string[];
    };
    const alone = { kind: "traefik", platform: "aws", expose, dns } as const;
    expect(await pathsOf(() => new Ingress("web", alone))).toEqual(["createDnsRecords"]);
  });

  it("reports what the settings of a cluster would be refused for", async () => {
    const expose = { type: "nodePorts", http: 80, https: 80 } as const;
    expect(await pathsOf(() => new Ingress("web", { kind: "traefik", expose }))).toEqual(["expose.https"]);
    expect(await pathsOf(() => new Ingress("web", { kind: "traefik", platform: "aws" }))).toEqual([
      "expose.sourceRanges",
    ]);
    expect(await pathsOf(() => new Ingress("web", { kind: "traeffik" } as never))).toEqual(["kind"]);
  });
});

describe("MetricsServer", () => {
  it("has a default for everything", async () => {
    const all = await made((provider) => new MetricsServer("metrics", {}, { provider }));
    expect(byName(all, "metrics-deployment-metrics-server").inputs.spec).toMatchObject({ replicas: 1 });
  });

  it("takes its image from another registry, known later too", async () => {
    const imageRepository = pulumi.output(Promise.resolve("registry.example.com/k8s"));
    const all = await made((provider) => new MetricsServer("metrics", { imageRepository }, { provider }));
    expect(JSON.stringify(byName(all, "metrics-deployment-metrics-server").inputs.spec)).toContain(
      "registry.example.com/k8s/metrics-server/metrics-server:",
    );
  });
});

describe("options", () => {
  it("reach every object: provider, dependsOn, transformations", async () => {
    const labels = { team: "platform" };
    const all = await made((provider) => {
      const first = new MetricsServer("metrics", {}, { provider });
      new MetalLb(
        "lb",
        { pools },
        {
          provider,
          dependsOn: [first],
          transformations: [({ props, opts }) => ({ props: { ...(props as object), labels }, opts })],
        },
      );
    });
    const children = all.filter((one) => one.name.startsWith("lb-"));
    expect(children.length).toBeGreaterThan(2);
    for (const child of children) {
      expect(child.provider, child.name).toBe(`${byName(all, "theirs").urn}::theirs-id`);
      expect(child.inputs, child.name).toMatchObject({ labels });
    }
    expect(byName(all, "lb").dependsOn).toContain(byName(all, "metrics-deployment-metrics-server").urn);
  });
});

describe("GatewayApi", () => {
  it("has its own source", async () => {
    const all = await made((provider) => new GatewayApi("gateway", {}, { provider }));
    expect(byName(all, "gateway-definitions").type).toBe("kubernetes:yaml/v2:ConfigFile");
    expect(await pathsOf(() => new GatewayApi("gateway", { source: "ftp://x" }))).toEqual(["source"]);
  });
});
