/**
 * Rotations over three control-plane nodes and a worker, while one client asks a Service, one the API through the balancer of its node and
 * one the API as pods reach it. One rotation runs through; two are killed five times each, at seeded moments of every phase.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { shapeOf } from "./environment";
import { killedUp, random, SEED } from "./moments";
import { Clients, deployed, expectNewAlone, oldPod, rotated } from "./rotationClients";

const PLANE = ["cp1", "cp2", "cp3"] as const;
const ALL = [...PLANE, "w1"] as const;

interface Moment {
  /** As the host's log names it. */
  readonly phase: string;
  /** One of them is chosen. */
  readonly hosts: readonly string[];
  /** The kill comes within so many seconds. */
  readonly seconds: number;
}
/** In the order in which one rotation comes to them: `trusted`, between, `signed`, `issued`, `finished`. */
const ROUNDS: Readonly<Record<string, readonly Moment[]>> = {
  first: [
    { phase: "restart etcd and kube-apiserver", hosts: PLANE, seconds: 20 },
    { phase: "restart of workloads that ask the API", hosts: ["cp1"], seconds: 10 },
    { phase: "the new CAs sign", hosts: PLANE, seconds: 4 },
    { phase: "certificate of the kubelet", hosts: ALL, seconds: 2 },
    { phase: "the old CA is gone", hosts: ["w1"], seconds: 2 },
  ],
  second: [
    { phase: "old and new CA are trusted", hosts: ["w1"], seconds: 2 },
    { phase: "CAs in the volumes of pods", hosts: ALL, seconds: 2 },
    { phase: "restart etcd and kube-apiserver", hosts: PLANE, seconds: 20 },
    { phase: "tokens of running pods", hosts: ALL, seconds: 1 },
    { phase: "the old CAs are gone", hosts: PLANE, seconds: 4 },
  ],
};

describeWithLab(`rotation of three control-plane nodes, killed at moments of seed ${SEED}`, () => {
  let cluster: LabCluster;
  let clients: Clients;
  let before = "";
  const next = random(SEED);

  beforeAll(async () => {
    cluster = await LabCluster.create("rot3", shapeOf(3, 1));
    await cluster.engine("up");
    await deployed(cluster, "w1");
    before = await oldPod(cluster);
    clients = await Clients.start(cluster, "w1");
  });
  afterAll(async () => {
    await clients?.stop();
    await cluster?.down();
  });

  async function expectWhole(): Promise<void> {
    await expectNewAlone(cluster, PLANE, ["w1"]);
    expect((await cluster.engine("preview")).changed).toEqual([]);
    expect(await oldPod(cluster)).toBe(before);
  }

  async function expectAllServed(): Promise<void> {
    const asked = await clients.asked();
    expect(asked.service.failed, "through a Service").toEqual([]);
    expect(asked.api.failed, "through the balancer of the node").toEqual([]);
    expect(asked.inside.failed, "as pods reach the API").toEqual([]);
  }

  it("one up replaces everything, and no request fails", async () => {
    cluster.settings = rotated(cluster.settings, "r0");
    await cluster.engine("up", {
      onLine: (line) => {
        if (/rotation/.test(line)) saw(line);
      },
    });
    await expectWhole();
    await expectAllServed();
  });

  describe.each(Object.entries(ROUNDS))("the %s killed rotation", (name, moments) => {
    moments.forEach(({ phase, hosts, seconds }, index) => {
      const host = hosts[Math.floor(next() * hosts.length)] ?? expect.fail();
      const after = (next() * seconds).toFixed(2);

      it(`is killed ${after} s into "${phase}" on ${host}`, async () => {
        cluster.settings = rotated(cluster.settings, name);
        const { job, ok } = await killedUp(cluster, { host, phase, after });
        saw(`kill ${index + 1}: ${job}`);
        expect(job).not.toBe("up ended before");
        expect(ok, "up went through").toBe(false);
      });

      if (phase !== "the new CAs sign") return;
      it("refuses another name meanwhile", async () => {
        cluster.settings = rotated(cluster.settings, "other");
        const { ok, log } = await cluster.attempt("up");
        expect(ok).toBe(false);
        expect(log).toContain(`the rotation ${name} is not finished`);
      });
    });

    it("ends with the next up", async () => {
      cluster.settings = rotated(cluster.settings, name);
      const { log } = await cluster.engine("up");
      saw(/continues after.*/.exec(log)?.[0] ?? "from the beginning");
      await expectWhole();
    });

    it("lost no request", expectAllServed);
  });
});
