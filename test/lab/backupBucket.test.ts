/** Snapshots of etcd in a bucket over TLS, on real hosts: what becomes of them while the bucket is well, and while it is not. */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../support/run";
import { describeWithLab } from "./available";
import { Bucket } from "./bucket";
import { LabCluster, saw } from "./cluster";
import { labSecrets, shapeOf } from "./environment";
import { expectPutBack } from "./restoredCluster";
import { labAddress } from "./network";

const UNIT = "pulumi-kubeadm-etcd-backup";
const SECRET = "never-in-any-bucket";
const KEYS = { id: "LABKEY", secret: "of-the-bucket-alone" };
const PORT = 9000;
const KEEP = 2;

describeWithLab("backups in a bucket", () => {
  let cluster: LabCluster;
  let bucket: Bucket;
  let kept: string[] = [];

  beforeAll(async () => {
    cluster = await LabCluster.create("bucket", shapeOf(1, 1));
    const [key, cert] = [cluster.lab.folder("bucket.key"), cluster.lab.folder("bucket.crt")];
    const words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=bucket -addext".split(" ");
    await run(["openssl", ...words, `subjectAltName=IP:${labAddress}`, "-keyout", key, "-out", cert]);
    const tls = { key: fs.readFileSync(key, "utf8"), cert: fs.readFileSync(cert, "utf8") };
    bucket = await Bucket.start(cluster.lab.id, {
      bucket: "etcd",
      region: "eu-test-1",
      keys: KEYS,
      tls,
      port: PORT,
    });
    const target = {
      kind: "s3",
      bucket: "etcd",
      prefix: "clusters/lab",
      region: "eu-test-1",
      endpoint: `https://${labAddress}:${PORT}`,
      ca: tls.cert,
      credentials: "bucket",
    };
    const etcd = { backup: { schedule: "24h", keep: KEEP, target } };
    cluster.settings = { ...cluster.settings, etcd } as typeof cluster.settings;
    await up();
  });

  afterAll(async () => {
    bucket?.stop();
    await cluster?.down();
  });

  async function up(): Promise<string> {
    const secrets = { ...labSecrets(cluster.lab), bucket: `${KEYS.id}:${KEYS.secret}` };
    const { log, leaks } = await cluster.engine("up", { secrets, search: { bucket: KEYS.secret } });
    expect(leaks).toEqual([]);
    return log;
  }

  /** Takes a snapshot; its name. */
  async function take(): Promise<string> {
    const said = await cluster.host("cp1", `${UNIT} now test`);
    return /wrote (\S+):/.exec(said)?.[1] ?? expect.fail(said);
  }

  /** A run that must not succeed; its last words, and how long it took. */
  async function fails(): Promise<string> {
    const began = Date.now();
    const said = await cluster.host("cp1", `${UNIT} now test 2>&1 && echo it went through || true`);
    saw(`${Math.round((Date.now() - began) / 1000)} s: ${said}`);
    expect(said).not.toContain("it went through");
    expect(said).not.toContain(KEYS.secret);
    return said.trim().split("\n").at(-1) ?? "";
  }

  it("are written, listed and fetched, encrypted on the way", async () => {
    await cluster.kubectl("create", "secret", "generic", "deep", `--from-literal=word=${SECRET}`);
    await cluster.kubectl("create", "configmap", "before");
    const name = await take();
    const { sizes, refused, text } = await bucket.tell();
    saw(JSON.stringify(sizes));
    expect(sizes[`clusters/lab/${name}`]).toBeGreaterThan(100_000);
    expect(refused).toEqual([]);
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain("kube-system");
    expect((await cluster.host("cp1", `${UNIT} list`)).split("\n")[0]).toBe(name);
    const fetched = await cluster.host(
      "cp1",
      `${UNIT} fetch ${name} /root/etcd.db && grep -c kube-system /root/etcd.db; stat -c %a /root/etcd.db; rm /root/etcd.db`,
    );
    expect(fetched).toMatch(/"reason": "test".*\n[1-9]\d*\n600\n$/s);
  });

  it("are as many as are kept, also where a listing comes in pages", async () => {
    await bucket.tell({ pageSize: 1 });
    const names: string[] = [];
    for (let count = 0; count < KEEP + 1; count += 1) names.push(await take());
    kept = names.slice(-KEEP);
    expect(await bucket.keys()).toEqual(kept.map((name) => `clusters/lab/${name}`).sort());
    expect((await cluster.host("cp1", `${UNIT} list`)).trim().split("\n")).toEqual([...kept].reverse());
  });

  it("are told where the bucket refuses, and those that are there stay", async () => {
    await bucket.tell({ keys: { ...KEYS, secret: "another" } });
    expect(await fails()).toMatch(/^S3 PUT clusters\/lab\/etcd-\S+ of bucket etcd: SignatureDoesNotMatch: /);
    await cluster.host("cp1", `systemctl start ${UNIT}.service || true`);
    expect(await cluster.host("cp1", `systemctl is-failed ${UNIT}.service || true`)).toBe("failed\n");
    expect(await bucket.keys()).toHaveLength(KEEP);
    await bucket.tell({ keys: KEYS });
    await cluster.host("cp1", `systemctl reset-failed ${UNIT}.service`);
  });

  it("are told where nobody answers, after some tries", async () => {
    await bucket.tell({ away: true });
    expect(await fails()).toMatch(/^S3 PUT clusters\/lab\/etcd-\S+ of bucket etcd: .*[Cc]onnection refused/);
    await bucket.tell({ away: false });
    expect((await cluster.host("cp1", `${UNIT} list`)).trim().split("\n")).toEqual([...kept].reverse());
  });

  it("are whole where uploads are cut in the middle, and not there where each of them is", async () => {
    await bucket.tell({ cuts: 2 });
    const name = await take();
    expect((await bucket.tell()).cuts).toBe(0);
    kept = [...kept.slice(1), name];
    await cluster.host("cp1", `${UNIT} fetch ${name} /root/etcd.db && rm /root/etcd.db`);
    await bucket.tell({ cuts: 1_000 });
    expect(await fails()).toMatch(/^S3 PUT clusters\/lab\/etcd-\S+ of bucket etcd: /);
    await bucket.tell({ cuts: 0 });
    expect(await bucket.keys()).toEqual(kept.map((one) => `clusters/lab/${one}`).sort());
  });

  it("put the cluster back in one run: what came later is gone, Secrets and kubeconfig are as they were", async () => {
    const kubeconfig = cluster.kubeconfig();
    await cluster.kubectl("create", "configmap", "after");
    const { etcd } = cluster.settings as { etcd?: object };
    cluster.settings = { ...cluster.settings, etcd: { ...etcd, restore: kept.at(-1) } };
    const log = await up();
    saw(
      log
        .split("\n")
        .filter((line) => /is lost/.test(line))
        .join("\n"),
    );
    await expectPutBack(cluster, { log, kubeconfig, word: SECRET });
  });
});
