/**
 * The environment `dev` on a simulated region of EC2: instances are hosts that boot from the user data that the engine sent,
 * behind the groups, routes and roles of its plan, with the real cloud controller manager. What differs from
 * `Pulumi.dev.yaml` is in `ec2/environment.ts` and printed first. `LAB_KEEP=1` leaves the region open.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { eventually, saw } from "./cluster";
import { bringUp } from "./ec2/bringUp";
import { deviations, devSettings, type AwsSettings } from "./ec2/environment";
import type { Life } from "./ec2/lifecycle";
import { Load } from "./ec2/load";
import { searchHosts, secretsOf } from "./ec2/secretSearch";
import { SimulatedRegion } from "./ec2/simulation";
import { webImage } from "./images";

const ID = "ec2";
const REGION = "eu-central-1";

interface NodeObject {
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly spec: { readonly providerID?: string; readonly taints?: { readonly key: string }[] };
  readonly status: { readonly addresses: { readonly type: string; readonly address: string }[] };
}

const labels = { app: "shop" };
const spec = {
  containers: [
    {
      name: "web",
      image: webImage,
      ports: [{ containerPort: 8080 }],
      readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
      // Answers until every node has heard that it is to go.
      lifecycle: { preStop: { sleep: { seconds: 10 } } },
    },
  ],
};
/** Two pods of which one may be away, and a Service in front of them. */
const shop = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "shop" },
    spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  },
  {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "shop" },
    spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "shop" },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  },
];

