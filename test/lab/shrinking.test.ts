/** Workers that are removed together leave as many at a time as may be unavailable, while a watch of Nodes counts; also through an `up` that is killed. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { killTree } from "./engine";
import { shapeOf } from "./environment";
import { random, SEED } from "./moments";
import { NodeWatch } from "./nodeWatch";
import { webImage } from "./images";

const LEAVE = ["w2", "w3", "w4"];
const labels = { app: "spread" };
/** Some pods that take a moment to end, so that a drain does. */
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "spread" },
  spec: {
    replicas: 4,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "kubernetes.io/hostname",
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: labels },
          },
        ],
        containers: [
          {
            name: "web",
            image: webImage,
            lifecycle: { preStop: { sleep: { seconds: 5 } } },
            securityContext: { allowPrivilegeEscalation: false },
          },
        ],
      },
    },
  },
};

describeWithLab(`three of four workers leave, seed ${SEED}`, () => {
  const next = random(SEED);
  let cluster: LabCluster;
  let watch: NodeWatch;

  beforeAll(async () => {
    cluster = await LabCluster.create("shrink", shapeOf(1, 4));
    cluster.settings = { ...cluster.settings, drainTimeoutSeconds: 60 };
    await cluster.engine("up");
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=300s");
    await cluster.apply(deployment);
    await cluster.kubectl("rollout", "status", "deployment/spread", "--timeout=180s");
    watch = new NodeWatch(cluster);
  });
  afterAll(async () => {
    await watch?.end();
    await cluster?.down();
  });

  const taken = (): string[] => {
    const nodes = watch.moments.at(-1)?.nodes ?? {};
    return LEAVE.filter((name) => nodes[name]?.marked || nodes[name]?.cordoned);
  };

  it("one at a time, and a killed up leaves one on its way", async () => {
    const machines = Object.fromEntries(
      Object.entries(cluster.settings.machines).filter(([name]) => !LEAVE.includes(name)),
    );
    cluster.settings = { ...cluster.settings, machines };
    const said: string[] = [];
    let engine = 0;
    const up = cluster
      .attempt("up", {
        onStart: (pid) => (engine = pid),
        onLine: (line) => void said.push(...(/w\d: waits for other nodes.*/.exec(line) ?? [])),
      })
      .catch(() => undefined);
    const cordoned = watch.until((nodes) => LEAVE.some((name) => nodes[name]?.cordoned));
    expect(await Promise.race([cordoned, up]), "up ended before").toBeUndefined();
    const after = next() * 4_000;
    await delay(after);
    killTree(engine);
    await up;
    saw(
      `killed ${(after / 1000).toFixed(1)} s after the first was cordoned\n${watch.lines()}\n${said.join("\n")}`,
    );
    expect(taken()).toHaveLength(1);
    const [first = ""] = taken();
    for (const name of LEAVE.filter((one) => one !== first))
      expect(said).toContain(
        `${name}: waits for other nodes before it leaves: maxUnavailable of pool general is 1. It waits for ${first}`,
      );
  });

  it("and then all of them, one after the other", async () => {
    const from = watch.now();
    await cluster.engine("up");
    await watch.until((nodes) => LEAVE.every((name) => nodes[name] === undefined));
    saw(watch.lines(from));
    expect(watch.mostTaken(LEAVE), "away at a time").toBe(1);
    expect((await cluster.kubectl("get", "nodes", "-o", "name")).trim().split("\n")).toEqual([
      "node/cp1",
      "node/w1",
    ]);
    for (const name of LEAVE)
      expect(await cluster.host(name, "ls /etc/kubernetes/kubelet.conf 2>&1 || true")).toContain(
        "No such file",
      );
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });
});
