/**
 * Three control-plane nodes go over two minor versions in one `up`, under an application that is asked all the time and under writes to each
 * API server: once undisturbed, and once more from the same disks with a kill while API servers have different versions. LAB_SEED is its
 * node and its moment.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { kubernetesVersion, olderKubernetesVersion } from "../support/toolchain";
import { describeWithLab } from "./available";
import { saw } from "./cluster";
import { shapeOf } from "./environment";
import { killedUp, random, SEED } from "./moments";
import { CHAIN, ChainCluster, listener } from "./versionChain";

const PLANE = ["cp1", "cp2", "cp3"] as const;

/** Milliseconds that three control-plane nodes may take for six changes of the version. */
const WHOLE = 3_600_000;

describeWithLab(`${CHAIN.join(" to ")} over three control-plane nodes, seed ${SEED}`, () => {
  let chain: ChainCluster;

  beforeAll(async () => {
    chain = await ChainCluster.create("chain3", shapeOf(3, 2));
  });

  afterAll(async () => {
    await chain?.cluster.down();
  });

  it(
    "all go through the version between before any goes on, one at a time, and no write is lost",
    async () => {
      const end = await chain.clients("a");
      chain.cluster.settings = chain.newest;
      const said: string[] = [];
      const began = Date.now();
      const report = await chain.cluster.attempt("up", listener(said));
      const seen = await end();
      saw(said.join("\n"));
      if (!report.ok) throw new Error(report.error);
      saw(`${((Date.now() - began) / 1000).toFixed(0)} s`);
      chain.expectInOrder(seen.seen);
      // kubeadm applies an upgrade on the first node, and the others follow it.
      const at = (text: string): number => said.findIndex((line) => line.startsWith(text));
      const between = PLANE.map((node) => at(`${node}: control plane well with ${olderKubernetesVersion}`));
      const last = at(`cp1: kubeadm upgrade apply ${kubernetesVersion}`);
      const drained = at("cp1: drain w");
      expect(between).not.toContain(-1);
      expect(last).toBeGreaterThan(Math.max(...between));
      expect(drained).toBeGreaterThan(last);
      for (const node of PLANE)
        expect(
          said.filter((line) => line.startsWith(`${node}: a pod on ${node} gets an address`)),
        ).toHaveLength(2);
      expect(seen.written.acknowledged.length).toBeGreaterThan(0);
      expect(seen.written.lost).toEqual([]);
      expect(seen.service.longestSilence).toBeLessThan(5);
      await chain.expectNewest();
    },
    WHOLE,
  );

  it(
    "killed while API servers have different versions, the next up brings all of them there",
    async () => {
      await chain.again();
      const end = await chain.clients("b");
      chain.cluster.settings = chain.newest;
      const next = random(SEED);
      // cp1 has the version between by then.
      const host = next() < 0.5 ? "cp2" : "cp3";
      const after = (1 + next() * 20).toFixed(2);
      const first: string[] = [];
      const phase = `kubeadm upgrade node ${olderKubernetesVersion}`;
      const { job, ok } = await killedUp(chain.cluster, { host, phase, after }, listener(first));
      saw(`${first.join("\n")}\n${host}, ${after} s into ${phase}: ${job}`);
      expect([job, ok]).toEqual(["a job was killed", false]);
      const said: string[] = [];
      const report = await chain.cluster.attempt("up", listener(said));
      const seen = await end();
      saw(said.join("\n"));
      if (!report.ok) throw new Error(report.error);
      expect(seen.written.lost).toEqual([]);
      expect(seen.service.longestSilence).toBeLessThan(5);
      await chain.expectNewest();
    },
    WHOLE,
  );
});
