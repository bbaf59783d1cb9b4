/**
 * The objects of every add-on, judged by a real kube-apiserver with strict field validation: those of the library, what
 * MetalLB's own chart makes of its values, and MetalLB's custom resources by its own CRDs. The Corefile is read by the real
 * CoreDNS, which answers from it. Traefik's chart is not to be had from a Go module; its values are under unit tests.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { Resolver } from "node:dns/promises";
import * as dgram from "node:dgram";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parseAllDocuments } from "yaml";
import { corefile, nodeCacheCorefile } from "../../model/addons/coredns/corefile";
import { corednsManifests } from "../../model/addons/coredns/manifests";
import { defaultBackendManifests, ingressNamespaceManifest } from "../../model/addons/ingress/manifests";
import { ingressNginxManifests, ingressNginxService } from "../../model/addons/ingress/nginx";
import { ingressRulesManifest } from "../../model/addons/ingress/rules";
import {
  metallbAdvertisements,
  metallbManifests,
  metallbNamespaceManifest,
  isWithoutWorkers,
  metallbValues,
} from "../../model/addons/metallb/manifests";
import { metricsServerManifests } from "../../model/addons/metricsServer/manifests";
import type { KubernetesObject } from "../../model/kubernetes";
import type { ClusterSettings } from "../../model/settings/resolved";
import { bareMetal } from "../support/bareMetal";
import { moduleFolder } from "../support/goBuild";
import { run } from "../support/run";
import { ensureTool, kubernetesVersion } from "../support/toolchain";
import { startApiServer, type ApiServer } from "./apiServer";
import { describeWithEngine } from "./available";

const pools = { lan: { addresses: ["10.40.0.240-10.40.0.250"], namespaces: ["ingress-nginx", "traefik"] } };
const bgp = {
  peers: [
    {
      name: "rack1",
      address: "10.40.0.1",
      peerASN: 64512,
      myASN: 64513,
      password: "operator",
      multiHop: true,
      holdTime: 30,
      nodes: { disk: "ssd" },
    },
  ],
  communities: ["64512:100"],
  localPreference: 100,
  aggregationLength: 32,
};
const l2 = { interfaces: ["eth1"], nodes: { disk: "ssd" } };

/** Object of a rendered chart; `undefined` where a template made nothing. */
type Rendered = KubernetesObject | null;

