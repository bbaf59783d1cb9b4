/** Pulumi and the job on the host are killed at seeded moments of setup, init and join; the next up has to go on. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
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
        // The host itself watches its log and pulls the plug: a watcher from outside would be late by what it takes to look.
        const watch = [
          "count() { grep -cx '##phase $PHASE' /var/log/pulumi-kubeadm.log 2>/dev/null || true; }",
          'before=$(count); for _ in $(seq 6000); do [ "$(count)" != "$before" ] && break; sleep 0.03; done',
          `sleep ${after}; systemctl kill --signal=SIGKILL pulumi-kubeadm-job && echo a job was killed || echo no job ran`,
        ];
        const plug = cluster.host(host, watch.join("\n").replace("$PHASE", begins));
        let engine = 0;
        const ended = cluster.attempt("up", { onStart: (pid) => (engine = pid) }).then(
          (report) => report.ok,
          () => false,
        );
        const answer = (await plug).trim();
        killTree(engine);
        saw(`${after} s into ${stage} on ${host}: ${answer}`);
        expect(answer).toBe("a job was killed");
        expect(await ended, "up went through").toBe(false);
      });

  it("the next up converges", async () => {
    const { changed } = await cluster.engine("up");
    saw(changed.join("\n"));
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    saw(await cluster.kubectl("get", "nodes,pods", "-A"));
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });
});
