/**
 * `dev` on a simulated region of EC2 loses its only control-plane node, and comes back from a snapshot in S3 on a new instance, while
 * one worker lives on and another is unknown to the snapshot. `LAB_KEEP=1` leaves the region open, and takes up one that was left.
 */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { saw } from "./cluster";
import type { Ec2Instance } from "./ec2/account";
import { loseControlPlane, nodesAreInstances, restoreLines, takeSnapshot } from "./ec2/backups";
import { bringUp } from "./ec2/bringUp";
import { devSettings, type AwsSettings } from "./ec2/environment";
import type { Life } from "./ec2/lifecycle";
import { SimulatedRegion } from "./ec2/simulation";
import { kubeconfigFile } from "./engine";
import { webImage } from "./images";

const ID = "ec2rest";
const BUCKET = "lab-backups";
const PREFIX = "etcd/dev";
const SECRET = "never-in-any-output";
const KEEP = process.env["LAB_KEEP"] === "1";

const labels = { app: "shop" };
const shop = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "shop", namespace: "default" },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: "web", image: webImage, ports: [{ containerPort: 8080 }] }] },
    },
  },
};

describeWithLab("a restore on a simulated EC2", () => {
  let region: SimulatedRegion;
  let settings: AwsSettings;
  let snapshot = "";
  /** A worker that the snapshot does not know. */
  let newer: Ec2Instance;

  const pool = (): Life[] => region.instances().filter(({ instance }) => instance.group !== "");
  const controlPlaneNode = (): Life =>
    region.instances().find(({ instance }) => instance.group === "") ??
    expect.fail("there is no control-plane instance");
  const kubeconfig = (): string => fs.readFileSync(kubeconfigFile(region.lab), "utf8");
  const up = async (what: string, wanted: AwsSettings): Promise<string> => {
    settings = wanted;
    return (await bringUp(region, what, wanted)).log;
  };
  const restoring = (name: string): AwsSettings => ({
    ...settings,
    etcd: { ...settings.etcd, restore: name },
  });
  const taken = (label: string): Promise<string> =>
    takeSnapshot(region, controlPlaneNode().instance.id, label);
  const configMaps = (): Promise<string> => region.kubectl("get", "configmaps", "-o", "name");
  beforeAll(async () => {
    const dev = await devSettings();
    region =
      KEEP && SimulatedRegion.exists(ID)
        ? SimulatedRegion.load(ID)
        : await SimulatedRegion.create(ID, dev.network?.vpcCidr ?? "");
    region.makeBucket(BUCKET);
    const target = { kind: "s3", bucket: BUCKET, prefix: PREFIX } as const;
    settings = { ...dev, etcd: { backup: { schedule: "24h", keep: 5, target } } };
  });

  afterAll(async () => {
    if (!KEEP) await region?.down();
  });

  it("has a snapshot in a bucket, which its role alone reaches", async () => {
    await up("up", settings);
    await region.apply(shop);
    await region.kubectl("create", "secret", "generic", "deep", `--from-literal=word=${SECRET}`);
    await region.kubectl("create", "configmap", "before");
    await region.kubectl("rollout", "status", "deployment/shop", "--timeout=180s");
    // As of a worker that joined after the snapshot: its kubelet runs and does not register again.
    newer = pool()[1]?.instance ?? expect.fail("there are two workers");
    await region.kubectl("delete", "node", newer.privateName);
    snapshot = await taken("test");
    const refused = region.calls().filter(({ service, answer }) => service === "s3" && answer !== "done");
    expect(refused.map(({ action, answer }) => `${action}: ${answer}`)).toEqual([]);
    expect((await region.engine("preview", settings)).changed).toEqual([]);
  });

  it("comes back on a new instance: the same kubeconfig, Secrets and workers", async () => {
    await region.kubectl("create", "configmap", "after");
    const before = kubeconfig();
    const [old] = pool();
    const lost = controlPlaneNode().instance.id;
    await loseControlPlane(region, settings, "dev", [lost]);

    const log = await up("restored", restoring(snapshot));
    saw(restoreLines(log));
    expect(log).toMatch(/what was changed in the last .* is lost/);
    expect(log).toContain(`${newer.id} joined after the snapshot`);
    expect(kubeconfig()).toBe(before);
    expect(controlPlaneNode().instance.id).not.toBe(lost);
    const names = await configMaps();
    expect(names).toContain("configmap/before");
    expect(names).not.toContain("configmap/after");
    const word = await region.kubectl("get", "secret", "deep", "-o", "jsonpath={.data.word}");
    expect(Buffer.from(word, "base64").toString()).toBe(SECRET);
    await nodesAreInstances(region);
    const workers = pool().map(({ instance }) => instance.id);
    expect(workers).toContain(old?.instance.id);
    expect(workers).not.toContain(newer.id);
    await region.kubectl("rollout", "status", "deployment/shop", "--timeout=300s");
    saw(await region.kubectl("get", "pods", "-A", "-o", "wide"));
    saw((await region.asOperator(region.smokeCommand())).stdout);
  });

  it("is restored once for one name: nothing is left to do", async () => {
    const second = await region.engine("preview", settings);
    expect(second.changed, second.error).toEqual([]);
    const refreshed = await region.engine("refresh", settings);
    expect(refreshed.changed, refreshed.error).toEqual([]);
  });

  it("goes back to another snapshot while it lives: no instance is replaced", async () => {
    const instances = region.instances().map(({ instance }) => instance.id);
    const later = await taken("living");
    await region.kubectl("create", "configmap", "later");
    const log = await up("a living cluster restored", restoring(later));
    expect(log).not.toMatch(/joined after the snapshot/);
    expect(await configMaps()).not.toContain("configmap/later");
    await nodesAreInstances(region);
    expect(region.instances().map(({ instance }) => instance.id)).toEqual(instances);
    expect((await region.engine("preview", settings)).changed).toEqual([]);
  });
});
