import * as fs from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { MAINTENANCE_ANNOTATIONS } from "../../../model/maintenance/files";
import type { MaintenanceSettings } from "../../../model/maintenance/settings";
import { UPGRADING } from "../../../model/core/labelDomain";
import { drawBytes } from "../../support/seed";
import { MaintenanceCluster } from "./maintenanceHost";

let cluster: MaintenanceCluster;

afterEach(async () => {
  await cluster.down();
});

async function create(names: readonly string[], settings: Partial<MaintenanceSettings> = {}): Promise<void> {
  cluster = await MaintenanceCluster.create(names, settings);
}

/** Every host's timer and the control-plane nodes', until all have ended. */
async function maintain(names: readonly string[], planes: readonly string[] = ["cp1"]): Promise<string> {
  const all = Promise.all(names.map((name) => cluster.untilRecorded(name)));
  return (await cluster.whileLocksAreGiven(planes, all)).join("\n");
}

/** Nodes in the order in which they were cordoned, each with what was done while it was. */
function rounds(): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  let open: string | undefined;
  for (const event of cluster.state.events) {
    const [what = "", name = ""] = event.split(" ");
    if (what === "cordon") {
      expect(open, event).toBeUndefined();
      open = name;
      found[name] = [];
    } else if (what === "uncordon") {
      expect(open, event).toBe(name);
      open = undefined;
    } else found[open ?? expect.fail(event)]?.push(event);
  }
  expect(open).toBeUndefined();
  return found;
}

const upgraded = (name: string): number => cluster.read(name, "apt.log").split("\n").filter(Boolean).length;
const reboots = (name: string): number => cluster.read(name, "reboots").split("\n").filter(Boolean).length;

describe("maintenance of several nodes at once", () => {
  it("drains one after the other, workers first, and asks the API for nothing that a kubelet may not", async () => {
    const names = ["cp1", "cp2", "w1", "w2"];
    await create(names);
    for (const name of names) cluster.upgradable(name, { reboot: name !== "w2" });
    const output = await maintain(names, ["cp1", "cp2"]);
    // Agents ask in the order in which they come: the first may be anybody.
    expect(Object.keys(rounds()).sort(), output).toEqual(names);
    expect(rounds()).toEqual(Object.fromEntries(names.map((name) => [name, [`evict app-${name}`]])));
    expect(cluster.state.forbidden).toEqual([]);
    expect(names.map(upgraded)).toEqual([1, 1, 1, 1]);
    expect(names.map(reboots)).toEqual([1, 1, 1, 0]);
    expect(cluster.status("w1")).toMatchObject({
      result: "done",
      rebooted: true,
      rebootNeeded: [],
      missed: 0,
    });
    expect(cluster.status("w2")).toMatchObject({
      result: "done",
      packages: ["openssl 3.0.2"],
      rebooted: false,
    });
  });

  it("leaves no mark on the Nodes, and the lock to nobody", async () => {
    await create(["cp1", "w1"]);
    cluster.upgradable("w1");
    await maintain(["w1"]);
    await cluster.run("cp1", "lock", "run");
    expect(cluster.holders()).toEqual([]);
    expect(Object.values(cluster.state.nodes).map(({ metadata }) => metadata.annotations)).toEqual([{}, {}]);
  });

  it("goes to workers before control-plane nodes, and to one whose etcd is whole", async () => {
    await create(["cp1", "w9"]);
    const ask = JSON.stringify({ run: "now x", state: "asks", at: new Date().toISOString() });
    cluster.change(({ nodes }) => {
      for (const node of Object.values(nodes)) node.metadata.annotations[MAINTENANCE_ANNOTATIONS.asks] = ask;
    });
    const round = "print(round_())";
    cluster.python("cp1", "lock", round);
    expect(cluster.holders()).toEqual(["w9"]);
    cluster.change(({ nodes }) => delete nodes["w9"]);
    cluster.write("cp1", "etcd-ill", "");
    expect(cluster.python("cp1", "lock", round)).toContain("not every member of etcd is healthy");
    expect(cluster.holders()).toEqual([]);
    fs.rmSync(cluster.host("cp1", "etcd-ill"));
    cluster.python("cp1", "lock", round);
    expect(cluster.holders()).toEqual(["cp1"]);
  });
});

