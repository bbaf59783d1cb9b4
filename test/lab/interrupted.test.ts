/** Pulumi and the job on the host are killed at seeded moments of setup, init and join; the next up has to go on. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { shapeOf } from "./environment";
import { killedUp, random, SEED } from "./moments";

/**
 * The phase in the host's own log with which a stage begins, and within how many seconds of it the kill comes: short enough
 * that even the third run, which finds the work of two, is still at it.
 */
const STAGES = [
  { stage: "setup", host: "cp1", begins: "packages", seconds: 2.5 },
  { stage: "init", host: "cp1", begins: "kubeadm init", seconds: 6 },
  { stage: "join", host: "w1", begins: "kubeadm join", seconds: 1 },
] as const;

describeWithLab(`killed at moments of seed ${SEED}`, () => {
  let cluster: LabCluster;
  const next = random(SEED);

  beforeAll(async () => {
    cluster = await LabCluster.create("kill", shapeOf(1, 1));
  });

  afterAll(async () => {
    await cluster?.down();
  });

  for (const { stage, host, begins, seconds } of STAGES)
    for (const round of [1, 2, 3])
      it(`${stage}, ${round} of 3`, async () => {
        const after = (next() * seconds).toFixed(2);
        const { job: answer, ok } = await killedUp(cluster, { host, phase: begins, after });
        saw(`${after} s into ${stage} on ${host}: ${answer}`);
        expect(answer).toBe("a job was killed");
        expect(ok, "up went through").toBe(false);
      });

  it("the next up converges", async () => {
    const { changed } = await cluster.engine("up");
    saw(changed.join("\n"));
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    saw(await cluster.kubectl("get", "nodes,pods", "-A"));
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });
});
