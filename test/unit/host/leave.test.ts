/** Machines that leave: whole steps against hosts behind SSH, and a cluster on paper. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FORCE_VARIABLE } from "../../../host/insist";
import type { Machine } from "../../../model/settings/resolved";
import { machine, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { PaperCluster } from "./paperCluster";
import { otherHostKey, SshHost } from "./sshHost";

const three = [controlPlaneNode("cp1", 11), controlPlaneNode("cp2", 12), controlPlaneNode("cp3", 13)];
const [cp1, cp2, cp3] = three as [Machine, Machine, Machine];
const w1 = machine("w1");

let cluster: PaperCluster;
let bastion: SshHost | undefined;
async function start(machines: readonly Machine[]): Promise<void> {
  cluster = await PaperCluster.start(settingsOf({ machines: [...machines] }));
}

beforeEach(() => {
  vi.stubEnv(FORCE_VARIABLE, "");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await bastion?.stop();
  bastion = undefined;
  await cluster.close();
});

/** @param done what had been done by then; undefined: nothing, anywhere */
async function refused(name: string, more: object = {}, done?: string): Promise<string> {
  const error = await cluster.leave(name, more).then(
    () => new Error(`${name} was removed`),
    (reason: unknown) => reason as Error,
  );
  expect(error.message).toContain(
    done === undefined
      ? "is not removed, and nothing was changed: "
      : "is not removed, and its host was not reset: ",
  );
  if (done !== undefined) expect(error.message).toContain(`; done before that: ${done}; `);
  expect(error.message).toContain(`${FORCE_VARIABLE}=${name}`);
  return error.message;
}

const resets = () => cluster.log().filter((line) => line.endsWith(" reset"));

