/**
 * A cluster goes over two minor versions in one `up`, under an application that is asked all the time and under writes: once undisturbed, and
 * once more from the same disks with kills in the middle of the first version, at the check after it and in the middle of the second. LAB_SEED is their
 * moments.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { kubernetesVersion, olderKubernetesVersion, oldestKubernetesVersion } from "../support/toolchain";
import { describeWithLab } from "./available";
import { saw } from "./cluster";
import { shapeOf } from "./environment";
import { killedUp, random, SEED } from "./moments";
import { CHAIN, ChainCluster, listener } from "./versionChain";

describeWithLab(`${CHAIN.join(" to ")} in one run, seed ${SEED}`, () => {
  let chain: ChainCluster;

  beforeAll(async () => {
    chain = await ChainCluster.create("chain", shapeOf(1, 2));
  });

  afterAll(async () => {
    await chain?.cluster.down();
  });

  it("one up goes through the version between, with gates before and after, and no write is lost", async () => {
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
    const at = (text: string): number => said.findIndex((line) => line.startsWith(text));
    const order = [
      `cp1: control plane well`,
      `cp1: kubeadm upgrade apply ${olderKubernetesVersion}`,
      `cp1: control plane well with ${olderKubernetesVersion}`,
      `cp1: kubeadm upgrade apply ${kubernetesVersion}`,
      "cp1: drain w",
    ].map(at);
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(said.filter((line) => line.startsWith("cp1: a pod on cp1 gets an address"))).toHaveLength(2);
    expect(seen.written.acknowledged.length).toBeGreaterThan(0);
    expect(seen.written.lost).toEqual([]);
    expect(seen.service.longestSilence).toBeLessThan(5);
    await chain.expectNewest();
  });

  it("killed in the middle of the first version, and at the gate after it, the cluster stays there, and goes on but not back", async () => {
    await chain.again();
    chain.cluster.settings = chain.newest;
    const version = async (): Promise<string> =>
      (
        await chain.cluster.host(
          "cp1",
          "grep -ho 'kube-apiserver:v.*' /etc/kubernetes/manifests/kube-apiserver.yaml || true",
        )
      ).trim();
    // While etcd becomes another version the only API server is away, and its manifest with it.
    const held = "snapshot of etcd before it becomes another version";
    const after = (1 + random(SEED)() * 5).toFixed(2);
    const cut = await killedUp(chain.cluster, { host: "cp1", phase: held, after });
    saw(`${after} s into ${held}: ${cut.job}; the manifest names ${(await version()) || "nothing"}`);
    expect([cut.job, cut.ok]).toEqual(["a job was killed", false]);
    const phase = `control plane well with ${olderKubernetesVersion}`;
    const said: string[] = [];
    const { job, ok } = await killedUp(chain.cluster, { host: "cp1", phase, after: "0" }, listener(said));
    saw(said.join("\n"));
    expect([job, ok]).toEqual(["a job was killed", false]);
    expect(said.find((line) => line.startsWith("cp1: "))).toBe(
      "cp1: restoring files of an interrupted change",
    );
    expect(await version()).toBe(`kube-apiserver:v${olderKubernetesVersion}`);
    chain.cluster.settings = chain.oldest;
    const back = await chain.cluster.attempt("up");
    expect(back.ok).toBe(false);
    expect(back.log).toContain(
      `cp1: kubernetesVersion: an upgrade has brought the API server to ${olderKubernetesVersion}, and it cannot go back to ${oldestKubernetesVersion}`,
    );
    expect(await version()).toBe(`kube-apiserver:v${olderKubernetesVersion}`);
  });

  it("killed in the middle of the second version, the next up brings the cluster there, after the gate", async () => {
    const end = await chain.clients("b");
    chain.cluster.settings = chain.newest;
    const after = (1 + random(SEED)() * 20).toFixed(2);
    const phase = `kubeadm upgrade apply ${kubernetesVersion}`;
    const first: string[] = [];
    const { job, ok } = await killedUp(chain.cluster, { host: "cp1", phase, after }, listener(first));
    saw(`${first.join("\n")}\n${after} s into ${phase}: ${job}`);
    expect([job, ok]).toEqual(["a job was killed", false]);
    // The run before was killed at this gate: it is passed before anything else.
    const gate = first.findIndex((line) =>
      line.includes(`control plane well with ${olderKubernetesVersion}`),
    );
    const apply = first.findIndex((line) => line.includes(phase));
    expect(gate).toBeGreaterThanOrEqual(0);
    expect(apply).toBeGreaterThan(gate);
    const said: string[] = [];
    const report = await chain.cluster.attempt("up", listener(said));
    const seen = await end();
    saw(said.join("\n"));
    if (!report.ok) throw new Error(report.error);
    expect(seen.written.lost).toEqual([]);
    expect(seen.service.longestSilence).toBeLessThan(5);
    await chain.expectNewest();
  });
});
