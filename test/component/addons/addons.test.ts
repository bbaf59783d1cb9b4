import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { createAddons, type Addons } from "../../../components/addons";
import { IngressRules } from "../../../components/addons/ingressRules";
import { aliasRecords } from "../../../components/aws/dns";
import { readCluster } from "../../../model/settings/parse";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { byName, record, type Recorded } from "../../../testing/recorder";
import { REGION, smallAws } from "../../support/awsInput";
import { bareMetal } from "../../support/bareMetal";

class Marker extends pulumi.CustomResource {
  constructor(name: string) {
    super("test:index:Marker", name, {});
  }
}

const PASSWORD = "session-password-of-rack1";
const pools = { lan: { addresses: ["10.40.0.240-10.40.0.250"] } };
const peer = { name: "rack1", address: "10.40.0.1", peerASN: 64512, myASN: 64513, password: "rack1" };
const everything = {
  metallb: { pools, bgp: { peers: [peer] } },
  ingress: { kind: "traefik", defaultBackend: { enabled: true } },
  gatewayApi: { enabled: true },
  metricsServer: { enabled: true },
};

/** What the provider would say of a Service behind a balancer. */
function outputs({ type, inputs }: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
  const service =
    /^kubernetes:core\/v1:Service(Patch)?$/.test(type) &&
    /LoadBalancer|undefined/.test(String(specType(inputs as Record<string, unknown>)));
  return service ? { status: { loadBalancer: { ingress: [{ hostname: "balancer.example.com" }] } } } : {};
}
function specType(inputs: Record<string, unknown>): unknown {
  return (inputs.spec as { type?: string } | undefined)?.type;
}

async function made(
  settings: ClusterSettings,
): Promise<{ all: readonly Recorded[]; addons?: Addons; calls: number }> {
  let addons: Addons | undefined;
  let calls = 0;
  const all = await record(
    () => {
      const provider = new k8s.Provider("api", { kubeconfig: "{}" });
      const [init, network, worker] = ["init", "network", "worker"].map((name) => new Marker(name));
      addons = createAddons(
        "c",
        {
          settings,
          secrets: { rack1: PASSWORD },
          after: [network],
          nodes: [worker],
          init,
          createDnsRecords: aliasRecords,
        },
        { provider },
      );
    },
    {
      outputs,
      call: () => {
        calls += 1;
        return { id: "Z26RNL4JYFTOTI" };
      },
    },
  );
  return { all, addons, calls };
}

const onAws = (ingress: object) =>
  readCluster({ ...smallAws(), ingress }, { environment: "dev", region: REGION });

/** Everything a resource comes after, through components and their children. */
function before(all: readonly Recorded[], name: string): Set<string> {
  const found = new Set<string>();
  const visit = (urn: string) => {
    const one = all.find((other) => other.urn === urn);
    if (one === undefined || found.has(one.name)) return;
    found.add(one.name);
    [...one.dependsOn, one.parent].forEach(visit);
  };
  byName(all, name).dependsOn.forEach(visit);
  return found;
}

describe("the add-ons of a cluster", () => {
  it("are DNS alone when the settings say nothing", async () => {
    const { all } = await made(bareMetal());
    const components = all.filter((one) => one.type.startsWith("kubeadm:"));
    expect(components.map((one) => one.type)).toEqual(["kubeadm:index:CoreDns"]);
  });

  it("come one after the other: network, nodes, DNS, and what asks it", async () => {
    const { all } = await made(bareMetal(everything));
    const dns = before(all, "c-coredns-deployment-coredns");
    expect(dns).toContain("network");
    // Both replicas would be placed on the one node that is there before.
    expect(dns).toContain("worker");
    for (const name of [
      "c-metallb-release",
      "c-metrics-server-deployment-metrics-server",
      "c-ingress-release",
    ]) {
      expect(before(all, name), name).toContain("worker");
      expect(before(all, name), name).toContain("c-coredns-deployment-coredns");
    }
    expect(before(all, "c-ingress-release")).toContain("c-metallb-ipaddress-pool-lan");
    expect(before(all, "c-ingress-release")).toContain("c-gateway-api-definitions");
  });

  it("go to the cluster's own provider, each below its component", async () => {
    const { all } = await made(bareMetal(everything));
    const provider = `${byName(all, "api").urn}::api-id`;
    const inside = all.filter((one) => one.type.startsWith("kubernetes:") && one.name !== "api");
    for (const one of inside) {
      expect(one.provider === provider || one.providers.kubernetes === provider, one.name).toBe(true);
      const parent = all.find((other) => other.urn === one.parent);
      expect(one.name.startsWith(`${parent?.name}-`), one.name).toBe(true);
    }
  });

  it("end with the cluster on machines, where nothing outside belongs to them", async () => {
    const { all } = await made(bareMetal(everything));
    const init = byName(all, "init").urn;
    const inside = all.filter(
      (one) => one.type.startsWith("kubernetes:") && one.custom && one.name !== "api",
    );
    expect(inside.length).toBeGreaterThan(20);
    for (const one of inside) {
      if (one.type === "kubernetes:yaml/v2:ConfigFile") continue;
      expect(one.deletedWith, one.name).toBe(init);
    }
  });
});

