/** Snapshots of etcd on real hosts: by schedule, and what becomes of them. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { shapeOf } from "./environment";

const PLANE = ["cp1", "cp2", "cp3"] as const;
const FOLDER = "/srv/etcd";
const ETCDCTL =
  "crictl exec $(crictl ps -q --name '^etcd$') etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt " +
  "--cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key";
const UNIT = "pulumi-kubeadm-etcd-backup";

describeWithLab("backups of three control-plane nodes", () => {
  let cluster: LabCluster;

  beforeAll(async () => {
    cluster = await LabCluster.create("backup", shapeOf(3, 1));
    const etcd = { backup: { schedule: "24h", keep: 5, target: { kind: "folder", path: FOLDER } } };
    cluster.settings = { ...cluster.settings, etcd } as typeof cluster.settings;
    await cluster.engine("up");
  });
  afterAll(async () => {
    await cluster?.down();
  });

  /** Snapshots that each control-plane node has. */
  async function snapshots(): Promise<Record<string, string[]>> {
    const all = await Promise.all(
      PLANE.map(async (name) => [
        name,
        (await cluster.host(name, `${UNIT} list`)).trim().split("\n").filter(Boolean),
      ]),
    );
    return Object.fromEntries(all) as Record<string, string[]>;
  }

  it("a timer waits on each of them", async () => {
    for (const name of PLANE) {
      const timers = await cluster.host(name, `systemctl list-timers --no-pager '${UNIT}.timer'`);
      saw(`${name}: ${timers}`);
      expect(timers).toContain(`${UNIT}.service`);
    }
  });

  it("when all of them go off at once, one takes the snapshot", async () => {
    await Promise.all(PLANE.map((name) => cluster.host(name, `systemctl start ${UNIT}.service`)));
    const taken = await snapshots();
    saw(JSON.stringify(taken));
    expect(Object.values(taken).flat()).toHaveLength(1);
    const lease = await cluster.kubectl(
      "-n",
      "kube-system",
      "get",
      "lease",
      UNIT,
      "-o",
      "jsonpath={.metadata.annotations}",
    );
    expect(lease).toContain(Object.values(taken).flat()[0]);
  });

  it("holds every object, encrypted on the way, and no Secret in plain text", async () => {
    await cluster.kubectl("create", "secret", "generic", "deep", "--from-literal=word=never-in-a-file");
    const said = await cluster.host("cp2", `${UNIT} now test`);
    saw(said);
    const name = /wrote (\S+):/.exec(said)?.[1] ?? "";
    expect(await cluster.host("cp2", `grep -c 'kube-system' ${FOLDER}/${name} || true`)).toBe("0\n");
    const header = await cluster.host(
      "cp2",
      `${UNIT} fetch ${name} /root/etcd.db && grep -c 'never-in-a-file' /root/etcd.db || true; stat -c '%a %U' /root/etcd.db ${FOLDER}/${name}; rm /root/etcd.db`,
    );
    saw(header);
    expect(header).toMatch(/"reason": "test".*\n0\n600 root\n600 root\n$/s);
  });

  it("a second up changes nothing", async () => {
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  /** Takes a snapshot on a node; its name. */
  async function take(name: string): Promise<string> {
    const said = await cluster.host(name, `${UNIT} now test`);
    return /wrote (\S+):/.exec(said)?.[1] ?? expect.fail(said);
  }

  async function restore(snapshot: string): Promise<string> {
    const etcd = { ...(cluster.settings as { etcd?: object }).etcd, restore: snapshot };
    cluster.settings = { ...cluster.settings, etcd };
    const { log } = await cluster.engine("up");
    return log;
  }

  async function names(prefix: string): Promise<string[]> {
    const all = await cluster.kubectl("get", "configmaps", "-o", "name");
    return all.split("\n").filter((one) => one.startsWith(`configmap/${prefix}`));
  }

  async function expectWhole(): Promise<void> {
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    const members = await cluster.host("cp2", `${ETCDCTL} member list`);
    saw(members);
    expect(members.match(/, started, /g)).toHaveLength(3);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  }

  it("one is put back on the living cluster: what came later is gone, and everything else works as before", async () => {
    const [kubeconfig, token] = [
      cluster.kubeconfig(),
      (await cluster.kubectl("create", "token", "default", "--duration", "2h")).trim(),
    ];
    await cluster.kubectl("create", "configmap", "before");
    const snapshot = await take("cp2");
    await cluster.kubectl("create", "configmap", "after");
    const log = await restore(snapshot);
    saw(
      log
        .split("\n")
        .filter((line) => /is lost|restored|stopping/.test(line))
        .join("\n"),
    );
    expect(log).toMatch(/what was changed in the last \d+ (s|min) is lost/);
    expect([await names("before"), await names("after")]).toEqual([["configmap/before"], []]);
    expect(cluster.kubeconfig()).toBe(kubeconfig);
    const asked = await cluster.host(
      "cp1",
      `kubectl --kubeconfig /dev/null --server https://127.0.0.1:6443 --certificate-authority /etc/kubernetes/pki/ca.crt --token ${token} auth whoami`,
    );
    saw(asked);
    expect(asked).toContain("system:serviceaccount:default:default");
    const word = "jsonpath={.data.word}";
    expect(Buffer.from(await cluster.kubectl("get", "secret", "deep", "-o", word), "base64").toString()).toBe(
      "never-in-a-file",
    );
    await expectWhole();
  });

  it("all control-plane nodes lose their data under load: every write that was acknowledged before the snapshot is there", async () => {
    const acknowledged: string[] = [];
    let stopped = false;
    const writes = (async () => {
      for (let count = 0; !stopped; count += 1) {
        const { status } = await cluster.tryKubectl(["create", "configmap", `load-${count}`], {
          allowFailure: true,
        });
        if (status === 0) acknowledged.push(`configmap/load-${count}`);
      }
    })();
    await eventually(
      "writes",
      () => Promise.resolve(acknowledged.length),
      (count) => count >= 20,
    );
    const before = [...acknowledged];
    const snapshot = await take("cp3");
    await Promise.all(
      PLANE.map((name) =>
        cluster.host(
          name,
          "systemctl stop kubelet; crictl pods -q | xargs -r crictl rmp -f; rm -rf /etc/kubernetes /var/lib/etcd/member /var/lib/kubelet/pki",
        ),
      ),
    );
    stopped = true;
    await writes;
    const kubeconfig = cluster.kubeconfig();
    saw(
      await restore(snapshot).then((log) =>
        log
          .split("\n")
          .filter((line) => /is lost/.test(line))
          .join("\n"),
      ),
    );
    const there = await names("load-");
    saw(
      `${before.length} acknowledged before the snapshot, ${acknowledged.length} in all, ${there.length} there`,
    );
    expect(there).toEqual(expect.arrayContaining(before));
    expect(cluster.kubeconfig()).toBe(kubeconfig);
    await expectWhole();
  });
});
