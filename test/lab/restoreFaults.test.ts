/** Restores with faults on three control-plane nodes: snapshots that are refused, two nodes lost, and runs that are cut off. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { machineInput, shapeOf } from "./environment";
import { killedUp, powerCut, random, SEED } from "./moments";
import { missingOf, Writes } from "./writes";

const PLANE = ["cp1", "cp2", "cp3"] as const;
const UNIT = "pulumi-kubeadm-etcd-backup";
const ETCDCTL =
  "crictl exec $(crictl ps -q --name '^etcd$') etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt " +
  "--cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key";

/** Seals the newest snapshot anew under another name, as another cluster's backups would have done. */
const FORGE = `import json, os, subprocess, sys
program = "/usr/local/sbin/${UNIT}"
own = {"__name__": "forger"}
exec(compile(open(program).read(), program, "exec"), own)
name, out, change, key = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
header = json.loads(subprocess.check_output([program, "fetch", name, "/root/plain.db"]))
header.update(change)
if key:
    own["secret"] = lambda _: key
os.makedirs("/root/forged", exist_ok=True)
own["seal"]("/root/plain.db", "/root/forged/" + out, header)
own["store"]().put("/root/forged/" + out)
os.remove("/root/plain.db")
`;

type Cut = "engine" | "job" | "power";