describe("a node that asks for its next run before anybody saw the end of the last", () => {
  const run = (): string => cluster.held()["w1"]?.run ?? "";
  const asks = (name: string, stays?: boolean): void =>
    cluster.change(({ nodes }) => {
      const text = JSON.stringify({ run: name, state: "asks", at: new Date().toISOString(), stays });
      (nodes["w1"] ?? expect.fail()).metadata.annotations[MAINTENANCE_ANNOTATIONS.asks] = text;
    });
  const cordon = (on: boolean): void =>
    cluster.change(({ nodes }) => ((nodes["w1"] ?? expect.fail()).spec.unschedulable = on));
  const round = (): string => cluster.python("cp1", "lock", "round_()");

  it("gets the drain lock for it, where it is well", async () => {
    await create(["cp1", "w1"]);
    asks("now one");
    round();
    asks("now two");
    // A node whose way back did not end is not done, whatever it says.
    cordon(true);
    round();
    expect(run()).toBe("now one");
    cordon(false);
    round();
    expect(run()).toBe("now two");
  });

  it("gets it behind people's own cordon", async () => {
    await create(["cp1", "w1"], { now: "two" });
    cordon(true);
    asks("now one", true);
    round();
    asks("now two", true);
    round();
    expect(run()).toBe("now two");
  });
});

describe("several nodes of a pool at a time", () => {
  const RUN = "now x";
  const marks = (name: string, said: object): void =>
    cluster.change(({ nodes }) => {
      const text = JSON.stringify({ run: RUN, at: new Date().toISOString(), ...said });
      (nodes[name] ?? expect.fail()).metadata.annotations[MAINTENANCE_ANNOTATIONS.asks] = text;
    });
  const round = (): string => cluster.python("cp1", "lock", "print(round_()[1])").trim();

  it("is what upgrades.maxUnavailable says of it, once the first has come back well", async () => {
    await create(["cp1", "w1", "w2", "w3", "w4", "w5"]);
    cluster.configure("cp1", cluster.settings, 300, {
      maxUnavailable: 1,
      pools: { general: { maxUnavailable: "60%" } },
    });
    for (const name of ["cp1", "w1", "w2", "w3", "w4", "w5"]) marks(name, { state: "asks" });
    round();
    expect(round()).toBe("w2 waits: the first node of a pool goes alone, and w1 has the drain lock");
    marks("w1", { state: "ended", result: "done" });
    round();
    round();
    expect(cluster.holders()).toEqual(["w2", "w3"]);
    // One that is not Ready is away as well.
    cluster.change(({ nodes }) => ((nodes["w5"] ?? expect.fail()).ready = false));
    expect(round()).toBe("w4 waits: w2, w3 have the drain lock; not Ready: w5");
    cluster.change(({ nodes }) => ((nodes["w5"] ?? expect.fail()).ready = true));
    round();
    expect(cluster.holders()).toEqual(["w2", "w3", "w4"]);
    expect(round()).toBe("w5 waits: w2, w3, w4 have the drain lock");
  });

  it("is none beside a control-plane node, or a node of another pool", async () => {
    await create(["cp1", "w1", "w2"]);
    cluster.configure("cp1", cluster.settings, 300, { maxUnavailable: 2, pools: {} });
    cluster.change(({ nodes }) => {
      const labels = (nodes["w2"] ?? expect.fail()).metadata.labels;
      delete labels["node-role.kubernetes.io/general"];
      labels["node-role.kubernetes.io/large"] = "";
    });
    for (const name of ["cp1", "w1", "w2"]) marks(name, { state: "asks" });
    round();
    expect(round()).toBe("w2 waits: w1 has the drain lock");
    cluster.change(({ nodes }) => delete nodes["w2"]);
    expect(round()).toBe("cp1 waits: w1 has the drain lock");
  });
});

