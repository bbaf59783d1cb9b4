/** A rotation over three control-plane nodes and a worker, killed at ten seeded moments: each ends in a finished one. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { shapeOf } from "./environment";
import { killedUp, random, SEED } from "./moments";
import { Clients, deployed, expectNewAlone, oldPod, rotated } from "./rotationClients";

const PLANE = ["cp1", "cp2", "cp3"] as const;
const KILLS = 10;
/** Phases of a host's log in which a rotation can be killed, and on which hosts. */
const MOMENTS = [
  ["old and new CAs are trusted", PLANE],
  ["restart kube-apiserver", PLANE],
  ["restart etcd", PLANE],
  ["restart of workloads that ask the API", ["cp1"]],
  ["the new CAs sign", PLANE],
  ["certificates by the new CAs", PLANE],
  ["certificate of the kubelet", [...PLANE, "w1"]],
  ["tokens of running pods", [...PLANE, "w1"]],
  ["the old CAs are gone", PLANE],
  ["the old CA is gone", ["w1"]],
] as const;

describeWithLab(`rotation of three control-plane nodes, killed at moments of seed ${SEED}`, () => {
  let cluster: LabCluster;
  let clients: Clients;
  const next = random(SEED);

  beforeAll(async () => {
    cluster = await LabCluster.create("rotation3", shapeOf(3, 1));
    await cluster.engine("up");
    await deployed(cluster, "w1");
    clients = await Clients.start(cluster, "w1");
  });
  afterAll(async () => {
    await clients?.stop();
    await cluster?.down();
  });

  it("while clients ask, nobody is refused", async () => {
    const before = await oldPod(cluster);
    cluster.settings = rotated(cluster.settings, "r0");
    await cluster.engine("up");
    const asked = await clients.asked();
    saw(JSON.stringify(asked));
    expect(asked.service.failed).toBe(0);
    expect(asked.api.failed).toBe(0);
    await expectNewAlone(cluster, PLANE, ["w1"]);
    expect(await oldPod(cluster)).toBe(before);
  });

  for (let round = 1; round <= KILLS; round += 1)
    it(`killed, ${round} of ${KILLS}`, async () => {
      const [phase, hosts] = MOMENTS[(round - 1) % MOMENTS.length] ?? expect.fail();
      const host = hosts[Math.floor(next() * hosts.length)] ?? expect.fail();
      const after = (next() * 4).toFixed(2);
      cluster.settings = rotated(cluster.settings, `r${round}`);
      const { job, ok } = await killedUp(cluster, { host, phase, after });
      saw(`${after} s into "${phase}" on ${host}: ${job}; up ended well: ${ok}`);
      const { log } = await cluster.engine("up");
      saw(/continues after.*/.exec(log)?.[0] ?? "from the beginning");
      await expectNewAlone(cluster, PLANE, ["w1"]);
      expect((await cluster.engine("preview")).changed).toEqual([]);
    });

  it("another name in the middle of a rotation is refused until that one is finished", async () => {
    cluster.settings = rotated(cluster.settings, "left");
    await killedUp(cluster, { host: "cp2", phase: "the new CAs sign", after: "1" });
    cluster.settings = rotated(cluster.settings, "right");
    const refused = await cluster.attempt("up");
    expect(refused.ok).toBe(false);
    expect(refused.log).toContain("the rotation left is not finished");
    cluster.settings = rotated(cluster.settings, "left");
    await cluster.engine("up");
    await expectNewAlone(cluster, PLANE, ["w1"]);
  });

  it("no request of the Service's client failed in all of that", async () => {
    const asked = await clients.asked();
    saw(JSON.stringify(asked));
    expect(asked.service.failed).toBe(0);
  });
});
