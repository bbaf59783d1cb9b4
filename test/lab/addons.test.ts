/**
 * Traffic from outside, with the real parts: MetalLB's controller and speakers by MetalLB's own chart, and Traefik's binary
 * by a chart that stands in for its own (charts/traefik). A node is killed, flannel is switched to the network that Windows
 * nodes need while pods talk, and what was added is taken away again.
 */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ingressRulesManifest } from "../../model/addons/ingress/rules";
import { balancedIngress, withAddonSources } from "./addonCharts";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { shapeOf, type Settings } from "./environment";
import { podsOf, webDaemonSet, webService } from "./objects";
import { inPod, webPods } from "./traffic";

/** In the hosts' own network, and on none of them. */
const ADDRESS = "10.40.0.240";
const HOST = "shop.example.com";
/** Seconds within which another node answers for the address, and within which all requests are answered again. */
const TAKEN_OVER = 30;
const STEADY = 120;

describeWithLab("load balancing and ingress", () => {
  let cluster: LabCluster;
  let bare: Settings;
  let certificate: string;

  beforeAll(async () => {
    cluster = await LabCluster.create("addons", shapeOf(1, 2), { addons: true });
    const served = await withAddonSources(cluster);
    bare = { ...served, helm: cluster.settings.helm };
    cluster.settings = { ...served, ...balancedIngress(ADDRESS) };
    const started = Date.now();
    await cluster.engine("up");
    saw(`bare hosts to Traefik behind MetalLB: ${seconds(started)} s`);
    certificate = await deployShop(cluster);
  });

  afterAll(async () => {
    await cluster?.down();
  });

  /** One request from outside the cluster: status and body, or curl's complaint. */
  const ask = async (url: string, ...more: string[]): Promise<string> => {
    const to = ["--resolve", `${HOST}:80:${ADDRESS}`, "--resolve", `${HOST}:443:${ADDRESS}`];
    const command = ["curl", "-sS", "--max-time", "2", "-w", " %{http_code}", ...to, ...more, url];
    const { stdout, stderr, status } = await cluster.lab.run(command, { allowFailure: true });
    return status === 0 ? stdout.trim().replace(/\s+/g, " ") : stderr.trim();
  };

  it("a second preview is empty", async () => {
    const { changed } = await cluster.engine("preview");
    saw(`${changed.length} changes`);
    expect(changed).toEqual([]);
  });

  it("an address of the pool answers by host and path, from outside", async () => {
    const answer = async (url: string): Promise<string> => {
      const said = await ask(url);
      saw(`${url}: ${said}`);
      return said;
    };
    await eventually(
      "the shop answers",
      () => ask(`http://${HOST}/`),
      (said) => /^web-/.test(said),
    );
    expect(await answer(`http://${HOST}/`)).toMatch(/^web-\w+ 200$/);
    expect(await answer(`http://${HOST}/anything`)).toMatch(/^web-\w+ 200$/);
    expect(await answer(`http://${HOST}/api`)).toMatch(/^api-\w+ 200$/);
    expect(await answer(`http://${HOST}/api/orders`)).toMatch(/^api-\w+ 200$/);
  });

  it("TLS is answered with the certificate of the Secret", async () => {
    const said = await ask(`https://${HOST}/`, "--cacert", certificate);
    saw(`https://${HOST}/ against the Secret's own certificate: ${said}`);
    expect(said).toMatch(/^web-\w+ 200$/);
  });

  it("what no rule takes is answered by the default backend", async () => {
    const said = await ask(`http://${ADDRESS}/`, "-H", "Host: nobody.example.com");
    saw(`http://${ADDRESS}/ for another host: ${said}`);
    expect(said).toMatch(/^default-backend-\S+ 200$/);
  });

  it("the address goes on when the node that announces it is killed", async () => {
    const announcer = await neighbour(cluster);
    saw(`${ADDRESS} is at ${announcer}`);
    const killed = Date.now();
    await cluster.lab.stopHost(announcer, 0);
    await eventually(
      "another node answers",
      () => ask(`http://${HOST}/`),
      (said) => / 200$/.test(said),
      TAKEN_OVER,
    );
    const first = seconds(killed);
    // Traefik still knows of the pods on the dead node, until its kubelet has been silent for long enough.
    let row = 0;
    await eventually(
      "every request is answered",
      () => ask(`http://${HOST}/`),
      (said) => (row = / 200$/.test(said) ? row + 1 : 0) >= 20,
      STEADY,
    );
    const now = await neighbour(cluster);
    saw(`first answer after ${first} s, from ${now}; every answer after ${seconds(killed)} s`);
    expect(now).not.toBe(announcer);
    await cluster.lab.startHost(announcer);
    await cluster.kubectl("wait", "--for=condition=Ready", `node/${announcer}`, "--timeout=180s");
    await settled(cluster);
  });

  it("flannel goes to the Windows network while pods talk: they do again within a minute", async () => {
    const pods = await webPods(cluster);
    const talk = pods.map((from, index) =>
      talking(cluster, from.name, pods[(index + 1) % pods.length].address),
    );
    const { cni } = cluster.settings;
    if (cni?.kind !== "flannel") throw new Error("the lab has another CNI");
    bare = { ...bare, cni: { ...cni, windows: true } };
    cluster.settings = { ...cluster.settings, cni: { ...cni, windows: true } };
    const { changed } = await cluster.engine("up");
    saw(changed.join("\n"));
    await cluster.kubectl("-n", "kube-flannel", "rollout", "status", "daemonset", "--timeout=180s");
    await Promise.all(pods.map((pod) => inPod(cluster, pod, "touch", "/stop")));
    const gaps = (await Promise.all(talk)).map(longestGap);
    pods.forEach((pod, index) => {
      const to = pods[(index + 1) % pods.length];
      saw(`${pod.node} -> ${to.node}: longest silence ${gaps[index].toFixed(1)} s`);
    });
    for (const gap of gaps) expect(gap).toBeLessThan(60);
    for (const { name } of cluster.lab.hosts()) {
      const links = await cluster.host(
        name,
        "ip -o -d link show type vxlan | grep -o 'flannel[^:@]*:\\|id [0-9]*\\|dstport [0-9]*'",
      );
      const routes = await cluster.host(name, "ip route | grep -o '^10.244.* dev flannel[^ ]*'");
      saw(`${name}: ${links.trim().replaceAll("\n", " ")}; ${routes.trim().replaceAll("\n", ", ")}`);
      expect(links.trim().split("\n")).toEqual(["flannel.4096:", "id 4096", "dstport 4789"]);
      expect(routes.match(/dev flannel\.4096/g)).toHaveLength(2);
    }
    expect(await ask(`http://${HOST}/`)).toMatch(/^web-\w+ 200$/);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("taken out of the settings, both are gone, with all they made", async () => {
    cluster.settings = bare;
    const { changed } = await cluster.engine("up");
    saw(changed.join("\n"));
    const kinds =
      "namespaces,clusterroles,clusterrolebindings,ingressclasses,validatingwebhookconfigurations";
    const left = (await cluster.kubectl("get", kinds, "-o", "name")).split("\n");
    expect(left.filter((name) => /metallb|traefik/.test(name))).toEqual([]);
    const definitions = await cluster.kubectl("get", "customresourcedefinitions", "-o", "name");
    // Helm leaves what is in a chart's folder crds/, since with it all objects of those kinds would go.
    saw(`CRDs left: ${definitions.trim().split("\n").length}, all of Traefik's chart`);
    expect(definitions).not.toContain("metallb");
    expect(await ask(`http://${ADDRESS}/`)).toMatch(/^curl: \((7|28)\)/);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });
});

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(1);
}

/** Two web servers, rules that lead to them, and a certificate; returns the certificate's file. */
async function deployShop(cluster: LabCluster): Promise<string> {
  const file = (name: string): string => cluster.lab.folder(name);
  await cluster.lab.run([
    "openssl",
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
    ...["-subj", `/CN=${HOST}`, "-addext", `subjectAltName=DNS:${HOST}`],
    ...["-keyout", file("shop.key"), "-out", file("shop.crt")],
  ]);
  const text = (name: string): string => fs.readFileSync(file(name), "utf8");
  await cluster.apply(
    ...["web", "api"].flatMap((name, index) => [webDaemonSet(name), webService(name, 30081 + index)]),
    {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/tls",
      metadata: { name: "shop" },
      stringData: { "tls.crt": text("shop.crt"), "tls.key": text("shop.key") },
    },
    ingressRulesManifest("shop", {
      namespace: "default",
      className: "traefik",
      hosts: {
        [HOST]: {
          paths: { "/": { service: "web", port: 80 }, "/api": { service: "api", port: 80 } },
          tlsSecret: "shop",
        },
      },
    }),
  );
  await settled(cluster);
  return file("shop.crt");
}

/** Waits until every node has its pods: after a reboot they start again. */
async function settled(cluster: LabCluster): Promise<void> {
  for (const name of ["web", "api"])
    await cluster.kubectl("rollout", "status", `daemonset/${name}`, "--timeout=180s");
  await eventually(
    "one web server a node",
    async () => podsOf(await cluster.kubectl("get", "pods", "-l", "app=web", "-o", "json")),
    (pods) => pods.length === 3 && pods.every(({ address }) => address !== ""),
  );
}

/** Name of the host whose network card answers for the address. */
async function neighbour(cluster: LabCluster): Promise<string> {
  const { stdout } = await cluster.lab.run(["ip", "-4", "neigh", "show", ADDRESS]);
  const index = parseInt(/lladdr 02:40:00:00:00:([0-9a-f]{2})/.exec(stdout)?.[1] ?? "", 16);
  const host = cluster.lab.hosts().find((one) => one.index === index);
  if (host === undefined) throw new Error(`no host answers for ${ADDRESS}: ${stdout}`);
  return host.name;
}

/** Asks from a pod until it is stopped by a file; seconds of this machine's uptime at which there was an answer. */
async function talking(cluster: LabCluster, pod: string, address: string): Promise<number[]> {
  // The loop's own clock at its begin and end, so that silence there counts too.
  const clock = "read -r up rest < /proc/uptime; echo $up";
  const ask = `timeout 1 wget -q -O /dev/null http://${address}:8080/ 2>/dev/null`;
  const loop = `${clock}; while [ ! -e /stop ]; do if ${ask}; then ${clock}; fi; sleep 0.2; done; ${clock}`;
  const said = await cluster.tryKubectl(["exec", pod, "--", "sh", "-c", loop]);
  return said.stdout.trim().split("\n").map(Number);
}

function longestGap(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((time, index) => time - times[index]));
}