describe("a node with nothing to do", () => {
  it("is not drained, and says so", async () => {
    await create(["cp1", "w1"]);
    await maintain(["w1"]);
    expect(cluster.state.events).toEqual([]);
    expect(cluster.status("w1")).toMatchObject({ result: "nothing" });
  });

  it("asks once for each window, and once for each value of now", async () => {
    await create(["cp1", "w1"], { reboot: "always", packages: "none", windows: [], now: "one" });
    await maintain(["w1"]);
    await cluster.run("w1", "agent", "run");
    expect(reboots("w1")).toBe(1);
    cluster.configure("w1", { ...cluster.settings, now: "two" });
    cluster.write("w1", "state/status.json", JSON.stringify({ ...cluster.status("w1"), kept: true }));
    const ended = cluster.untilRecorded("w1");
    await cluster.whileLocksAreGiven(["cp1"], ended);
    await cluster.untilRecorded("w1");
    expect([reboots("w1"), cluster.status("w1")["now"]]).toEqual([2, "two"]);
  });

  it("does nothing outside of its windows", async () => {
    const today = (new Date().getUTCDay() + 6) % 7;
    const windows = [{ days: [(today + 3) % 7], start: 0, minutes: 60 }];
    await create(["cp1", "w1"], { windows });
    cluster.upgradable("w1");
    const { status, output } = await cluster.run("w1", "agent", "run");
    expect([status, output, cluster.asks("w1")]).toEqual([0, "", {}]);
  });
});

describe("what stops it", () => {
  it("a disruption budget without room: the node is let in again unchanged, and the others go on", async () => {
    await create(["cp1", "w1", "w2"]);
    cluster.change(({ pods }) => pods.push({ name: "db", node: "w1", guarded: true }));
    cluster.configure("w1", cluster.settings, 1);
    for (const name of ["w1", "w2"]) cluster.upgradable(name);
    await maintain(["w1", "w2"]);
    expect(cluster.status("w1")).toMatchObject({ result: "blocked", missed: 1 });
    expect(cluster.status("w1")["why"]).toMatch(/^default\/db did not leave within 1 s: .*disruption budget/);
    expect([upgraded("w1"), upgraded("w2")]).toEqual([0, 1]);
    expect(Object.keys(rounds())).toHaveLength(2);
  });

  it("a node that does not come back well keeps the lock, cordoned; once it is well, all go on", async () => {
    await create(["cp1", "w1", "w2"]);
    for (const name of ["w1", "w2"]) cluster.upgradable(name, { reboot: true });
    // It reboots, and its pods do not come back.
    const first = cluster.run("w1", "agent", "run");
    await cluster.whileLocksAreGiven(["cp1"], first);
    expect([reboots("w1"), cluster.underWay("w1").phase]).toEqual([1, "reboot"]);
    cluster.change(({ pods }) => pods.push({ name: "cni", node: "w1", of: "DaemonSet", ready: false }));
    const ill = await cluster.run("w1", "agent", "run");
    expect(ill.status).toBe(1);
    expect(ill.output).toMatch(/not well: it stays cordoned and keeps the drain lock.*default\/cni-owner/);
    const other = cluster.start("w2", "agent", "run");
    const told = await cluster.run("cp1", "lock", "status");
    expect(told.output).toMatch(/^w1 has the drain lock since .*does not come back: pods are not ready/m);
    const asked = cluster.python(
      "cp1",
      "lock",
      "import time\nwhile not asking(read_nodes(), {'w1': 1}): time.sleep(0.05)\nprint(round_())",
    );
    expect(asked).toContain("w2 waits: node w1 does not come back");
    expect([cluster.holders(), upgraded("w2")]).toEqual([["w1"], 0]);
    other.kill("SIGKILL");
    await new Promise((resolve) => other.once("close", resolve));
    cluster.change((state) => (state.pods = state.pods.filter(({ name }) => name !== "cni")));
    await maintain(["w1", "w2"]);
    expect([cluster.status("w1")["result"], cluster.status("w2")["result"]]).toEqual(["done", "done"]);
  });

  it("pods that were not ready before do not count afterwards", async () => {
    await create(["cp1", "w1"]);
    cluster.upgradable("w1", { reboot: true });
    cluster.change(({ pods }) => pods.push({ name: "broken", node: "w1", of: "DaemonSet", ready: false }));
    await maintain(["w1"]);
    expect(cluster.status("w1")["result"]).toBe("done");
  });

  it("packages that cannot be upgraded: the well node is let in, and says what apt said", async () => {
    await create(["cp1", "w1"]);
    cluster.upgradable("w1");
    cluster.write("w1", "broken", "");
    await maintain(["w1"]);
    expect(cluster.status("w1")).toMatchObject({ result: "failed", missed: 1 });
    expect(cluster.status("w1")["why"]).toMatch(/^upgrading: E: Sub-process/);
    expect(Object.keys(rounds())).toEqual(["w1"]);
  });

  it("lists that cannot be read: nothing is drained, and it is tried again later in the window", async () => {
    await create(["cp1", "w1"]);
    cluster.upgradable("w1");
    cluster.write("w1", "no-lists", "");
    const { status, output } = await cluster.run("w1", "agent", "run");
    expect([status, output]).toEqual([1, "reading apt's lists of packages: E: Failed to fetch\n"]);
    expect(cluster.status("w1")).toMatchObject({ result: "failed", missed: 1 });
    expect((await cluster.run("w1", "agent", "run")).output).toBe("");
    fs.rmSync(cluster.host("w1", "no-lists"));
    cluster.write("w1", "state/status.json", JSON.stringify({ ...cluster.status("w1"), retryAt: 0 }));
    await maintain(["w1"]);
    expect(cluster.status("w1")).toMatchObject({ result: "done", missed: 0 });
  });

  it("people's own cordon stays", async () => {
    await create(["cp1", "w1"]);
    cluster.upgradable("w1");
    cluster.change(({ nodes }) => ((nodes["w1"] ?? expect.fail()).spec.unschedulable = true));
    await maintain(["w1"]);
    await cluster.run("cp1", "lock", "run");
    expect(cluster.state.nodes["w1"]?.spec.unschedulable).toBe(true);
    expect(cluster.holders()).toEqual([]);
  });

  it("an upgrade that drained a node, and a Node that is not Ready", async () => {
    await create(["cp1", "w1", "w2"]);
    const ask = JSON.stringify({ run: "now x", state: "asks", at: new Date().toISOString() });
    cluster.change(({ nodes }) => {
      (nodes["w1"] ?? expect.fail()).metadata.annotations[MAINTENANCE_ANNOTATIONS.asks] = ask;
      (nodes["w2"] ?? expect.fail()).metadata.annotations[UPGRADING] = "uncordon";
    });
    expect(cluster.python("cp1", "lock", "print(round_())")).toContain("an upgrade has drained w2");
    cluster.change(({ nodes }) => {
      const w2 = nodes["w2"] ?? expect.fail();
      w2.metadata.annotations = {};
      w2.ready = false;
    });
    expect(cluster.python("cp1", "lock", "print(round_())")).toContain("not Ready: w2");
    expect(cluster.holders()).toEqual([]);
  });
});

