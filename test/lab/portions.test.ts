/**
 * Workers that are upgraded in portions, while a watch of Nodes counts how many are away: the first node of a pool alone, the others so many
 * at a time as the pool allows, none after one that does not get well, and all of it through an `up` that is killed. Then nodes leave.
 */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { kubernetesVersion, olderKubernetesVersion } from "../support/toolchain";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { killTree } from "./engine";
import { olderVersions, shapeOf, type Settings } from "./environment";
import { random, SEED } from "./moments";
import { NodeWatch, type NodeSeen } from "./nodeWatch";

const GENERAL = ["w1", "w2", "w3"];
const BATCH = ["w4", "w5"];
/** Of three nodes two, and of two nodes one: a share is rounded down. */
const UPGRADES = { maxUnavailable: 2, pools: { batch: { maxUnavailable: "75%" } } } as const;
const ILL = "/etc/systemd/system/kubelet.service.d/99-ill.conf";

describeWithLab(`${olderKubernetesVersion} to ${kubernetesVersion} in portions, seed ${SEED}`, () => {
  const next = random(SEED);
  let cluster: LabCluster;
  let newer: Settings;
  let watch: NodeWatch;
  /** The node of `general` that does not get well. */
  let ill = "";

  beforeAll(async () => {
    cluster = await LabCluster.create("portions", shapeOf(1, GENERAL.length + BATCH.length), { older: true });
    const machines = Object.fromEntries(
      Object.entries(cluster.settings.machines).map(([name, machine]) => [
        name,
        BATCH.includes(name) ? { ...machine, pool: "batch" } : machine,
      ]),
    );
    const common = { ...cluster.settings, machines, drainTimeoutSeconds: 30, upgrades: UPGRADES };
    newer = { ...common, kubernetesVersion };
    cluster.settings = { ...common, ...(await olderVersions()) };
    await cluster.engine("up");
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=300s");
    watch = new NodeWatch(cluster);
  });

  afterAll(async () => {
    await watch?.end();
    await cluster?.down();
  });

  const marked = (nodes: Readonly<Record<string, NodeSeen>>, names: readonly string[]): string[] =>
    names.filter((name) => nodes[name]?.marked);
  const now = (): Readonly<Record<string, NodeSeen>> => watch.moments.at(-1)?.nodes ?? {};

  /** No step took a node where as many were away as may be, and so it stayed. */
  function expectBounds(): void {
    const most = {
      general: [watch.mostTaken(GENERAL), watch.mostWhenTaken(GENERAL)],
      batch: [watch.mostTaken(BATCH), watch.mostWhenTaken(BATCH)],
    };
    saw(`most away at a time, ever and when one was taken: ${JSON.stringify(most)}`);
    expect(Math.max(...most.general)).toBeLessThanOrEqual(2);
    expect(Math.max(...most.batch)).toBeLessThanOrEqual(1);
  }

  it("goes no further in a pool whose first node does not get well", async () => {
    // Whichever goes first: its kubelet does not start any more.
    for (const name of GENERAL)
      await cluster.host(
        name,
        `mkdir -p ${ILL.replace(/\/[^/]*$/, "")}; printf '[Service]\\nExecStartPre=/bin/false\\n' >${ILL}; systemctl daemon-reload`,
      );
    cluster.settings = newer;
    const { ok, error } = await cluster.attempt("up");
    saw(`${error.slice(-800)}\n${watch.lines()}`);
    expect(ok).toBe(false);
    const left = marked(now(), GENERAL);
    expect(left).toHaveLength(1);
    [ill = ""] = left;
    expect(now()[ill]).toMatchObject({ cordoned: true, well: "" });
    for (const name of GENERAL.filter((one) => one !== ill)) {
      expect(now()[name]).toMatchObject({
        cordoned: false,
        ready: true,
        kubelet: `v${olderKubernetesVersion}`,
      });
      expect(watch.moments.some(({ nodes }) => nodes[name]?.marked)).toBe(false);
    }
    expectBounds();
  });

  it("begins with that node, alone, and takes the others together; a killed up leaves the bound as it is", async () => {
    for (const name of GENERAL) await cluster.host(name, `rm ${ILL}; systemctl daemon-reload`);
    const from = watch.now();
    let engine = 0;
    const up = cluster.attempt("up", { onStart: (pid) => (engine = pid) }).catch(() => undefined);
    const both = watch.until((nodes) => marked(nodes, GENERAL).length === 2);
    const first = await Promise.race([both, up]);
    expect(first, `up ended before: ${JSON.stringify(first)}`).toBeUndefined();
    const after = next() * 8_000;
    await delay(after);
    killTree(engine);
    await up;
    saw(`killed ${(after / 1000).toFixed(1)} s after the second was taken\n${watch.lines(from)}`);
    const alone = watch.moments.findIndex(({ nodes }) => nodes[ill]?.well !== "");
    expect(alone).toBeGreaterThan(-1);
    expect(watch.moments.slice(0, alone).every(({ nodes }) => marked(nodes, GENERAL).length <= 1)).toBe(true);
    expectBounds();
  });

  it("ends with all nodes upgraded, and never more away than may be", async () => {
    const from = watch.now();
    await cluster.engine("up");
    saw(watch.lines(from));
    await watch.until((nodes) => GENERAL.concat(BATCH).every((name) => !nodes[name]?.marked));
    for (const name of ["cp1", ...GENERAL, ...BATCH])
      expect(now()[name]).toMatchObject({ cordoned: false, marked: false, kubelet: `v${kubernetesVersion}` });
    expectBounds();
    expect(watch.mostTaken(GENERAL), "a portion of two").toBe(2);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });
});
