/** The key for encryption at rest is rotated by one setting, and `up` is killed in each of its phases at seeded moments. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { paths } from "../../model/kubeadm";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { shapeOf } from "./environment";
import { killedUp, random, SEED } from "./moments";

const ETCDCTL =
  "crictl exec $(crictl ps -q --name '^etcd$') etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt " +
  "--cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key";

/** Phases of the change, and within how many seconds of each the kill comes. */
const PHASES = [
  { phase: "every API server reads all keys", seconds: 20 },
  { phase: "Secrets are encrypted with the first key of the settings", seconds: 20 },
  { phase: "rewriting Secrets", seconds: 1 },
  { phase: "keys that the settings do not name are taken out", seconds: 20 },
] as const;

describeWithLab(`a rotation of the encryption key, killed at moments of seed ${SEED}`, () => {
  let cluster: LabCluster;
  const next = random(SEED);
  const folder = "/srv/etcd";

  beforeAll(async () => {
    cluster = await LabCluster.create("enckey", shapeOf(1, 0));
    const etcd = { backup: { schedule: "24h", target: { kind: "folder", path: folder } } };
    cluster.settings = { ...cluster.settings, etcd } as typeof cluster.settings;
    await cluster.engine("up");
    for (let count = 0; count < 20; count += 1)
      await cluster.kubectl(
        "create",
        "secret",
        "generic",
        `secret-${count}`,
        `--from-literal=word=word-${count}`,
      );
  });
  afterAll(async () => {
    await cluster?.down();
  });

  /** Providers and keys that Secrets in etcd are encrypted with. */
  async function inEtcd(): Promise<string[]> {
    const raw = `${ETCDCTL} get --prefix /registry/secrets/ --print-value-only | grep -ao 'k8s:enc:[a-z]*:v1:[a-z0-9.-]*:' | sort -u`;
    return (await cluster.host("cp1", raw)).trim().split("\n");
  }

  async function expectReadable(): Promise<void> {
    const words = await cluster.kubectl(
      ...["get", "secrets", "-o", 'jsonpath={range .items[*]}{.data.word}{"\\n"}{end}'],
    );
    const found = words
      .trim()
      .split("\n")
      .map((word) => Buffer.from(word, "base64").toString());
    expect(found.sort()).toEqual(Array.from({ length: 20 }, (_, count) => `word-${count}`).sort());
  }

  it("begins with the key of the state", async () => {
    expect(await inEtcd()).toEqual(["k8s:enc:secretbox:v1:generated:"]);
  });

  for (const { phase, seconds } of PHASES)
    it(`is killed in "${phase}", and every Secret can be read`, async () => {
      cluster.settings = { ...cluster.settings, encryption: { rotation: "2026-12" } };
      const after = (next() * seconds).toFixed(2);
      const { job, ok } = await killedUp(cluster, { host: "cp1", phase, after });
      saw(`${after} s into ${phase}: ${job}; in etcd: ${(await inEtcd()).join(" ")}`);
      expect(job).toBe("a job was killed");
      expect(ok, "up went through").toBe(false);
      await expectReadable();
    });

  it("ends with the next up: every Secret is encrypted with the new key, and no host has the old one", async () => {
    await cluster.engine("up");
    expect(await inEtcd()).toEqual(["k8s:enc:secretbox:v1:generated-2026-12:"]);
    await expectReadable();
    const names = await cluster.host("cp1", `grep -h 'name: ' ${paths.encryption} ${paths.wantedEncryption}`);
    expect(new Set(names.match(/generated\S*/g))).toEqual(new Set(["generated-2026-12"]));
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("a snapshot from before is refused by its key, and nothing stops", async () => {
    const said = await cluster.host("cp1", "pulumi-kubeadm-etcd-backup now test");
    const snapshot = /wrote (\S+):/.exec(said)?.[1] ?? expect.fail(said);
    const { etcd } = cluster.settings as { etcd?: object };
    cluster.settings = {
      ...cluster.settings,
      encryption: { rotation: "2027-06" },
      etcd: { ...etcd, restore: snapshot },
    };
    const { ok, error = "" } = await cluster.attempt("up");
    expect(ok).toBe(false);
    expect(error).toMatch(
      /are encrypted with secretbox:generated-2026-12:\w+, which the settings do not have/,
    );
    await expectReadable();
  });
});