describeWithEngine("add-ons and a real API server", () => {
  let api: ApiServer;
  beforeAll(async () => {
    api = await startApiServer({ controllers: false, serverArgs: ["--allow-privileged=true"] });
    for (const name of ["metallb-system", "ingress-nginx", "traefik", "shop"])
      await api.request("POST", "/api/v1/namespaces", { metadata: { name } });
  });
  afterAll(() => api.stop());

  /** Applies without keeping it, as the provider does; unknown and doubled fields are errors. */
  async function apply(object: KubernetesObject, keep = false): Promise<void> {
    const { apiVersion, kind, metadata } = object;
    const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
    const scope = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
    const plural = /ss$/.test(kind) ? `${kind}es` : /cy$/.test(kind) ? `${kind.slice(0, -1)}ies` : `${kind}s`;
    const query = `${keep ? "" : "dryRun=All&"}fieldValidation=Strict&fieldManager=test&force=true`;
    await api.request(
      "PATCH",
      `${group}${scope}/${plural.toLowerCase()}/${metadata.name}?${query}`,
      object,
      "application/apply-patch+yaml",
    );
  }

  it.each<[string, ClusterSettings]>([
    ["CoreDNS", bareMetal()],
    [
      "CoreDNS with a cache on every node",
      bareMetal({ coredns: { nodeLocal: { enabled: true }, antiAffinity: "required" } }),
    ],
  ])("takes every object of %s", async (_, settings) => {
    for (const object of corednsManifests(settings)) await apply(object);
  });

  it("takes every object of metrics-server", async () => {
    const settings = bareMetal({ metricsServer: { replicas: 2 } });
    const { metricsServer } = settings.addons;
    const objects = metricsServer === undefined ? [] : metricsServerManifests(settings, metricsServer);
    expect(objects).toHaveLength(10);
    for (const object of objects) await apply(object);
  });

  it.each([
    [
      "a load balancer",
      { expose: { type: "loadBalancer", address: "10.40.0.241", sourceRanges: ["10.0.0.0/8"] } },
    ],
    ["NodePorts", { expose: { type: "nodePorts", http: 30080, https: 30443 } }],
    ["host ports", { expose: { type: "hostPorts" } }],
  ])("takes every object of ingress-nginx behind %s, and its default backend", async (_, expose) => {
    const settings = bareMetal({
      metallb: { pools },
      ingress: {
        kind: "ingress-nginx",
        defaultBackend: { enabled: true },
        config: { "use-http2": "false" },
        ...expose,
      },
    });
    const { ingress } = settings.addons;
    if (ingress?.kind !== "ingress-nginx") throw new Error("no ingress-nginx");
    const service = ingressNginxService(settings, ingress);
    const objects = [
      ingressNamespaceManifest(ingress),
      ...ingressNginxManifests(settings, ingress),
      ...(service === undefined ? [] : [service]),
      ...defaultBackendManifests(settings, ingress),
    ];
    for (const object of objects) await apply(object);
  });

  it("takes Traefik's default backend and rules of every form", async () => {
    const settings = bareMetal({
      metallb: { pools },
      ingress: { kind: "traefik", defaultBackend: { enabled: true } },
    });
    const { ingress } = settings.addons;
    if (ingress === undefined) throw new Error("no ingress");
    const web = { service: "web", port: 80 };
    const rules = ingressRulesManifest("shop", {
      namespace: "shop",
      className: "traefik",
      hosts: {
        "shop.example.com": {
          paths: { "/": web, "/api": { ...web, port: "http", match: "Exact" } },
          tlsSecret: "a",
        },
        "*.example.com": { paths: { "/": { ...web, match: "ImplementationSpecific" } } },
      },
      defaultBackend: web,
    });
    for (const object of [...defaultBackendManifests(settings, ingress), rules]) await apply(object);
  });

  it("refuses what it does not know, or the cases above would show nothing", async () => {
    const deployment: KubernetesObject = corednsManifests(bareMetal())[5];
    const spec = { ...(deployment.spec as object), replica: 2 };
    await expect(apply({ ...deployment, spec })).rejects.toThrow(/replica/);
  });

  describe("MetalLB's own chart", () => {
    /** What the chart of MetalLB's Go module makes of the library's values. */
    async function render(settings: ClusterSettings): Promise<KubernetesObject[]> {
      const { metallb } = settings.addons;
      if (metallb === undefined) throw new Error("no MetalLB");
      const folder = await moduleFolder("go.universe.tf/metallb", "v0.16.1");
      const values = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "pulumi-kubeadm-helm-")), "values.yaml");
      fs.writeFileSync(
        values,
        JSON.stringify(metallbValues(metallb, { onlyControlPlane: isWithoutWorkers(settings) })),
      );
      const { stdout } = await run([
        await ensureTool("helm"),
        ...["template", "metallb", path.join(folder, "charts/metallb"), "--namespace=metallb-system"],
        ...[`--values=${values}`, `--kube-version=${kubernetesVersion}`],
      ]);
      fs.rmSync(path.dirname(values), { recursive: true });
      return parseAllDocuments(stdout)
        .map((document) => document.toJS() as Rendered)
        .filter((object): object is KubernetesObject => object !== null);
    }

    const isCrd = (object: KubernetesObject) => object.kind === "CustomResourceDefinition";
    const images = (objects: readonly KubernetesObject[]) =>
      new Set(JSON.stringify(objects).match(/quay\.io\/[a-z0-9/-]+/g) ?? []);

    it.each([
      ["layer 2", { pools, l2 }, ["quay.io/metallb/controller", "quay.io/metallb/speaker"]],
      [
        "BGP by frr-k8s",
        { pools, bgp },
        [
          "quay.io/frrouting/frr",
          "quay.io/metallb/controller",
          "quay.io/metallb/frr-k8s",
          "quay.io/metallb/speaker",
        ],
      ],
      [
        "BGP by itself",
        { pools, bgp: { ...bgp, backend: "native" } },
        ["quay.io/metallb/controller", "quay.io/metallb/speaker"],
      ],
    ])(
      "gives, for %s, objects that the API takes, with the images needed and no other",
      async (_, metallb, wanted) => {
        const objects = await render(bareMetal({ metallb }));
        expect([...images(objects)].sort()).toEqual(wanted);
        for (const object of objects) if (!isCrd(object)) await apply(object);
        const speaker = objects.find(
          (one) => one.kind === "DaemonSet" && one.metadata.name === "metallb-speaker",
        );
        expect(JSON.stringify(speaker)).toContain('"containerPort":7946');
      },
    );

    it("has CRDs by which pools, advertisements and peers are right", async () => {
      const objects = await render(bareMetal({ metallb: { pools, l2, bgp } }));
      for (const crd of objects.filter(isCrd)) await apply(crd, true);
      const settings = bareMetal({ metallb: { pools, l2, bgp } });
      const { metallb } = settings.addons;
      const resources =
        metallb === undefined ? [] : [...metallbManifests(metallb), ...metallbAdvertisements(metallb)];
      expect(resources.map((one) => one.kind).sort()).toEqual([
        "BGPAdvertisement",
        "BGPPeer",
        "IPAddressPool",
        "L2Advertisement",
      ]);
      await vi.waitFor(() => apply(resources[0]), { timeout: 20_000, interval: 200 });
      for (const object of [metallbNamespaceManifest(), ...resources]) await apply(object);
      const [pool] = resources;
      await expect(apply({ ...pool, spec: { ...(pool.spec as object), adresses: [] } })).rejects.toThrow(
        /adresses/,
      );
    });
  });

  describe("CoreDNS itself", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pulumi-kubeadm-dns-"));
    const running: ChildProcess[] = [];
    afterAll(async () => {
      for (const child of running) {
        const ended = once(child, "exit");
        if (child.exitCode === null && child.kill("SIGKILL")) await ended;
      }
      fs.rmSync(folder, { recursive: true });
    });

    /** Starts CoreDNS with a Corefile on ports of its own, and waits until it says that it serves. */
    async function serve(name: string, text: string, attempts = 5): Promise<Resolver> {
      const port = await freePort();
      const file = path.join(folder, name);
      const here = text
        .replace("ttl 30", `ttl 30\n        kubeconfig ${api.kubeconfigFile} test`)
        .replaceAll(":53 {", `:${port} {\n    bind 127.0.0.1`)
        .replace(":9153", "127.0.0.1:0")
        .replace("    ready\n", "    ready 127.0.0.1:0\n")
        .replace("    health {", "    health 127.0.0.1:0 {")
        // It would ask itself in a network namespace that has no other resolver.
        .replace("    loop\n", "");
      fs.writeFileSync(file, here);
      const child = spawn(await ensureTool("coredns"), ["-conf", file], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      running.push(child);
      let said = "";
      const serves = await new Promise<boolean>((resolve) => {
        const hear = (chunk: Buffer): void => {
          said += chunk.toString();
          if (said.includes("CoreDNS-")) resolve(true);
        };
        child.stdout.on("data", hear);
        child.stderr.on("data", hear);
        child.once("close", () => resolve(false));
      });
      // The port is free for UDP; a connection of another process may have its number for TCP.
      const taken = !serves && said.includes("address already in use");
      if (taken && attempts > 1) return serve(name, text, attempts - 1);
      if (!serves) throw new Error(`CoreDNS ended: ${said}`);
      const resolver = new Resolver({ timeout: 2000, tries: 3 });
      resolver.setServers([`127.0.0.1:${port}`]);
      return resolver;
    }

    it("reads the whole Corefile, and answers for Services, hosts, rewritten names and zones of its own", async () => {
      const settings = bareMetal({
        coredns: {
          upstreamServers: ["10.9.0.53"],
          policy: "sequential",
          tlsServerName: "dns.example.com",
          cache: {
            seconds: 60,
            capacity: 2048,
            denialSeconds: 5,
            denialCapacity: 1024,
            prefetch: { amount: 3 },
            serveStale: 60,
          },
          hosts: { "db.example.com": ["10.40.0.9"] },
          rewrite: [
            { from: "api.example.com", to: "kubernetes.default.svc.cluster.local" },
            { match: "suffix", from: "intra", to: "svc.cluster.local" },
          ],
          log: "denial",
          pods: "verified",
          custom: {
            plugins:
              'template IN A {\n    match ^custom\\.example\\.com\\.$\n    answer "{{ .Name }} 60 IN A 192.0.2.7"\n    fallthrough\n}',
            zones: { "zone.example": "hosts {\n  192.0.2.8 www.zone.example\n}" },
          },
        },
      });
      // Nothing asks it here, and nothing may be sent there.
      const text = corefile(settings).replace("tls://10.9.0.53", "tls://127.0.0.1:1");
      const resolver = await serve("Corefile", text);
      const kubernetes = settings.network.kubernetesServiceAddress;
      await vi.waitFor(
        async () =>
          expect(await resolver.resolve4("kubernetes.default.svc.cluster.local")).toEqual([kubernetes]),
        { timeout: 20_000, interval: 200 },
      );
      expect(await resolver.resolve4("api.example.com")).toEqual([kubernetes]);
      expect(await resolver.resolve4("kubernetes.default.intra")).toEqual([kubernetes]);
      expect(await resolver.resolve4("db.example.com")).toEqual(["10.40.0.9"]);
      expect(await resolver.resolve4("custom.example.com")).toEqual(["192.0.2.7"]);
      expect(await resolver.resolve4("www.zone.example")).toEqual(["192.0.2.8"]);
    });

    it("reads the cache's Corefile, and asks the address before it by TCP", async () => {
      const settings = bareMetal({
        coredns: { nodeLocal: { enabled: true }, hosts: { "db.example.com": ["10.40.0.9"] } },
      });
      const behind = await serve("Corefile.behind", corefile(settings));
      const [server = ""] = behind.getServers();
      const upstream = nodeCacheCorefile(settings).replace(/forward \. \S+/, `forward . ${server}`);
      const cache = await serve("Corefile.cache", upstream);
      await vi.waitFor(async () => expect(await cache.resolve4("db.example.com")).toEqual(["10.40.0.9"]), {
        timeout: 20_000,
        interval: 200,
      });
    });
  });
});

async function freePort(): Promise<number> {
  const socket = dgram.createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}
