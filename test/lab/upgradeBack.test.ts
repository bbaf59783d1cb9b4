/** An upgrade that does not come up: the control-plane node goes back by itself, and the next run upgrades it. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { kubernetesVersion, olderKubernetesVersion } from "../support/toolchain";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { olderVersions, shapeOf, type Settings } from "./environment";
import { powerCut } from "./moments";
import { runningOf } from "./running";
import { dropNewerImages } from "./upgradeFaults";

const BACK = "the former files are back, and the node is well with them";

describeWithLab(`${olderKubernetesVersion} to ${kubernetesVersion}, which fails`, () => {
  let cluster: LabCluster;
  let older: Settings;
  let newer: Settings;

  beforeAll(async () => {
    cluster = await LabCluster.create("wayback", shapeOf(1, 1), { older: true });
    newer = { ...cluster.settings, kubernetesVersion, drainTimeoutSeconds: 60 };
    older = { ...newer, ...(await olderVersions()) };
    cluster.settings = older;
    await cluster.engine("up");
    await ready();
  });

  afterAll(async () => {
    await cluster?.down();
  });

  /** After a boot, when the API may be on its way up. */
  async function ready(): Promise<void> {
    const wait = ["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s"];
    await eventually(
      "nodes that are Ready",
      () => cluster.kubectl(...wait),
      () => true,
      240,
    );
  }

  const write = (name: string): Promise<void> =>
    cluster.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { name } });
  const read = (name: string): Promise<string> =>
    cluster.kubectl("get", "configmap", name, "-o", "jsonpath={.data.name}");

  async function goesBack(settings: Settings, failure: RegExp): Promise<string> {
    await write("before");
    const before = await runningOf(cluster, "cp1");
    cluster.settings = settings;
    const { ok, log } = await cluster.attempt("up");
    saw(/cp1: reconfiguring .*/.exec(log)?.[0] ?? log.slice(-3_000));
    expect(ok).toBe(false);
    expect(log).toMatch(failure);
    expect(log).toContain(BACK);
    expect(log).toContain(`cp1 runs Kubernetes ${olderKubernetesVersion} again`);
    // The worker comes after the control plane, and was not begun.
    expect(log).not.toMatch(/w1: (configuration|kubeadm upgrade node)/);
    await ready();
    await write("after");
    expect(await read("before")).toBe("before");
    expect(await runningOf(cluster, "cp1")).toEqual(before);
    return log;
  }

  it("goes back where the new API server does not start", async () => {
    const extraArgs = { ...newer.apiServer?.extraArgs, "service-account-max-token-expiration": "30m" };
    await goesBack(
      { ...newer, apiServer: { ...newer.apiServer, extraArgs } },
      /in phase "kubeadm upgrade node"/,
    );
  });

  it("goes back where the new etcd does not start, and no write is lost", async () => {
    const extraArgs = { ...newer.etcd?.extraArgs, "auto-compaction-retention": "never" };
    const log = await goesBack(
      { ...newer, etcd: { ...newer.etcd, extraArgs } },
      /in phase "etcd 3[^"]*".*: etcd \S+ does not serve within 180 s: /,
    );
    expect(log).not.toContain("is lost");
  });

  it("is not begun where an image cannot be pulled", async () => {
    await dropNewerImages(cluster, "cp1");
    await cluster.lab.stopService("registry");
    const before = await runningOf(cluster, "cp1");
    cluster.settings = newer;
    const { ok, log } = await cluster.attempt("up");
    await cluster.lab.startService("registry");
    saw(/cp1: reconfiguring .*/.exec(log)?.[0] ?? log.slice(-3_000));
    expect(ok).toBe(false);
    expect(log).toMatch(/cannot be pulled/);
    expect(await runningOf(cluster, "cp1")).toEqual(before);
  });

  it.each(["etcd 3.6.8-0", `kubeadm upgrade apply ${kubernetesVersion}`, "restart kubelet"])(
    "goes back at boot after a power cut in phase %s, before any step",
    async (phase) => {
      await write("before");
      const before = await runningOf(cluster, "cp1");
      cluster.settings = newer;
      await powerCut(cluster, { host: "cp1", phase, after: phase.startsWith("kubeadm") ? "15" : "2" });
      await cluster.lab.startHost("cp1");
      const records = () => cluster.host("cp1", "ls /var/lib/pulumi-kubeadm");
      await eventually("a record that is gone", records, (seen) => !seen.includes("undo"), 400);
      await ready();
      expect(await read("before")).toBe("before");
      const state = async () => JSON.stringify(await runningOf(cluster, "cp1"));
      await eventually("the former version", state, (now) => now === JSON.stringify(before));
    },
  );

  it("is upgraded by the next run", async () => {
    cluster.settings = newer;
    await cluster.engine("up");
    const { server, etcd } = await runningOf(cluster, "cp1");
    expect(server).toContain(`:v${kubernetesVersion}`);
    expect(etcd).toContain("3.6.8");
    const versions = await cluster.kubectl(
      "get",
      "nodes",
      "-o",
      "jsonpath={.items[*].status.nodeInfo.kubeletVersion}",
    );
    expect(versions).toBe(`v${kubernetesVersion} v${kubernetesVersion}`);
    expect(await read("after")).toBe("after");
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });
});
