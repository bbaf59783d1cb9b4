/** A snapshot from before a rotation is restored after it: the cluster goes back, and its CAs and keys do not. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { shapeOf } from "./environment";
import { deployed, expectNewAlone, rotated } from "./rotationClients";

/** Backups of etcd on the control-plane node. */
const FOLDER = "/srv/etcd";

describeWithLab("a snapshot from before a rotation", () => {
  let cluster: LabCluster;

  beforeAll(async () => {
    cluster = await LabCluster.create("rotback", shapeOf(1, 1));
    const etcd = { backup: { schedule: "24h", target: { kind: "folder", path: FOLDER } } };
    cluster.settings = { ...cluster.settings, etcd } as typeof cluster.settings;
    await cluster.engine("up");
    await deployed(cluster, "w1");
    cluster.settings = rotated(cluster.settings, "2026-12");
    await cluster.engine("up");
  });
  afterAll(async () => {
    await cluster?.down();
  });

  it("is taken by the rotation, and restored with the CAs and the key of now", async () => {
    await cluster.kubectl("create", "configmap", "after");
    const snapshot = (await cluster.host("cp1", `cd ${FOLDER} && ls -t *.snapshot | head -n 1`)).trim();
    const { etcd } = cluster.settings as { etcd?: object };
    cluster.settings = { ...cluster.settings, etcd: { ...etcd, restore: snapshot } };
    const { log } = await cluster.engine("up");
    saw(/is of .*is lost/.exec(log)?.[0] ?? "");
    expect(await cluster.kubectl("get", "configmaps", "-o", "name")).not.toContain("configmap/after");
    await expectNewAlone(cluster, ["cp1"], ["w1"]);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });
});
