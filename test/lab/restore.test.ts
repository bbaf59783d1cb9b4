/** A short backup and restore on real hosts, with a rehearsal of the snapshot on the machine that runs the test. */
import * as fs from "node:fs";
import * as os from "node:os";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Rehearsal } from "../../rehearse/report";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { shapeOf } from "./environment";
import { expectPutBack } from "./restoredCluster";
import { rehearsalBinaries } from "./etcdTools";

const UNIT = "pulumi-kubeadm-etcd-backup";
const SECRET = "never-in-any-output";

describeWithLab("a backup over SFTP, its rehearsal and its restore", () => {
  let cluster: LabCluster;
  let state = "";
  let snapshot = "";

  beforeAll(async () => {
    cluster = await LabCluster.create("restore", shapeOf(1, 1));
    const { address, hostKey } = cluster.lab.host("w1");
    const target = { kind: "ssh", host: address, user: "ubuntu", hostKey, key: "operator", path: "etcd/lab" };
    const etcd = { backup: { schedule: "24h", keep: 5, target } };
    cluster.settings = { ...cluster.settings, etcd } as typeof cluster.settings;
    await cluster.engine("up");
    state = await cluster.stateFile();
  });
  afterAll(async () => {
    await cluster?.down();
  });

  it("has every write that was acknowledged before, encrypted, on the other host", async () => {
    await cluster.kubectl("create", "secret", "generic", "deep", `--from-literal=word=${SECRET}`);
    await cluster.kubectl("create", "configmap", "before");
    const said = await cluster.host("cp1", `${UNIT} now test`);
    snapshot = /wrote (\S+):/.exec(said)?.[1] ?? expect.fail(said);
    expect(await cluster.host("w1", `stat -c %a ~ubuntu/etcd/lab/${snapshot}`)).toBe("600\n");
    expect(await cluster.host("w1", `grep -c ${SECRET} ~ubuntu/etcd/lab/${snapshot} || true`)).toBe("0\n");
  });

  it("is rehearsed here: every object is counted, every Secret decrypts, and nothing is left behind", async () => {
    const bin = await rehearsalBinaries(cluster);
    const { status, stdout, stderr } = await cluster.program("rehearse", state, "--bin", bin, "--json");
    saw(`${stdout}${stderr}`);
    const found = JSON.parse(stdout) as Rehearsal;
    expect(status).toBe(0);
    expect(found.snapshot).toBe(snapshot);
    expect(found.problems).toEqual([]);
    const count = async (kind: string): Promise<number> =>
      (await cluster.kubectl("get", kind, "--all-namespaces", "-o", "name")).trim().split("\n").length;
    expect(found.secrets).toEqual({
      total: await count("secrets"),
      decrypted: await count("secrets"),
      unreadable: [],
      plain: 0,
    });
    for (const [kind, name] of [
      ["configmaps", "ConfigMap"],
      ["deployments", "Deployment.apps"],
      ["nodes", "Node"],
      ["clusterroles", "ClusterRole.rbac.authorization.k8s.io"],
    ] as const)
      expect(found.objects[name], kind).toBe(await count(kind));
    expect(stdout + stderr).not.toContain(SECRET);
    expect(fs.readdirSync(os.tmpdir()).filter((name) => name.includes("kubeadm-rehearsal"))).toEqual([]);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("puts the cluster back: what came later is gone, and Secrets and kubeconfig are as they were", async () => {
    const kubeconfig = cluster.kubeconfig();
    await cluster.kubectl("create", "configmap", "after");
    const { etcd } = cluster.settings as { etcd?: object };
    cluster.settings = { ...cluster.settings, etcd: { ...etcd, restore: snapshot } };
    const { log } = await cluster.engine("up");
    await expectPutBack(cluster, { log, kubeconfig, word: SECRET });
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });
});
