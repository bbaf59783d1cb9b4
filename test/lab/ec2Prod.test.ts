/**
 * The environment `prod` on a simulated region of EC2: three control-plane nodes in three zones behind network load balancers,
 * a bastion, private subnets, and Traefik behind a balancer that the cloud controller manager makes. What differs from
 * `Pulumi.prod.yaml` is in `ec2/environment.ts` and printed first. Not in CI's list: it takes half an hour and more.
 * `LAB_KEEP=1` leaves the region open, and takes up one that was left.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { eventually, saw } from "./cluster";
import { prodDeviations, prodSettings, type AwsSettings } from "./ec2/environment";
import type { Life } from "./ec2/lifecycle";
import { Load } from "./ec2/load";
import { SimulatedRegion } from "./ec2/simulation";
import { webImage } from "./images";

const ID = "prod";
/** Seconds for which the API may be away while all control-plane nodes are replaced (what a balancer needs to see it, and some). */
const AWAY = 30;

/** Milliseconds that three replacements may take: on a busy machine each took nine minutes. */
const REPLACEMENTS = 3_600_000;

const HOSTNAMES = "jsonpath={..status.loadBalancer.ingress[*].hostname}";

const labels = { app: "shop" };
/** Goes on answering until nobody sends to it any more. */
const web = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "shop" },
  spec: {
    replicas: 3,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: "web",
            image: webImage,
            ports: [{ containerPort: 8080 }],
            readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 2 },
            lifecycle: { preStop: { sleep: { seconds: 10 } } },
            securityContext: { allowPrivilegeEscalation: false },
          },
        ],
      },
    },
  },
};
const budget = {
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name: "shop" },
  spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
};
const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "shop" },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
};
const ingress = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "shop" },
  spec: {
    rules: [
      {
        host: "shop.example.com",
        http: {
          paths: [
            { path: "/", pathType: "Prefix", backend: { service: { name: "shop", port: { number: 80 } } } },
          ],
        },
      },
    ],
  },
};

const KEEP = process.env["LAB_KEEP"] === "1";