describe("the words of a node that fell into wrong hands", () => {
  const words = (value: unknown) =>
    cluster.change(({ nodes }) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      (nodes["w1"] ?? expect.fail()).metadata.annotations[MAINTENANCE_ANNOTATIONS.asks] = text;
    });

  it("are no lock of another node, and break nothing", async () => {
    await create(["cp1", "w1"]);
    const at = new Date().toISOString();
    for (const said of [
      "{",
      "[]",
      "7",
      { state: "asks", at, run: ["x"] },
      { state: "asks", at, run: "a\nb" },
      { state: "asks", at: 7, run: "x" },
    ]) {
      words(said);
      expect(cluster.python("cp1", "lock", "print(round_())"), JSON.stringify(said)).toBe("(False, '')\n");
    }
    words({ run: "now x", state: "asks", at });
    cluster.python("cp1", "lock", "round_()");
    words({ run: "now x", state: "failed", why: "\u001b[2J\n<0>all is lost" });
    const told = (await cluster.run("cp1", "lock", "status")).output;
    expect(told).toMatch(/does not come back: {2}\[2J <0>all is lost$/m);
  });
});

describe("a program that is killed", () => {
  it("goes on where it was, at four seeded moments", async () => {
    for (const [index, byte] of [...drawBytes(4)].entries()) {
      await create(["cp1", "w1", "w2"]);
      for (const name of ["w1", "w2"]) cluster.upgradable(name, { reboot: index % 2 === 0 });
      const killed = cluster.start("w1", "agent", "run");
      const end = new Promise((resolve) => killed.once("close", resolve));
      const timer = setTimeout(() => killed.kill("SIGKILL"), byte * 20);
      await cluster.whileLocksAreGiven(["cp1"], end);
      clearTimeout(timer);
      await maintain(["w1", "w2"]);
      const named = `moment ${index}: ${byte * 20} ms`;
      expect(
        ["w1", "w2"].map((name) => cluster.status(name)["result"]),
        named,
      ).toEqual(["done", "done"]);
      expect(
        Object.values(cluster.state.nodes).some(({ spec }) => spec.unschedulable),
        named,
      ).toBe(false);
      expect(["w1", "w2"].map(upgraded), named).toEqual([1, 1]);
      if (index < 3) await cluster.down();
    }
  });
});