describe("MetalLB", () => {
  it("has its pools and peers checked by the webhook that its release brings", async () => {
    const { all } = await made(bareMetal(everything));
    const release = byName(all, "c-metallb-release");
    expect(release.inputs).toMatchObject({
      name: "metallb",
      chart: "metallb",
      version: "0.16.1",
      repositoryOpts: { repo: "https://metallb.github.io/metallb" },
      namespace: "metallb-system",
      createNamespace: false,
      atomic: true,
    });
    for (const name of ["ipaddress-pool-lan", "bgppeer-rack1", "bgpadvertisement-bgp"]) {
      expect(byName(all, `c-metallb-${name}`).dependsOn).toContain(release.urn);
    }
    expect(byName(all, "c-metallb-bgpadvertisement-bgp").dependsOn).toContain(
      byName(all, "c-metallb-ipaddress-pool-lan").urn,
    );
  });

  it("keeps a session's password secret, in the one Secret that the peer names", async () => {
    const { all } = await made(bareMetal(everything));
    const secret = byName(all, "c-metallb-secret-bgp-peer-rack1");
    const data = secret.sent.stringData as { password: unknown };
    expect(pulumi.runtime.isRpcSecret(data.password) || pulumi.runtime.isRpcSecret(data)).toBe(true);
    expect(secret.inputs.type).toBe("kubernetes.io/basic-auth");
    const others = all.filter((one) => one !== secret);
    expect(JSON.stringify(others.map((one) => one.sent))).not.toContain(PASSWORD);
    expect(byName(all, "c-metallb-bgppeer-rack1").inputs.spec).toMatchObject({
      passwordSecret: { name: "bgp-peer-rack1" },
    });
  });
});