describe("a control-plane node that leaves", () => {
  beforeEach(() => start(three));

  it("is drained, is taken out of etcd, loses its Node, and is reset last", async () => {
    cluster.wants([cp1, cp2]);
    await cluster.leave("cp3");
    expect(cluster.log()).toEqual([
      "cordon cp3",
      "drain cp3",
      "etcd cp3 removed by cp1",
      "node cp3 deleted",
      "cp3 reset",
    ]);
    expect(cluster.members()).toEqual(["cp1", "cp2"]);
  });

  it("loses its Node although the API times out once after its etcd member went", async () => {
    cluster.wants([cp1, cp2]);
    cluster.put("delete-times-out", "");
    await cluster.leave("cp3");
    expect(cluster.log().slice(-2)).toEqual(["node cp3 deleted", "cp3 reset"]);
  });

  it("is said to be out of etcd, and stays cordoned, when its Node cannot be deleted; the next run goes on", async () => {
    cluster.wants([cp1, cp2]);
    for (const time of ["", "2", "3"]) cluster.put(`delete-times-out${time}`, "");
    const done = "the node was cordoned, its pods were moved away, etcd member cp3 was removed";
    expect(await refused("cp3", {}, done)).toContain("The next run goes on from there");
    expect(cluster.log()).toEqual(["cordon cp3", "drain cp3", "etcd cp3 removed by cp1"]);
    await cluster.leave("cp3");
    expect(cluster.log().slice(-2)).toEqual(["node cp3 deleted", "cp3 reset"]);
  });

  it("takes a dead one that leaves too out of etcd first, whatever the order, and that one follows", async () => {
    await cluster.stop("cp2");
    cluster.wants([cp1]);
    await cluster.leave("cp3");
    expect(cluster.log().slice(0, 1)).toEqual(["etcd cp2 removed by cp1"]);
    expect(cluster.log().at(-1)).toBe("cp3 reset");
    await cluster.leave("cp2");
    expect([cluster.members(), cluster.running(), cluster.nodes()]).toEqual([["cp1"], ["cp1"], ["cp1"]]);
    expect(resets()).toEqual(["cp3 reset"]);
  });

  it("stays when another one is dead that the settings keep: the cluster cannot spare it", async () => {
    await cluster.stop("cp2");
    cluster.wants([cp1, cp2]);
    const said = await refused("cp3");
    expect(said).toContain("etcd member cp2 is unhealthy, so cp3 cannot leave. Repair it first");
    expect(cluster.log()).toEqual([]);
    expect(cluster.running()).toEqual(["cp1", "cp3"]);
  });

  it("stays when another one is dead and nothing says what the settings keep", async () => {
    await cluster.stop("cp2");
    for (const name of ["cp1", "cp3"]) cluster.host(name).write("var/lib/pulumi-kubeadm/intended.json", "{");
    await refused("cp3");
    expect(cluster.log()).toEqual([]);
  });

  it("stays when its revision is raised while another one is dead", async () => {
    await cluster.stop("cp2");
    cluster.wants([cp1, cp2, { ...cp3, revision: 2 }]);
    await refused("cp3");
    expect(resets()).toEqual([]);
  });

  it("goes when its revision is raised and the dead one is taken out", async () => {
    await cluster.stop("cp2");
    cluster.wants([cp1, { ...cp3, revision: 2 }]);
    await cluster.leave("cp3");
    expect(cluster.members()).toEqual(["cp1"]);
    expect(cluster.running()).toEqual(["cp1"]);
  });

  it("stays when its revision is raised and another one that was replaced has not joined again", async () => {
    cluster.wants([{ ...cp1, revision: 2 }, { ...cp2, revision: 2 }, cp3]);
    await cluster.leave("cp1");
    const said = await refused("cp2");
    expect(said).toContain("cp1 has left and not rejoined: replace control-plane nodes one at a time");
    expect(resets()).toEqual(["cp1 reset"]);
  });

  describe("whose instance was lost", () => {
    beforeEach(() => cluster.host("cp1").write("etc/machine-id", "new\n"));

    it("is not touched on the new one, which has restored the cluster", async () => {
      await cluster.leave("cp1", { instance: "lost" });
      expect(cluster.log()).toEqual([]);
      expect(cluster.said.join()).toContain(
        "cp1: its instance is gone, and a new one has restored the cluster",
      );
    });

    it("leaves as ever where it is the instance that the step knows", async () => {
      cluster.wants([cp2, cp3]);
      await cluster.leave("cp1", { instance: "new" });
      expect(resets()).toEqual(["cp1 reset"]);
    });
  });

  it("stays when etcd has lost its quorum", async () => {
    await cluster.stop("cp1", "cp2");
    cluster.wants([cp1]);
    await refused("cp3");
    expect(cluster.running()).toEqual(["cp3"]);
  });

  it("stays when etcd refuses, which a drain does not hide", async () => {
    // It answers that all are well, and refuses all the same: a member that comes and goes.
    const refuses =
      'case "$*" in *"member remove"*) echo "etcdserver: unhealthy cluster" >&2; exit 1 ;; esac';
    cluster.host("cp1").changeProgram("crictl", 'case "$*" in', `${refuses}\ncase "$*" in`);
    cluster.wants([cp1, cp2]);
    const undone = "the node was cordoned, its pods were moved away, the node was uncordoned again";
    const said = await refused("cp3", {}, undone);
    expect(said).toContain("etcd does not let member cp3 go: etcdserver: unhealthy cluster");
    expect([resets(), cluster.nodes()]).toEqual([[], ["cp1", "cp2", "cp3"]]);
  });

  it("stays when the drain fails at once", async () => {
    cluster.put("drain-fails", "");
    cluster.wants([cp1, cp2]);
    expect(await refused("cp3", {}, "the node was cordoned, the node was uncordoned again")).toContain(
      "the drain failed",
    );
    expect([resets(), cluster.members()]).toEqual([[], ["cp1", "cp2", "cp3"]]);
    expect(cluster.log()).toEqual(["cordon cp3", "drain cp3", "uncordon cp3"]);
  });

  it("stays when no other one can be asked", async () => {
    await cluster.cutOff("cp1");
    await cluster.cutOff("cp2");
    cluster.wants([cp1, cp2]);
    expect(await refused("cp3")).toMatch(/no control-plane node answers: cp1: cannot be reached/);
    expect(cluster.log()).toEqual([]);
  });

  it("asks another one when the first cannot be reached", async () => {
    await cluster.cutOff("cp1");
    cluster.wants([cp1, cp2]);
    await cluster.leave("cp3");
    expect(cluster.log()).toContain("etcd cp3 removed by cp2");
  });
});

