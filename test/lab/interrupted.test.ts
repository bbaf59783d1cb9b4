/** Pulumi and the job on the host are killed at seeded moments of setup, init and join; the next up has to go on. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { killTree } from "./engine";
import { shapeOf } from "./environment";

/** Change it to kill at other moments; the report of a failure has it. */
const SEED = Number(process.env["LAB_SEED"] ?? 20_261_122);

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The phase in the host's own log with which a stage begins, and within how many seconds of it the kill comes: short enough
 * that even the third run, which finds the work of two, is still at it.
 */
const STAGES = [
  { stage: "setup", host: "cp1", begins: "packages", seconds: 2.5 },
  { stage: "init", host: "cp1", begins: "kubeadm init", seconds: 6 },
  { stage: "join", host: "w1", begins: "kubeadm join", seconds: 3 },
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
        const after = next() * seconds;
        const began = (): Promise<string> =>
          cluster.host(host, `grep -cx '##phase ${begins}' /var/log/pulumi-kubeadm.log || true`);
        const before = Number(await began());
        let engine = 0;
        const ended = cluster.attempt("up", { onStart: (pid) => (engine = pid) }).then(
          (report) => report.log.slice(-2_000),
          () => undefined,
        );
        await eventually(`${stage} begins on ${host}`, began, (count) => Number(count) > before, 180);
        await delay(after * 1000);
        killTree(engine);
        const answer = await cluster.host(
          host,
          "systemctl kill --signal=SIGKILL pulumi-kubeadm-job 2>/dev/null && echo a job ran there || echo no job ran there",
        );
        saw(`killed ${after.toFixed(1)} s into ${stage}; on ${host}: ${answer.trim()}`);
        expect(await ended, "the engine ended by itself").toBeUndefined();
        expect(answer.trim()).toBe("a job ran there");
      });

  it("the next up converges", async () => {
    const { changed } = await cluster.engine("up");
    saw(changed.join("\n"));
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    saw(await cluster.kubectl("get", "nodes,pods", "-A"));
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });
});