describeWithLab("prod on a simulated EC2", () => {
  let region: SimulatedRegion;
  let settings: AwsSettings;
  const started = Date.now();

  const poolOf = (pool: string): Life[] =>
    region.instances().filter(({ instance }) => instance.group === `kubeadm-prod-${pool}`);
  const revised = (pool: string, revision: number): AwsSettings => {
    const found = settings.workers?.[pool];
    if (found === undefined) expect.fail(`prod has a pool ${pool}`);
    return { ...settings, workers: { ...settings.workers, [pool]: { ...found, revision } } };
  };
  const balancerName = (): Promise<string> =>
    eventually(
      "the Service has its balancer's name",
      () => region.kubectl("get", "services", "-A", "-o", HOSTNAMES),
      (name) => name !== "",
    );
  const controlPlane = (): Life[] =>
    region.instances().filter(({ instance }) => instance.tags["Name"]?.startsWith("prod-cp-"));
  const up = async (what: string, wanted: AwsSettings = settings): Promise<void> => {
    const from = Date.now();
    const report = await region.engine("up", wanted);
    expect(report.ok, `${report.error}\n${region.log()}`).toBe(true);
    saw(`${what}: ${Math.round((Date.now() - from) / 1000)} s, ${report.changed.length} steps`);
  };

  beforeAll(async () => {
    settings = await prodSettings();
    for (const { what, why } of prodDeviations) saw(`differs: ${what}: ${why}`);
    region =
      KEEP && SimulatedRegion.exists(ID)
        ? SimulatedRegion.load(ID)
        : await SimulatedRegion.create(ID, settings.network?.vpcCidr ?? "", { stack: "prod", addons: true });
  });

  afterAll(async () => {
    if (!KEEP) await region?.down();
    saw(`all of it: ${Math.round((Date.now() - started) / 1000)} s`);
  });

  it("comes up from nothing", async () => {
    await up("up");
    await region.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s");
    saw(await region.kubectl("get", "nodes", "-o", "wide"));
    saw((await region.asOperator(region.smokeCommand({ nodePort: false }))).stdout);
    expect(new Set(controlPlane().map(({ instance }) => instance.zone)).size).toBe(3);
  });

  it("a second preview is empty, and so is a refresh", async () => {
    const second = await region.engine("preview", settings);
    expect(second.changed, second.error).toEqual([]);
    const refreshed = await region.engine("refresh", settings);
    expect(refreshed.changed, refreshed.error).toEqual([]);
  });

  it("the cloud controller manager's balancer leads to Traefik, which sees the caller's own address", async () => {
    const host = await balancerName();
    const answer = await eventually(
      "it answers",
      async () =>
        (
          await region.asOperator([
            "curl",
            "-s",
            "-m",
            "5",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            `http://${host}/`,
          ])
        ).stdout,
      (status) => status === "404",
    );
    saw(`http://${host}/ answers ${answer}: no rule is there yet`);
    const refused = region.calls().filter(({ answer: said }) => /AccessDenied|Unauthorized/.test(said));
    expect(refused).toEqual([]);
  });

  const replaced =
    "each control-plane node is replaced in turn under write load: nothing acknowledged is lost";
  it(replaced, { timeout: REPLACEMENTS }, async () => {
    await region.kubectl("create", "namespace", "writes");
    const load = await Load.writes(region, "writes", "writes");
    const before = controlPlane().map(({ instance }) => instance.id);
    const revisions: Record<string, number> = {};
    for (const name of ["cp-1", "cp-2", "cp-3"]) {
      revisions[name] = 2;
      settings = { ...settings, controlPlane: { ...settings.controlPlane, revisions: { ...revisions } } };
      await up(`${name} is replaced`);
    }
    const { asked, done, failures, silences } = await load.end();
    const away = silences.reduce((sum, silence) => sum + silence, 0);
    saw(`${asked} writes, ${done.length} acknowledged, others: ${JSON.stringify(failures)}`);
    saw(
      `the API was away for ${away.toFixed(1)} s in sum: ${silences.join(", ") || "never longer than 2 s"}`,
    );
    const after = controlPlane().map(({ instance }) => instance.id);
    expect(after).toHaveLength(3);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    const names = await region.kubectl(
      "get",
      "configmaps",
      "-n",
      "writes",
      "-o",
      "jsonpath={.items[*].metadata.name}",
    );
    const there = new Set(names.split(" "));
    expect(done.filter((number) => !there.has(`write-${number}`))).toEqual([]);
    expect(away).toBeLessThan(AWAY);
    await region.kubectl("delete", "namespace", "writes");
  });

  it("a zone is cut off: the API goes on", async () => {
    await region.kubectl("create", "namespace", "cut");
    const load = await Load.writes(region, "cut", "cut");
    const zone = controlPlane()[2]?.instance.zone ?? expect.fail("there are three zones");
    region.cutOff(zone);
    const lost = controlPlane().find(({ instance }) => instance.zone === zone)?.instance.privateName ?? "";
    await eventually(
      "the cluster sees that the zone is gone",
      () =>
        region.kubectl("get", "node", lost, "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}"),
      (status) => status === "Unknown",
      300,
    );
    const { asked, done, failures, silences } = await load.end();
    saw(
      `${zone} is cut off: ${asked} writes, ${done.length} acknowledged, others: ${JSON.stringify(failures)}`,
    );
    saw(`silences: ${silences.map((silence) => `${silence} s`).join(", ") || "none longer than 2 s"}`);
    region.cutOff();
    await region.kubectl("wait", "--for=condition=Ready", `node/${lost}`, "--timeout=300s");
    await region.kubectl("delete", "namespace", "cut");
    expect(silences.reduce((sum, silence) => sum + silence, 0)).toBeLessThan(AWAY);
  });

  it("a pool is refreshed by a new template without a failed request through the Service's balancer", async () => {
    await region.apply(web, budget, service, ingress);
    await region.kubectl("rollout", "status", "deployment/shop", "--timeout=180s");
    const url = `http://${await balancerName()}/`;
    const load = await Load.requests(region, "shop", url, "--header 'Host: shop.example.com'");
    const before = poolOf("general").map(({ instance }) => instance.id);
    settings = revised("general", 2);
    await up("up with a new template");
    await eventually(
      "the refresh ends",
      () => Promise.resolve(region.log()),
      (log) => log.includes("refresh of kubeadm-prod-general: done"),
      1_800,
    );
    const { asked, done, failures, silences } = await load.end();
    saw(
      region
        .log()
        .split("\n")
        .filter((line) => /refresh of|CompleteLifecycleAction/.test(line))
        .join("\n"),
    );
    saw(`${asked} requests, ${done.length} answered with 200, others: ${JSON.stringify(failures)}`);
    saw(`silences: ${silences.map((silence) => `${silence} s`).join(", ") || "none longer than 2 s"}`);
    const after = poolOf("general").map(({ instance }) => instance.id);
    expect(after).toHaveLength(before.length);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    expect(failures).toEqual({});
  });

  it("an instance that dies is replaced, and its Node goes", async () => {
    const [victim] = poolOf("burst");
    const { id, privateName } = victim?.instance ?? expect.fail("burst has an instance");
    await region.lab.exec(id, ["systemctl", "poweroff"], { allowFailure: true });
    await eventually(
      "another instance is in service",
      () => Promise.resolve(poolOf("burst")),
      (all) => all.some((one) => one.instance.id !== id && one.phase === "in service"),
      900,
    );
    const nodes = await eventually(
      "the dead one's Node goes",
      () => region.kubectl("get", "nodes", "-o", "name"),
      (names) => !names.includes(privateName),
      900,
    );
    saw(`${id} was powered off:\n${nodes}`);
    expect(region.log()).toContain(`${id} is impaired: its host is down`);
  });

  it("a template that cannot boot stops after one node, and up says why", async () => {
    const before = poolOf("burst").map(({ instance }) => instance.id);
    const { burst } = settings.workers ?? {};
    if (burst === undefined) expect.fail("prod has a pool burst");
    const broken = { ...settings.workers, burst: { ...burst, packages: ["no-such-package"] } };
    const report = await region.engine("up", { ...settings, workers: broken });
    saw(
      report.error
        .split("\n")
        .filter((line) => /no-such-package|phase|instance/.test(line))
        .join("\n"),
    );
    expect(report.ok).toBe(false);
    expect(report.error).toContain("no-such-package");
    const there = poolOf("burst").filter(({ phase }) => phase === "in service");
    expect(there.map(({ instance }) => instance.id)).toEqual(before);
    await up("up with the former settings");
  });

  it("destroy leaves nothing in the account", async () => {
    const report = await region.engine("destroy", settings);
    expect(report.ok, `${report.error}\n${region.log()}`).toBe(true);
    saw(`left in the account: ${region.inventory().join(", ") || "nothing"}`);
    expect(region.leftovers()).toEqual([]);
  });
});