describe("a worker that leaves", () => {
  const w2 = machine("w2");
  beforeEach(() => start([...three, w1, w2]));
  const marks = () => cluster.log().filter((line) => line.includes("mark"));

  it("is marked before it drains where the settings no longer have it, and drains while it has the drain lock", async () => {
    cluster.wants([...three, w2]);
    await cluster.leave("w1");
    expect(cluster.log()).toEqual(["mark w1", "cordon w1", "drain w1", "node w1 deleted", "w1 reset"]);
    expect(cluster.host("cp1").read("run/pulumi-kubeadm/locks/holders/w1")).toBe("");
  });

  it.each([
    ["the cluster is destroyed", [...three, w1, w2]],
    ["it is replaced", [...three, { ...w1, revision: 2 }, w2]],
  ])("takes no lock where %s", async (_, wanted) => {
    cluster.wants(wanted);
    await cluster.leave("w1");
    expect(marks()).toEqual([]);
    expect(resets()).toEqual(["w1 reset"]);
  });

  it("takes no lock where it is removed by force, or is dead", async () => {
    cluster.wants(three);
    await cluster.stop("w2");
    cluster.put("unready/w2", "");
    vi.stubEnv(FORCE_VARIABLE, "w1");
    await cluster.leave("w1");
    vi.stubEnv(FORCE_VARIABLE, "");
    await cluster.leave("w2");
    expect(marks()).toEqual([]);
    expect(cluster.nodes()).toEqual(["cp1", "cp2", "cp3"]);
  });

  it("loses its mark with its cordon where its drain fails", async () => {
    cluster.wants([...three, w2]);
    cluster.put("drain-fails", "");
    await refused("w1", {}, "the node was cordoned, the node was uncordoned again");
    await cluster.host("cp1").idle();
    expect(cluster.log()).toEqual(["mark w1", "cordon w1", "drain w1", "uncordon w1", "unmark w1"]);
  });

  it("stays while one that stays is away, and says so", async () => {
    cluster.wants([...three, w2]);
    cluster.put("unready/w2", "");
    cluster.host("cp1").losePatience();
    const error = await cluster.leave("w1").catch((reason: unknown) => reason as Error);
    expect((error as Error).message).toContain(
      "is not removed, and nothing was changed: 1 of the 2 nodes of pool general may be unavailable at a time, and w2 is not Ready",
    );
    expect(cluster.log()).toEqual([]);
  });
});