describeWithLab("a restore with faults", () => {
  let cluster: LabCluster;
  const next = random(SEED);

  beforeAll(async () => {
    saw(`seed ${SEED}`);
    cluster = await LabCluster.create("faults", shapeOf(3, 1));
    const { address, hostKey } = cluster.lab.host("w1");
    const target = { kind: "ssh", host: address, user: "ubuntu", hostKey, key: "operator", path: "etcd" };
    set({ etcd: { backup: { schedule: "24h", keep: 50, target } } });
    await cluster.engine("up");
  });
  afterAll(async () => {
    await cluster?.down();
  });

  function set(change: object): void {
    cluster.settings = { ...cluster.settings, ...change };
  }

  function restoreFrom(snapshot: string): void {
    set({ etcd: { ...(cluster.settings as { etcd?: object }).etcd, restore: snapshot } });
  }

  /** Takes a snapshot on a node; its name. */
  async function take(name: string): Promise<string> {
    const said = await cluster.host(name, `${UNIT} now test`);
    return /wrote (\S+):/.exec(said)?.[1] ?? expect.fail(said);
  }

  /** Ids of the running etcd and API server of each control-plane node: another id is a restart. */
  const containers = (): Promise<string[]> =>
    Promise.all(
      PLANE.map((name) => cluster.host(name, "crictl ps -q --name '^(etcd|kube-apiserver)$' | sort")),
    );

  /** The last phases of a host's jobs. */
  const phasesOf = (name: string): Promise<string> =>
    cluster.host(name, `echo ${name}; grep -a '^##phase' /var/log/pulumi-kubeadm.log | tail -n 25; date +%T`);

  /** All three are members of one etcd, and what one API server takes the others have. */
  async function expectOneCluster(mark: string): Promise<void> {
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    const members = await Promise.all(PLANE.map((name) => cluster.host(name, `${ETCDCTL} member list`)));
    saw(members[0] ?? "");
    for (const one of members) {
      expect(one.match(/, started, /g)).toHaveLength(3);
      expect(one).toBe(members[0]);
    }
    const writes = await Writes.start(cluster, mark, PLANE);
    await eventually(
      "writes after the restore",
      () => Promise.resolve(writes.acknowledged().length),
      (count) => count >= 9,
    );
    expect((await writes.end()).lost).toEqual([]);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  }

  /** Writes until some are acknowledged; the snapshot that is taken while they go on, and what was acknowledged before it. */
  async function snapshotUnderLoad(mark: string, on: string) {
    const writes = await Writes.start(cluster, mark, PLANE);
    await eventually(
      "acknowledged writes",
      () => Promise.resolve(writes.acknowledged().length),
      (count) => count >= 20,
    );
    const before = writes.acknowledged();
    const snapshot = await take(on);
    const count = writes.acknowledged().length;
    await eventually(
      "writes after the snapshot",
      () => Promise.resolve(writes.acknowledged().length),
      (now) => now >= count + 5,
    );
    return { writes, before, snapshot };
  }

  it("refuses snapshots of another cluster, another stack and a newer version, and stops nothing", async () => {
    const own = await take("cp2");
    const [, id = "", rest = ""] = /^etcd-([0-9a-f]{16})-.*(-r.*)$/.exec(own) ?? expect.fail(own);
    const forged = async (hour: string, change: object, key = ""): Promise<string> => {
      const name = `etcd-${id}-20250101T${hour}0000Z${rest}`;
      const words = [own, name, JSON.stringify(change), key].map((word) => `'${word}'`).join(" ");
      await cluster.lab.exec("cp2", ["bash", "-c", `python3 - ${words}`], { input: FORGE });
      return name;
    };
    const otherKey = Buffer.alloc(32, 7).toString("base64");
    const refused: readonly [snapshot: string, why: RegExp][] = [
      [own.replace(/-k[\d.]+\.snapshot$/, "-k1.37.9.snapshot"), /is of Kubernetes 1\.37\.9, newer than/],
      [
        await forged("01", { kubernetes: "1.37.9" }),
        /is of Kubernetes 1\.37\.9, newer than .* an API server does not read/,
      ],
      [
        await forged("02", { cluster: "cd".repeat(32), clusterName: "other" }),
        /is of another cluster \(other, cdcdcdcdcdcdcdcd/,
      ],
      [await forged("03", {}, otherKey), /is damaged, or was encrypted with the key of another stack/],
    ];
    const before = await containers();
    for (const [snapshot, why] of refused) {
      restoreFrom(snapshot);
      const { ok, error, log } = await cluster.attempt("up");
      saw(why.exec(`${error}${log}`)?.[0] ?? error.slice(-1_500));
      expect(ok).toBe(false);
      expect(`${error}${log}`).toMatch(why);
      expect(await containers()).toEqual(before);
    }
    set({ etcd: { ...(cluster.settings as { etcd?: object }).etcd, restore: undefined } });
    await cluster.engine("up");
    expect(await containers()).toEqual(before);
  });

  it("two of three are lost under load, one reinstalled and one replaced: every write acknowledged before the snapshot is there", async () => {
    const { writes, before, snapshot } = await snapshotUnderLoad("lost", "cp2");
    const kubeconfig = cluster.kubeconfig();
    await Promise.all(["cp1", "cp3"].map((name) => cluster.lab.stopHost(name, 0)));
    await writes.stop();
    const after = writes.acknowledged().length - before.length;
    await cluster.lab.removeHost("cp3");
    await cluster.lab.addHost("cp3");
    await cluster.lab.startHost("cp3");
    await cluster.lab.wipeHost("cp1");
    await cluster.lab.startHost("cp1");
    const { machines } = cluster.settings;
    set({
      machines: {
        ...machines,
        cp1: { ...machines["cp1"], revision: 2 },
        cp3: { ...machineInput(cluster.lab, "cp3", "controlPlane"), revision: 2 },
      },
    });
    restoreFrom(snapshot);
    const { log } = await cluster.engine("up");
    saw(log.match(/.*(is lost|restored: ).*/g)?.join("\n") ?? "");
    expect(log).toMatch(/what was changed in the last \d+ (s|min) is lost/);
    const missing = await missingOf(cluster, before);
    saw(`${before.length} acknowledged before the snapshot, ${after} later; ${missing.length} missing`);
    expect(missing).toEqual([]);
    expect(cluster.kubeconfig()).toBe(kubeconfig);
    await expectOneCluster("lostend");
  });

  it("is cut off at seeded moments and ends in one cluster with every write acknowledged before the snapshot", async () => {
    const { writes, before, snapshot } = await snapshotUnderLoad("cut", "cp3");
    restoreFrom(snapshot);
    const any: readonly Cut[] = ["engine", "job", "power"];
    // A job that goes on by itself would be past the next moment.
    const whole: readonly Cut[] = ["job", "power"];
    const moments: readonly [host: string, phase: string, seconds: number, kinds: readonly Cut[]][] = [
      ["cp1", `snapshot ${snapshot}`, 0.5, any],
      ["cp1", "data of etcd", 1, any],
      ["cp2", "stopping the control plane on cp2", 3, any],
      ["cp1", "stopping the control plane on cp1", 3, whole],
      ["cp1", "restored data", 0.2, whole],
      ["cp1", "kubeadm init", 12, whole],
      ["cp1", "restored cluster", 0.3, any],
      ["cp2", "kubeadm join", 15, any],
    ];
    for (const [host, phase, seconds, kinds] of moments) {
      const kind = kinds[Math.floor(next() * kinds.length)] ?? "job";
      const after = (next() * seconds).toFixed(2);
      saw(`${kind}: ${host}, ${after} s after "${phase}" has begun`);
      if (kind === "power") {
        await powerCut(cluster, { host, phase, after });
        await cluster.lab.startHost(host);
      } else {
        const { job, ok } = await killedUp(cluster, { host, phase, after, jobGoesOn: kind === "engine" });
        saw(job);
        // Which phases the hosts came through tells whether the moment was missed, or something went on that should be dead.
        const said = ok ? await Promise.all(PLANE.map(phasesOf)) : [];
        expect(said).toEqual([]);
      }
    }
    await writes.stop();
    const { log } = await cluster.engine("up");
    saw(log.match(/.*(is lost|was restored).*/g)?.join("\n") ?? "");
    const missing = await missingOf(cluster, before);
    saw(`${before.length} acknowledged before the snapshot; ${missing.length} missing`);
    expect(missing).toEqual([]);
    await expectOneCluster("cutend");
  });

  it("the same value restores once", async () => {
    await cluster.kubectl("create", "configmap", "later");
    const { machines } = cluster.settings;
    set({ machines: { ...machines, w1: { ...machines["w1"], labels: { disk: "ssd" } } } });
    const before = await containers();
    const { changed } = await cluster.engine("up");
    saw(changed.join("\n"));
    expect(await missingOf(cluster, ["later"])).toEqual([]);
    expect(await containers()).toEqual(before);
  });
});