describeWithLab("dev on a simulated EC2", () => {
  let region: SimulatedRegion;
  let settings: AwsSettings;

  const nodes = async (): Promise<NodeObject[]> =>
    (JSON.parse(await region.kubectl("get", "nodes", "-o", "json")) as { items: NodeObject[] }).items;
  const pool = (): Life[] => region.instances().filter(({ instance }) => instance.group !== "");
  const bash = async (instance: string, line: string): Promise<string> => {
    const { stdout, stderr } = await region.lab.exec(instance, ["bash", "-c", line], { allowFailure: true });
    return stdout + stderr;
  };
  const controlPlane = (): Life[] => region.instances().filter(({ instance }) => instance.group === "");
  const controlPlaneNode = (): Life => controlPlane()[0] ?? expect.fail("there is no control-plane instance");
  /** The pool of dev, with changes. */
  const general = (change: { readonly count?: number; readonly revision?: number }): AwsSettings => {
    const pool = settings.workers?.["general"] ?? expect.fail("dev has a pool general");
    return { ...settings, workers: { general: { ...pool, ...change } } };
  };
  const plane = (change: Partial<AwsSettings["controlPlane"]>): AwsSettings => ({
    ...settings,
    controlPlane: { ...settings.controlPlane, ...change },
  });
  const up = async (what: string, wanted: AwsSettings): Promise<void> => {
    settings = wanted;
    await bringUp(region, what, wanted);
  };

  beforeAll(async () => {
    settings = await devSettings();
    for (const { what, why } of deviations) saw(`differs: ${what}: ${why}`);
    region = await SimulatedRegion.create(ID, settings.network?.vpcCidr ?? "");
  });

  afterAll(async () => {
    if (process.env["LAB_KEEP"] !== "1") await region?.down();
  });

  it("comes up from nothing", async () => {
    await up("up", settings);
    saw(region.log());
    const { stdout } = await region.asOperator(region.smokeCommand());
    saw(stdout);
  });

  it("each instance is a Ready node that the cloud controller manager knows by its instance", async () => {
    saw(await region.kubectl("get", "nodes", "-o", "wide"));
    const found = await nodes();
    const instances = region.instances().map(({ instance }) => instance);
    expect(found.map(({ metadata }) => metadata.name).sort()).toEqual(
      instances.map(({ privateName }) => privateName).sort(),
    );
    for (const node of found) {
      const instance = instances.find(({ privateName }) => privateName === node.metadata.name);
      if (instance === undefined) continue;
      expect(node.spec.providerID).toBe(`aws:///${instance.zone}/${instance.id}`);
      expect(node.spec.taints?.map(({ key }) => key) ?? []).not.toContain(
        "node.cloudprovider.kubernetes.io/uninitialized",
      );
      // Out of DescribeInstances and by nobody else.
      expect(node.metadata.labels).toMatchObject({
        "topology.kubernetes.io/zone": instance.zone,
        "topology.kubernetes.io/region": REGION,
        "node.kubernetes.io/instance-type": instance.instanceType,
      });
      expect(node.status.addresses).toContainEqual({ type: "ExternalIP", address: instance.publicAddress });
    }
  });

  it("no call was refused once its role was there", () => {
    const calls = region.calls();
    const counts = new Map<string, number>();
    for (const { service, action, role } of calls) {
      const key = `${role || "nobody"} ${service}:${action}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    saw([...counts].map(([key, count]) => `${key} x${count}`).join("\n"));
    const refused = calls.filter(({ answer }) => /AccessDenied|Unauthorized|Signature|Invalid/.test(answer));
    expect(refused).toEqual([]);
    // The cloud controller manager has a role of its own, by its service account's token.
    expect([...counts.keys()]).toContain(
      "kubeadm-dev-eu-central-1-cloud-controller sts:AssumeRoleWithWebIdentity",
    );
  });

  it("a second preview is empty, and so is a refresh", async () => {
    const second = await region.engine("preview", settings);
    expect(second.changed, second.error).toEqual([]);
    const refreshed = await region.engine("refresh", settings);
    expect(refreshed.changed, refreshed.error).toEqual([]);
  });

  it("no secret stands in user data, consoles, processes, logs, or what the engine wrote", async () => {
    const secrets = await secretsOf(region, controlPlaneNode().instance.id);
    saw(`looked for: ${Object.keys(secrets).join(", ")}`);
    // What is there is found.
    expect(await searchHosts(region, { "a setting of cloud-init": "ssh_deletekeys" })).not.toEqual([]);
    expect(await searchHosts(region, secrets)).toEqual([]);
    const { leaks } = await region.engine("preview", settings, { search: secrets });
    expect(leaks).toEqual([]);
  });

  it("a pod gets nothing from the metadata service, a host does", async () => {
    const [worker] = pool();
    const put =
      "curl -s -m 4 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token";
    const onHost = await bash(
      worker.instance.id,
      `${put} | wc -c; curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/instance-id`,
    );
    saw(`host: ${onHost}`);
    expect(onHost).toBe("32\n401");
    const pid = (
      await bash(worker.instance.id, "lsns -t net -n -o PID,COMMAND | awk '/pause/ { print $1; exit }'")
    ).trim();
    expect(pid).toMatch(/^\d+$/);
    const inPod = await bash(worker.instance.id, `nsenter --target ${pid} --net ${put}; echo " status $?"`);
    saw(`pod: ${inPod}`);
    expect(inPod).toMatch(/^ status 28/);
  });

  it("what no rule lets in is closed, between nodes and from outside", async () => {
    const [worker] = pool();
    const cp = controlPlaneNode().instance;
    const from = async (port: number): Promise<string> =>
      bash(worker.instance.id, `timeout 3 bash -c '</dev/tcp/${cp.address}/${port}' 2>/dev/null; echo $?`);
    expect(await from(6443)).toBe("0\n");
    expect(await from(2379)).toBe("124\n");
    const outside = async (address: string, port: number): Promise<number> => {
      const line = `timeout 3 bash -c '</dev/tcp/${address}/${port}' 2>/dev/null`;
      return (await region.asOperator(["bash", "-c", line], { allowFailure: true })).status;
    };
    expect(await outside(cp.publicAddress, 22)).toBe(0);
    expect(await outside(worker.instance.publicAddress, 22)).toBe(124);
    expect(await outside(cp.publicAddress, 10250)).toBe(124);
  });

  it("a pool shrinks: pods are moved, the hook completed, the Node taken away", async () => {
    await up("the pool shrank", general({ count: 1 }));
    const left = await eventually(
      "the Node of the ended instance goes",
      nodes,
      (all) => all.length === 2,
      300,
    );
    expect(region.log()).toMatch(/CompleteLifecycleAction drain CONTINUE/);
    saw(region.log().split("\n").slice(-12).join("\n"));
    expect(left.map(({ metadata }) => metadata.name).sort()).toEqual(
      region
        .instances()
        .map(({ instance }) => instance.privateName)
        .sort(),
    );
  });

  it("a pool is refreshed by a new template: its node is replaced and drained while a Service answers", async () => {
    await region.apply(...shop);
    await region.kubectl("rollout", "status", "deployment/shop", "--timeout=180s");
    const address = await region.kubectl("get", "service", "shop", "-o", "jsonpath={.spec.clusterIP}");
    const before = pool().map(({ instance }) => instance.id);
    // Asks from the one node that stays, once its kube-proxy has the Service.
    const ask = `curl -s -o /dev/null -m 5 -w '%{http_code}' http://${address}/`;
    const asker = controlPlaneNode().instance.id;
    await eventually(
      "the Service answers",
      () => bash(asker, ask),
      (answer) => answer === "200",
    );
    const asks = `until [ -e /run/asked-enough ]; do
      answer=$(${ask}) || echo "$(date +%T) $answer" >&2
      echo "$answer"
      sleep 0.1
    done | sort | uniq -c`;
    const asked = bash(asker, asks);
    await up("up with a new template", general({ revision: 2 }));
    await eventually(
      "the refresh ends",
      () => Promise.resolve(region.log()),
      (log) => log.includes("refresh of kubeadm-dev-general: done"),
      900,
    );
    await bash(asker, "touch /run/asked-enough");
    const answers = (await asked).trim();
    const told = region.log().split("\n");
    saw(told.filter((line) => /refresh of|CompleteLifecycleAction/.test(line)).join("\n"));
    saw(`the Service answered: ${answers}`);
    expect(answers).toMatch(/^\d+ 200$/);
    // Another instance may have the address, and with it the name, of one that is gone.
    const providers = async (): Promise<string[]> =>
      (await nodes()).map(({ spec: { providerID = "" } }) => providerID);
    for (const id of before) {
      expect(
        told.filter((line) => line.includes(`${id}: CompleteLifecycleAction drain CONTINUE`)),
      ).toHaveLength(1);
      await eventually(
        `the Node of ${id} goes`,
        providers,
        (all) => all.every((one) => !one.endsWith(id)),
        300,
      );
    }
    expect(pool().map(({ phase }) => phase)).toEqual(["in service"]);
    expect(await nodes()).toHaveLength(2);
  });

  it("the only control-plane node must stay: the guard refuses to replace it, and says what to do", async () => {
    const { id } = controlPlaneNode().instance;
    const refused = await region.engine("up", plane({ revisions: { "cp-1": 2 } }));
    expect(refused.ok).toBe(false);
    const why = refused.error.split("\n").find((line) => line.includes("only control-plane node")) ?? "";
    saw(why);
    expect(why).toContain("run up with controlPlane.count: 3 first");
    expect(controlPlaneNode().instance.id).toBe(id);
  });

  it("grows to three control-plane nodes, and the first is replaced: no acknowledged write is lost", async () => {
    await up("three control-plane nodes", plane({ count: 3 }));
    const first = controlPlane().find(({ instance }) => instance.tags["Name"] === "dev-cp-1")?.instance;
    if (first === undefined) expect.fail("there is a first control-plane node");
    const load = await Load.writes(region, "writes", "default");
    await up("cp-1 is replaced", plane({ revisions: { "cp-1": 2 } }));
    const { asked, done, failures, silences } = await load.end();
    saw(`${asked} writes, ${done.length} acknowledged, others: ${JSON.stringify(failures)}`);
    saw(`silences: ${silences.map((silence) => `${silence} s`).join(", ") || "none longer than 2 s"}`);
    expect(controlPlane()).toHaveLength(3);
    expect(controlPlane().map(({ instance }) => instance.id)).not.toContain(first.id);
    const written = await region.kubectl("get", "configmaps", "-o", "jsonpath={.items[*].metadata.name}");
    const there = new Set(written.split(" "));
    expect(done.filter((number) => !there.has(`write-${number}`))).toEqual([]);
    await region.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s");
    saw(await region.kubectl("get", "nodes", "-o", "wide"));
    const again = await region.engine("preview", settings);
    expect(again.changed, again.error).toEqual([]);
  });

  it("a pool grows", async () => {
    await up("the pool grew", general({ count: 2 }));
    expect(await nodes()).toHaveLength(5);
    expect(pool().map(({ phase }) => phase)).toEqual(["in service", "in service"]);
  });

  it("destroy leaves nothing in the account", async () => {
    const report = await region.engine("destroy", settings);
    expect(report.ok, `${report.error}\n${region.log()}`).toBe(true);
    saw(`left in the account: ${region.inventory().join(", ") || "nothing"}`);
    expect(region.leftovers()).toEqual([]);
    expect(region.lab.hosts()).toEqual([]);
  });
});