describe("steps of Pulumi", () => {
  it("wait for a node that is at its maintenance, and keep others from it", async () => {
    await create(["cp1", "w1"]);
    const enter = () => cluster.run("cp1", "lock", "enter", "step1", "w2");
    expect((await enter()).status).toBe(0);
    const ask = (): void => {
      const text = JSON.stringify({ run: "now x", state: "asks", at: new Date().toISOString() });
      cluster.change(({ nodes }) => {
        (nodes["w1"] ?? expect.fail()).metadata.annotations[MAINTENANCE_ANNOTATIONS.asks] = text;
      });
    };
    ask();
    expect(cluster.python("cp1", "lock", "print(round_())")).toContain("pulumi up is changing w2");
    await cluster.run("cp1", "lock", "leave", "step1");
    await cluster.run("cp1", "lock", "leave", "a step that began elsewhere");
    const said = cluster.python("cp1", "lock", "print(round_())");
    expect(said).toContain("pulumi up is changing w2");
    expect(said).not.toContain("None");
    cluster.python("cp1", "lock", "QUIET = 0\nround_()");
    expect(cluster.holders()).toEqual(["w1"]);
    expect(await enter()).toEqual({ status: 3, output: "w1\n" });
  });

  it("do not wait for a node that does not come back, and release takes the lock from it", async () => {
    await create(["cp1", "w1"]);
    const holders = { w1: { run: "now x", since: "2026-01-01T00:00:00Z" } };
    cluster.python("cp1", "lock", `write_lease(None, ${JSON.stringify(holders)}, {})`);
    expect((await cluster.run("cp1", "lock", "enter", "step1", "w1")).status).toBe(0);
    const unknown = await cluster.run("cp1", "lock", "release", "w7");
    expect(unknown).toEqual({ status: 1, output: "node w7 does not have the drain lock; w1 has it\n" });
    expect((await cluster.run("cp1", "lock", "release", "w1")).status).toBe(0);
    expect(cluster.holders()).toEqual([]);
  });

  it("that were killed keep nobody waiting for more than an hour", async () => {
    await create(["cp1", "w1"]);
    const old = { machine: "w2", at: new Date(Date.now() - 3_601_000).toISOString() };
    cluster.python("cp1", "lock", `write_lease(None, {}, ${JSON.stringify({ old })})`);
    expect(cluster.python("cp1", "lock", "print(fresh(kept(read_lease(), CHANGES)))")).toBe("{}\n");
  });

  it("end before the host reboots", async () => {
    await create(["cp1", "w1"], { reboot: "always", packages: "none" });
    cluster.write("w1", "jobs", "pulumi-kubeadm-job.service loaded active running\n");
    const agent = cluster.start("w1", "agent", "run");
    let said = "";
    const waits = new Promise<void>((resolve) =>
      agent.stdout?.on("data", (data: Buffer) => {
        said += data.toString();
        if (said.includes("waiting for a step of Pulumi")) resolve();
      }),
    );
    await cluster.whileLocksAreGiven(["cp1"], waits);
    expect(reboots("w1")).toBe(0);
    const end = new Promise((resolve) => agent.once("close", resolve));
    fs.rmSync(cluster.host("w1", "jobs"));
    await end;
    expect(reboots("w1")).toBe(1);
  });
});