describe("the destruction of a cluster", () => {
  it("takes all nodes out, workers first, and the last one without a word", async () => {
    await start([...three, w1]);
    for (const name of ["w1", "cp3", "cp2", "cp1"]) await cluster.leave(name);
    expect(resets()).toEqual(["w1 reset", "cp3 reset", "cp2 reset", "cp1 reset"]);
    expect(cluster.running()).toEqual([]);
  });

  it("can be run again when it was cut off after any reset", async () => {
    await start(three);
    for (const name of ["cp3", "cp3", "cp2", "cp2", "cp1", "cp1"]) await cluster.leave(name);
    expect(resets()).toEqual(["cp3 reset", "cp2 reset", "cp1 reset"]);
  });

  it("stops at a dead one, and goes on by the word for that one", async () => {
    await start(three);
    await cluster.stop("cp2");
    await refused("cp3");
    vi.stubEnv(FORCE_VARIABLE, "cp2");
    for (const name of ["cp3", "cp2", "cp1"]) await cluster.leave(name);
    expect(resets()).toEqual(["cp3 reset", "cp1 reset"]);
    expect(cluster.members()).toEqual(["cp1"]);
  });

  it("goes on by the word that is in the settings of the dead one", async () => {
    await start(three);
    await cluster.stop("cp2");
    const forced = [cp1, { ...cp2, removal: "force" as const }, cp3];
    cluster.wants(forced);
    await cluster.leave("cp3");
    await cluster.leave("cp2", { machines: forced });
    await cluster.leave("cp1");
    expect(resets()).toEqual(["cp3 reset", "cp1 reset"]);
  });

  it("ends what is left of a cluster without a quorum by the word for all", async () => {
    await start([...three, w1]);
    await cluster.stop("cp1", "cp2");
    await refused("w1");
    vi.stubEnv(FORCE_VARIABLE, "all");
    for (const name of ["w1", "cp3", "cp2", "cp1"]) await cluster.leave(name);
    expect(resets()).toEqual(["w1 reset", "cp3 reset"]);
    expect(cluster.said.join("\n")).toMatch(/cp3: is removed by force, because \w+=all/);
  });
});

describe("the only control-plane node", () => {
  beforeEach(() => start([cp1]));

  it("stays when its revision is raised", async () => {
    cluster.wants([{ ...cp1, revision: 2 }]);
    expect(await refused("cp1")).toContain(
      "it is the only control-plane node: removing it would delete etcd",
    );
    expect(cluster.running()).toEqual(["cp1"]);
  });

  it("stays when the settings have another one by now, which has not joined", async () => {
    cluster.wants([cp2]);
    expect(await refused("cp1")).toContain("the settings have other control-plane nodes (cp2)");
  });

  it("stays when its own etcd knows of others", async () => {
    cluster.put(
      "members",
      `${"9".repeat(16)}, started, x1, https://10.9.9.9:2380, https://10.9.9.9:2379, false\n`,
    );
    cluster.put("running/x1", "");
    expect(await refused("cp1")).toContain("its etcd has other members (x1)");
    expect(resets()).toEqual([]);
  });

  it("stays when its etcd does not answer, and goes by the word", async () => {
    cluster.host("cp1").program("crictl", "exit 1");
    expect(await refused("cp1")).toContain("cannot ask its etcd whether it is the last member");
    vi.stubEnv(FORCE_VARIABLE, "cp1");
    await cluster.leave("cp1");
    expect(resets()).toEqual(["cp1 reset"]);
  });
});