describe("ingress", () => {
  it("leaves its Service on AWS to be deleted, since AWS' balancer goes with it, while nodes still run", async () => {
    const { all } = await made(
      onAws({ kind: "ingress-nginx", expose: { type: "loadBalancer", sourceRanges: ["203.0.113.0/24"] } }),
    );
    const service = byName(all, "c-ingress-service");
    expect(service.deletedWith).toBe("");
    expect(before(all, "c-ingress-service")).toContain("worker");
    expect(byName(all, "c-ingress").deletedWith).toBe("");
    const controller = byName(all, "c-ingress-deployment-ingress-nginx-controller");
    expect(controller.deletedWith).toBe(byName(all, "init").urn);
  });

  it("leaves Traefik's whole release to be uninstalled on AWS, for the Service in it", async () => {
    const { all } = await made(
      onAws({ kind: "traefik", expose: { type: "loadBalancer", sourceRanges: ["0.0.0.0/0"] } }),
    );
    expect(byName(all, "c-ingress-release").deletedWith).toBe("");
    const ports = await made(onAws({ kind: "traefik", expose: { type: "hostPorts" } }));
    expect(byName(ports.all, "c-ingress-release").deletedWith).toBe(byName(ports.all, "init").urn);
  });

  it("learns the address of Traefik's Service by a resource that `--target` can leave out, and reads none", async () => {
    const service = async (sourceRanges: string[]) => {
      const { all } = await made(onAws({ kind: "traefik", expose: { type: "loadBalancer", sourceRanges } }));
      expect(before(all, "c-ingress-service")).toContain("c-ingress-release");
      return byName(all, "c-ingress-service");
    };
    const [first, second] = [await service(["203.0.113.0/24"]), await service(["198.51.100.0/24"])];
    // A read resource has the type of the object itself.
    expect(first.type).toBe("kubernetes:core/v1:ServicePatch");
    expect(first.inputs["metadata"]).toMatchObject({ namespace: "traefik", name: "traefik" });
    expect(second.inputs["metadata"]).not.toEqual(first.inputs["metadata"]);
  });

  it.each(["ingress-nginx", "traefik"])(
    "leads names to the balancer of %s by alias records",
    async (kind) => {
      const dns = { zoneId: "Z0123456789ABCDEF", names: ["example.com", "*.example.com"] };
      const { all, calls } = await made(
        onAws({ kind, expose: { type: "loadBalancer", sourceRanges: ["0.0.0.0/0"] }, dns }),
      );
      // The zone of balancers is asked for once, however many records there are.
      expect(calls).toBe(1);
      const record = byName(all, "c-ingress-record-any.example.com");
      expect(record.type).toBe("aws:route53/record:Record");
      expect(record.inputs).toMatchObject({
        zoneId: "Z0123456789ABCDEF",
        name: "*.example.com",
        type: "A",
        aliases: [{ name: "balancer.example.com", zoneId: "Z26RNL4JYFTOTI", evaluateTargetHealth: true }],
      });
      expect(all.filter((one) => one.type === record.type)).toHaveLength(2);
    },
  );

  it("is one release for Traefik, and a patch of its Service, and no Service but Traefik's own", async () => {
    const { all } = await made(bareMetal({ ...everything, ingress: { kind: "traefik" } }));
    const children = all.filter((one) => one.parent === byName(all, "c-ingress").urn);
    expect(children.map((one) => one.name)).toEqual([
      "c-ingress-namespace-traefik",
      "c-ingress-release",
      "c-ingress-service",
    ]);
  });

  it("has class nginx where Traefik is to serve it, as the same resource that ingress-nginx has", async () => {
    const nginxClass = async (ingress: object) =>
      byName((await made(bareMetal({ metallb: { pools }, ingress }))).all, "c-ingress-ingress-class-nginx")
        .inputs;
    const [before, after] = [
      await nginxClass({ kind: "ingress-nginx" }),
      await nginxClass({ kind: "traefik", nginxClass: true }),
    ];
    expect(after.spec).toEqual(before.spec);
  });

  it("takes charts from where the settings say", async () => {
    const helm = {
      sources: { traefik: "oci://registry.example.com/charts/traefik", metallb: "./charts/metallb" },
    };
    const { all } = await made(bareMetal({ ...everything, helm }));
    expect(byName(all, "c-ingress-release").inputs).toMatchObject({
      chart: "oci://registry.example.com/charts/traefik",
      version: "41.3.0",
    });
    const folder = byName(all, "c-metallb-release").inputs;
    expect(folder.chart).toBe("./charts/metallb");
    expect(folder).not.toHaveProperty("version");
    expect(folder).not.toHaveProperty("repositoryOpts");
  });
});

describe("the cache on every node", () => {
  it("is there before pods are led to it", async () => {
    const { all } = await made(bareMetal({ coredns: { nodeLocal: { enabled: true } } }));
    const front = byName(all, "c-coredns-service-kube-dns");
    expect(front.dependsOn).toContain(byName(all, "c-coredns-daemon-set-node-dns-cache").urn);
    expect(front.dependsOn).toContain(byName(all, "c-coredns-deployment-coredns").urn);
  });
});

describe("IngressRules", () => {
  it("is one Ingress of the settings' rules", async () => {
    const all = await record(
      () =>
        new IngressRules("shop", {
          namespace: "shop",
          hosts: {
            "shop.example.com": { paths: { "/": { service: "web", port: 80 } }, tlsSecret: "shop-tls" },
          },
        }),
    );
    expect(byName(all, "shop-ingress").inputs).toMatchObject({
      metadata: { name: "shop", namespace: "shop" },
      spec: {
        tls: [{ hosts: ["shop.example.com"], secretName: "shop-tls" }],
        rules: [{ host: "shop.example.com" }],
      },
    });
  });
});