describe("a machine that does not answer", () => {
  beforeEach(() => start([...three, w1]));

  it("is gone when its address refuses and its kubelet is silent: its Node is deleted", async () => {
    await cluster.stop("w1");
    cluster.wants(three);
    await cluster.leave("w1");
    expect(cluster.nodes()).toEqual(["cp1", "cp2", "cp3"]);
    expect(cluster.log()).toEqual(["cordon w1", "node w1 deleted"]);
  });

  it("is not gone when its kubelet renews its lease", async () => {
    await cluster.cutOff("w1");
    cluster.wants(three);
    const renewed = '*"get lease "*) date +%FT%T.%NZ; exit 0 ;;\n  *"get no lease "*)';
    cluster.host("cp1").changeProgram("kubectl", '*"get lease "*)', renewed);
    expect(await refused("w1")).toContain("not gone: its kubelet renewed its lease at");
    expect(cluster.nodes()).toContain("w1");
  });

  it.each([
    ["w1", "10.40.0.21-10250"],
    ["cp3", "10.40.0.13-2380"],
  ])("is not gone when something answers at its address: %s", async (name, port) => {
    await cluster.stop(name);
    cluster.put(`ports/${port}`, "");
    cluster.wants([cp1, cp2]);
    expect(await refused(name)).toContain(`port ${port.replace(/.*-/, "")} of `);
    expect(cluster.nodes()).toContain(name);
  });

  it("is gone although something answers at its address, when another machine has that by now", async () => {
    await cluster.stop("w1");
    cluster.put("ports/10.40.0.21-10250", "");
    cluster.wants([...three, machine("w9", { nodeAddress: "10.40.0.21" })]);
    await cluster.leave("w1");
    expect(cluster.nodes()).not.toContain("w1");
  });

  it("is not gone when its etcd takes part in the cluster", async () => {
    await cluster.cutOff("cp3");
    cluster.wants([cp1, cp2]);
    expect(await refused("cp3")).toContain("its etcd takes part in the cluster, so cp3 is alive");
    expect(cluster.members()).toContain("cp3");
  });

  it.each(["w1", "cp3"])("is not gone when it shows another key: %s", async (name) => {
    cluster.wrongKey(name);
    cluster.wants([cp1, cp2]);
    expect(await refused(name)).toContain("the host key does not match the settings");
    expect(cluster.log()).toEqual([]);
  });

  it("is gone when the settings name just that key for the host that is behind the name by now", async () => {
    cluster.wrongKey("w1");
    cluster.wants([...three, { ...w1, revision: 2 }]);
    await cluster.leave("w1");
    expect(cluster.log()).toEqual(["cordon w1", "node w1 deleted"]);
  });

  it("is not gone when the bastion is", async () => {
    bastion = await SshHost.start();
    const connection = bastion.connection();
    await bastion.stop();
    bastion = undefined;
    cluster.wants(three);
    expect(await refused("w1", { bastion: connection })).toContain("bastion 127.0.0.1");
  });

  it("is not gone when the bastion shows another key", async () => {
    bastion = await SshHost.start();
    cluster.wants(three);
    const said = await refused("w1", { bastion: bastion.connection({ hostKey: otherHostKey() }) });
    expect(said).toContain("bastion 127.0.0.1: the host key does not match the settings");
    expect(cluster.log()).toEqual([]);
  });

  it("is gone when the bastion says so", async () => {
    bastion = await SshHost.start();
    await cluster.stop("w1");
    cluster.wants(three);
    await cluster.leave("w1", { bastion: bastion.connection() });
    expect(cluster.nodes()).toEqual(["cp1", "cp2", "cp3"]);
  });

  it("is removed by the word, whatever it shows, and what is skipped is said", async () => {
    cluster.wrongKey("w1");
    vi.stubEnv(FORCE_VARIABLE, "w1");
    await cluster.leave("w1");
    expect(cluster.nodes()).toEqual(["cp1", "cp2", "cp3"]);
    expect(cluster.said.join("\n")).toMatch(/w1: .*the host key does not match.*; its host was not changed/);
  });
});

describe("a host that is logged on to", () => {
  beforeEach(() => start([...three, w1]));

  it("was wiped: only its Node is deleted", async () => {
    cluster.host("w1").wipe();
    await cluster.leave("w1");
    expect(cluster.log()).toEqual(["cordon w1", "node w1 deleted"]);
    expect(cluster.said.join("\n")).toContain("w1: is not a node of this cluster, not touched");
  });

  it("is a node without a record: it is not forgotten", async () => {
    cluster.host("w1").write("var/lib/pulumi-kubeadm/node.json", "");
    expect(await refused("w1")).toMatch(/node\.json on it is missing, empty or damaged/);
  });

  it("is the node of a later step: it is left alone", async () => {
    const moved = cluster
      .host("w1")
      .read("var/lib/pulumi-kubeadm/node.json")
      .replace("worker//", "worker/other/");
    const text = moved.replace(/"owner":"[^"]*"/, '"owner":"worker/other/w1@1"');
    cluster.host("w1").write("var/lib/pulumi-kubeadm/node.json", text);
    await cluster.leave("w1");
    expect(cluster.log()).toEqual([]);
  });
});
