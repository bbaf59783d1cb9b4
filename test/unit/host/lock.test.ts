import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { NodeRecord } from "../../../host/protocol";
import { withDrainLock } from "../../../host/rollout";
import { LEAVING_TAINT } from "../../../model/lifecycle/draining";
import { INTENDED_FILE, intended } from "../../../model/lifecycle/intended";
import type { DrainingChange, MaxUnavailable } from "../../../model/lifecycle/lock";
import type { StillHeld } from "../../../host/lock";
import { Hosts } from "../../../host/runner";
import { RECORD_FILE } from "../../../model/node/shell";
import { PaperNodes } from "./paperNodes";
import { knownCluster, nodeIdentity } from "../../support/fromSettings";
import { machine as worker, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { HANGS_AFTER } from "../../support/patience";
import { Machine, SshHost } from "./sshHost";

/** How many of `total` may be unavailable. */
function portion(maxUnavailable: MaxUnavailable, total: number): number {
  const share = /^(\d+)%$/.exec(String(maxUnavailable))?.[1];
  return Math.max(
    1,
    share === undefined ? Number(maxUnavailable) : Math.floor((total * Number(share)) / 100),
  );
}

const cluster = "ab".repeat(32);
const names = ["w1", "w2", "w3"];
const settings = settingsOf({
  machines: [controlPlaneNode("cp1", 11), ...[...names, "w4", "w5"].map((name) => worker(name))],
});
const lockFile = (name: string): string => `run/pulumi-kubeadm/locks/holders/${name}`;
const FAILED = "run/pulumi-kubeadm/locks/failed";
/** The first run, as the host names it. */
const RUN = createHash("sha256").update("run 1").digest("hex").slice(0, 16);

let machine: Machine;
let nodes: PaperNodes;
let server: SshHost;
let open: Hosts[];
let said: string[];

beforeEach(async () => {
  machine = new Machine(["/etc/", "/var/lib/"]);
  machine.program("ss", "");
  nodes = new PaperNodes(`${machine.root}/nodes`);
  nodes.on(machine);
  nodes.add("control-plane", "cp1");
  nodes.add("general", ...names);
  const own = settings.machines.find((one) => one.name === "cp1") ?? expect.fail();
  const node: NodeRecord = { ...nodeIdentity(settings, own, cluster), state: "joined" };
  machine.write(RECORD_FILE, JSON.stringify(node));
  machine.write("etc/kubernetes/kubelet.conf", "");
  server = await SshHost.start({ exec: machine.exec() });
  open = [];
  said = [];
});

afterEach(async () => {
  vi.useRealTimers();
  for (const hosts of open) hosts.close();
  await server.stop();
  machine.remove();
});

/** A step, as a process of its own would be. */
function step(
  name: string,
  work: (stillHeld: StillHeld) => Promise<void>,
  run = "run 1",
  over: Partial<DrainingChange> = {},
): { done: Promise<void>; hosts: Hosts } {
  const hosts = new Hosts(
    { connections: { cp1: server.connection() }, files: [] },
    HANGS_AFTER,
    () => undefined,
  );
  open.push(hosts);
  const say = (line: string) => said.push(line);
  const own = settings.machines.find((one) => one.name === name) ?? expect.fail();
  return {
    hosts,
    done: withDrainLock(
      { spec: knownCluster(settings), hosts, cluster, say },
      own,
      { ...change, ...over },
      inAndOut(name, work),
      { run },
    ),
  };
}

const change = { target: "v1.36.4", maxUnavailable: 1 };
/** What has ended well has let its node in again. */
const inAndOut =
  (name: string, work: (stillHeld: StillHeld) => Promise<void>) =>
  async (stillHeld: StillHeld): Promise<void> => {
    await work(stillHeld);
    nodes.set(name, "mark", undefined);
  };

/** Something to wait for from outside. */
function gate(): { open: () => void; passed: Promise<void> } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, passed };
}

const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await new Promise((wake) => setTimeout(wake, 10));
};

/** Seconds since the host's start, by which locks go. */
const up = (): number => Math.floor(Number(fs.readFileSync("/proc/uptime", "utf8").split(" ")[0]));
/** Whose lock it is, and how long ago that step was heard from. */
function lockOf(name: string, secondsAgo: number, run = RUN): void {
  machine.write(
    lockFile(name),
    `${up() - secondsAgo} ${name} 0123456789abcdef ${name} worker.general no ${run} drain\n`,
  );
}
/** The time in which w1 could come back is over, and another machine has begun. */
function takenBy(name: string): void {
  machine.write(lockFile("w1"), "");
  lockOf(name, 0);
}
const waiting = (name: string) => said.some((line) => line.startsWith(`${name}: waits for other nodes`));

describe("the drain lock", () => {
  it("is held by its script, whatever root's .bashrc does", async () => {
    machine.write(".bashrc", "echo welcome; exit 3\n");
    await expect(step("w1", () => Promise.resolve()).done).resolves.toBeUndefined();
  });

  it("is held by one machine after the other, and whoever waits says so", async () => {
    let inside = 0;
    let most = 0;
    const first = gate();
    const entered = gate();
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      entered.open();
      await first.passed;
      inside -= 1;
    };
    const one = step("w1", work);
    await entered.passed;
    const others = ["w2", "w3"].map((name) => step(name, work).done);
    await until(() => waiting("w2") && waiting("w3"));
    first.open();
    await Promise.all([one.done, ...others]);
    expect(most).toBe(1);
    for (const name of names) expect(machine.read(lockFile(name))).toBe("");
  });

  it("is refused to all other machines of a run in which one failed, and not in the next", async () => {
    const started = gate();
    const failing = step("w1", async () => {
      started.open();
      await until(() => waiting("w2"));
      throw new Error("the kubelet did not become healthy");
    });
    await started.passed;
    const never = () => Promise.reject(new Error("it was drained"));
    await Promise.all([
      expect(failing.done).rejects.toThrow("the kubelet did not become healthy"),
      expect(step("w2", never).done).rejects.toThrow("because the change of w1 failed"),
    ]);
    await expect(step("w3", never).done).rejects.toThrow("because the change of w1 failed");
    const next: string[] = [];
    for (const name of ["w1", "w2"])
      await step(name, () => Promise.resolve(void next.push(name)), "run 2").done;
    expect(next).toEqual(["w1", "w2"]);
  });

  it("is refused where the change of its holder fails just as another machine takes it", async () => {
    lockOf("w1", 1);
    // Where a share is given, a step asks how many nodes there are after it saw that nothing failed, and before it takes the lock.
    machine.write(
      "instead",
      `if [ -s "$ROOT/${lockFile("w1")}" ]; then
  echo "${RUN} w1" >"$ROOT/${FAILED}"
  : >"$ROOT/${lockFile("w1")}"
fi
`,
    );
    const changed: string[] = [];
    const two = step("w2", () => Promise.resolve(void changed.push("w2")), "run 1", {
      maxUnavailable: "50%",
    });
    await expect(two.done).rejects.toThrow("because the change of w1 failed");
    expect(changed).toEqual([]);
  });

  it("stays with a step whose connection broke off", async () => {
    const entered = gate();
    const end = gate();
    const order: string[] = [];
    const one = step("w1", async (stillHeld) => {
      entered.open();
      await end.passed;
      await stillHeld();
      order.push("w1");
    });
    await entered.passed;
    const two = step("w2", () => Promise.resolve(void order.push("w2")));
    await until(() => waiting("w2"));
    const dials = server.dials;
    server.drop();
    // Both are back, and the one that waited has found the lock taken again.
    await until(
      () => server.dials === dials + 2 && said.filter((line) => line.startsWith("w2")).length === 2,
    );
    end.open();
    await Promise.all([one.done, two.done]);
    expect(order).toEqual(["w1", "w2"]);
    expect(said.filter((line) => line.startsWith("w1"))).toEqual([]);
  });

  it("goes to another machine three minutes after the last word of a run that was killed, and not before", async () => {
    lockOf("w1", 120);
    const entered = gate();
    const two = step("w2", () => Promise.resolve(entered.open()));
    await until(() => waiting("w2"));
    lockOf("w1", 200);
    await entered.passed;
    await two.done;
  });

  it("goes to the same machine at once, whose former run has ended", async () => {
    lockOf("w1", 1);
    await step("w1", () => Promise.resolve()).done;
    expect(said).toEqual([]);
  });

  it("that was taken over lets the former holder begin nothing before it is back", async () => {
    const entered = gate();
    const drained = gate();
    const order: string[] = [];
    const one = step("w1", async (stillHeld) => {
      entered.open();
      await drained.passed;
      await stillHeld();
      order.push("w1 is upgraded");
    });
    await entered.passed;
    takenBy("w2");
    server.drop();
    await until(() => waiting("w1"));
    expect(said[0]).toBe("w1: another machine took the drain lock while cp1 could not be reached");
    drained.open();
    order.push("w2 ends");
    machine.write(lockFile("w2"), "");
    await one.done;
    expect(order).toEqual(["w2 ends", "w1 is upgraded"]);
  });

  it("is renewed by each word of its holder, which so notices that another one has it", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const entered = gate();
    const drained = gate();
    const order: string[] = [];
    const one = step("w1", async (stillHeld) => {
      entered.open();
      await drained.passed;
      await stillHeld();
      order.push("w1 is upgraded");
    });
    await entered.passed;
    const [, , held = ""] = machine.read(lockFile("w1")).trim().split(" ");
    const before = up() - 60;
    machine.write(lockFile("w1"), `${before} w1 ${held} w1 worker.general yes ${RUN} drain\n`);
    vi.advanceTimersByTime(20_000);
    await until(() => Number(machine.read(lockFile("w1")).split(" ")[0]) > before);
    takenBy("w2");
    vi.advanceTimersByTime(20_000);
    await until(() => waiting("w1"));
    drained.open();
    order.push("w2 ends");
    machine.write(lockFile("w2"), "");
    await one.done;
    expect(order).toEqual(["w2 ends", "w1 is upgraded"]);
  });

  it("that cannot be had again ends a step before it goes on", async () => {
    const entered = gate();
    const refused = gate();
    const order: string[] = [];
    const one = step("w1", async (stillHeld) => {
      entered.open();
      await refused.passed;
      await stillHeld();
      order.push("w1 is upgraded");
    });
    await entered.passed;
    takenBy("w2");
    server.drop();
    await until(() => waiting("w1"));
    machine.write(FAILED, `${RUN} w2\n`);
    refused.open();
    await expect(one.done).rejects.toThrow("because the change of w2 failed");
    expect(order).toEqual([]);
  });

  it("goes first to a node that an earlier run left drained", async () => {
    nodes.set("w2", "mark", "uncordon");
    const order: string[] = [];
    const other = step("w1", () => Promise.resolve(void order.push("w1")));
    await until(() => machine.read("asked") !== "");
    const left = step("w2", () => Promise.resolve(void order.push("w2")));
    await Promise.all([other.done, left.done]);
    expect(order).toEqual(["w2", "w1"]);
  });

  it("marks the node before it is drained, by what becomes of it, and leaves the mark of one that did not get well", async () => {
    nodes.set("w2", "cordoned", "");
    const marks: (string | undefined)[] = [];
    await step("w1", () => Promise.resolve(void marks.push(nodes.get("w1", "mark")))).done;
    await step("w2", () => Promise.resolve(void marks.push(nodes.get("w2", "mark")))).done;
    const ill = step("w3", () => Promise.reject(new Error("it is not Ready")));
    await expect(ill.done).rejects.toThrow("it is not Ready");
    expect([...marks, nodes.get("w3", "mark")]).toEqual(["uncordon", "stay", "uncordon"]);
    expect(names.map((name) => nodes.get(name, "well"))).toEqual(["v1.36.4", "v1.36.4", undefined]);
  });
});

describe("the bound of a pool", () => {
  const more = { maxUnavailable: 2 };
  const never = () => Promise.reject(new Error("it was drained"));
  const entersAndEnds = (name: string, over: Partial<DrainingChange> = more) => {
    const entered = gate();
    const end = gate();
    const { done } = step(
      name,
      async () => {
        entered.open();
        await end.passed;
      },
      "run 1",
      over,
    );
    return { entered: entered.passed, end: end.open, done };
  };
  /** The lock has been looked at again since. */
  const looked = async (): Promise<void> => {
    machine.write("asked", "");
    await until(() => machine.read("asked").split("\n").length > 2);
  };

  it("lets the first node go alone, and the others together once it is well", async () => {
    const first = entersAndEnds("w1");
    await first.entered;
    const others = ["w2", "w3"].map((name) => entersAndEnds(name));
    await until(() => waiting("w2") && waiting("w3"));
    first.end();
    await Promise.all(others.map(({ entered }) => entered));
    for (const { end } of others) end();
    await Promise.all([first, ...others].map(({ done }) => done));
  });

  it("lets the first node of each change go alone", async () => {
    for (const name of names) nodes.set(name, "well", "v1.35.8");
    const first = entersAndEnds("w1");
    await first.entered;
    const other = entersAndEnds("w2");
    await until(() => waiting("w2"));
    first.end();
    await other.entered;
    other.end();
    await Promise.all([first.done, other.done]);
  });

  it("is that of its own pool", async () => {
    nodes.add("gpu", "g1");
    nodes.set("g1", "unready", "");
    const first = entersAndEnds("w1", {});
    await first.entered;
    first.end();
    await first.done;
  });

  it.each([
    ["is not Ready", "unready", "", "w3 is not Ready. Mend w3, or remove it from the settings"],
    [
      "was left drained",
      "mark",
      "uncordon",
      "w3 was left cordoned by an earlier run. Let the step of w3 run first: raise --parallel, or name it with --target",
    ],
  ] as const)(
    "counts a node that %s, and says so where no step works on it",
    async (_, fact, value, words) => {
      nodes.set("w3", fact, value);
      machine.losePatience();
      await expect(step("w1", never, "run 1", {}).done).rejects.toThrow(
        `was not changed: 1 of the 3 nodes of pool general may be unavailable at a time, and ${words}. Then run up again`,
      );
      expect(nodes.get("w1", "mark")).toBeUndefined();
    },
  );

  it("waits for none of two nodes that a killed run works on, but counts both", async () => {
    for (const name of ["w1", "w2"]) {
      nodes.set(name, "mark", "uncordon");
      lockOf(name, 1, "another");
    }
    nodes.set("w3", "well", "v1.36.4");
    const first = entersAndEnds("w1");
    await first.entered;
    const [second, third] = [entersAndEnds("w2"), entersAndEnds("w3")];
    await until(() => waiting("w2") && waiting("w3"));
    first.end();
    await second.entered;
    second.end();
    await third.entered;
    third.end();
    await Promise.all([first, second, third].map(({ done }) => done));
  });

  it("lets a node go that is not Ready itself, whatever else is", async () => {
    for (const name of ["w1", "w3"]) nodes.set(name, "unready", "");
    await step("w1", () => Promise.resolve(), "run 1", {}).done;
  });

  it("waits while a node that is not Ready may come back", async () => {
    nodes.set("w3", "unready", "");
    const one = entersAndEnds("w1", {});
    await until(() => waiting("w1"));
    nodes.set("w3", "unready", undefined);
    await one.entered;
    one.end();
    await one.done;
  });

  it("lets the step of a node that people deleted say so, instead of waiting", async () => {
    nodes.remove("w1");
    await expect(step("w1", () => Promise.reject(new Error('nodes "w1" not found'))).done).rejects.toThrow(
      'nodes "w1" not found',
    );
  });

  it("lets nobody begin while the API does not answer", async () => {
    machine.write("api-silent", "");
    const one = entersAndEnds("w1");
    await until(() => waiting("w1"));
    fs.rmSync(`${machine.root}/api-silent`);
    await one.entered;
    one.end();
    await one.done;
  });

  it("is kept where a step that asks another control-plane node marks its node at the same moment", async () => {
    for (const name of names) nodes.set(name, "well", "v1.36.4");
    // Between the look of this step and its own mark.
    machine.write(
      "instead",
      `case "$*" in *unschedulable*) [ -e "$ROOT/once" ] || printf uncordon >"$NODES/general/w3/mark"; touch "$ROOT/once" ;; esac\n`,
    );
    const one = entersAndEnds("w1", {});
    await until(() => waiting("w1"));
    await looked();
    expect(nodes.get("w1", "mark")).toBeUndefined();
    nodes.set("w3", "mark", undefined);
    await one.entered;
    one.end();
    await one.done;
  });

  it("is one for control-plane nodes, whatever the settings say of workers", async () => {
    nodes.add("control-plane", "cp2");
    nodes.set("cp2", "unready", "");
    machine.losePatience();
    await expect(step("cp1", never, "run 1", more).done).rejects.toThrow(
      "was not changed: 1 of the 2 control-plane nodes may be unavailable at a time, and cp2 is not Ready",
    );
  });

  it("is a share of the pool, rounded down, and one at least, as its script counts it", async () => {
    const given = fc.oneof(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 100 }).map((share) => `${share}%`),
    );
    const rows = fc.sample(fc.tuple(given, fc.nat(5000)), 300);
    const text = fs
      .readFileSync("model/lifecycle/scripts/lock.sh", "utf8")
      .replace(/^[^]*?(?=^bound\(\) \{)/m, "")
      .replace(/^\}\n[^]*$/m, "}\n");
    const { stdout } = await promisify(execFile)("bash", [
      "-c",
      `${text}${rows.map(([max, total]) => `max_unavailable=${max}; bound ${total}`).join("\n")}`,
    ]);
    const counted = stdout.trim().split("\n").map(Number);
    expect(counted).toEqual(rows.map(([max, total]) => portion(max, total)));
    for (const [index, [max, total]] of rows.entries()) {
      const most = typeof max === "number" ? max : (total * Number.parseInt(max, 10)) / 100;
      expect(counted[index]).toBeLessThanOrEqual(Math.max(1, most));
      expect(counted[index]).toBeGreaterThan(Math.max(0, most - 1));
    }
  });
});

/** What the settings have by now. */
const declare = (...left: readonly string[]): void =>
  machine.write(
    INTENDED_FILE.slice(1),
    JSON.stringify(
      intended(
        cluster,
        settings.machines.filter(({ name }) => ["cp1", ...left].includes(name)),
        {},
        0,
      ),
    ),
  );

describe("a node that leaves", () => {
  const leaves = { target: undefined };
  const more = { ...leaves, maxUnavailable: 2 };
  const never = () => Promise.reject(new Error("it was drained"));
  it("drains together with as many others as may be away, and none goes first alone", async () => {
    declare("w1");
    const entered = new Set<string>();
    const both = gate();
    const work = (name: string) => async (): Promise<void> => {
      entered.add(name);
      if (entered.size === 2) both.open();
      await both.passed;
    };
    await Promise.all(["w2", "w3"].map((name) => step(name, work(name), "run 1", more).done));
    expect([nodes.get("w2", "well"), nodes.get("w3", "well")]).toEqual([undefined, undefined]);
  });

  it("waits for one that is changed, says for which, and is no place for pods meanwhile", async () => {
    declare("w1", "w2");
    const entered = gate();
    const end = gate();
    const changed = step("w1", async () => {
      entered.open();
      await end.passed;
    });
    await entered.passed;
    const order: string[] = [];
    const leaving = step("w3", () => Promise.resolve(void order.push("w3")), "run 1", leaves);
    // What a host says takes its way to whoever listens.
    await until(() => nodes.get("w3", "leaving") !== undefined && said.length > 0);
    expect(said).toEqual([
      "w3: waits for other nodes before it leaves: maxUnavailable of pool general is 1. It waits for w1",
    ]);
    expect([nodes.get("w3", "leaving"), nodes.get("w3", "mark")]).toEqual([LEAVING_TAINT, undefined]);
    order.push("w1");
    end.open();
    await Promise.all([changed.done, leaving.done]);
    expect(order).toEqual(["w1", "w3"]);
  });

  it.each([
    ["is not Ready", "unready", ""],
    ["was cut off while it left", "mark", "uncordon"],
  ] as const)("keeps no other one waiting that stays, where it %s", async (_, fact, value) => {
    declare("w1", "w2");
    nodes.set("w3", fact, value);
    await step("w1", () => Promise.resolve(), "run 2").done;
    expect(said).toEqual([]);
  });

  it("keeps others waiting while its step has the lock, although the settings do not have it", async () => {
    declare("w1", "w2");
    const entered = gate();
    const end = gate();
    const leaving = step(
      "w3",
      async () => {
        entered.open();
        await end.passed;
      },
      "run 1",
      leaves,
    );
    await entered.passed;
    expect(nodes.get("w3", "mark")).toBe("uncordon");
    const order: string[] = [];
    const changed = step("w1", () => Promise.resolve(void order.push("w1")));
    await until(() => waiting("w1"));
    order.push("w3");
    end.open();
    await Promise.all([changed.done, leaving.done]);
    expect(order).toEqual(["w3", "w1"]);
  });

  it("comes after one that a killed run left on its way out, but not for ever", async () => {
    declare("w1");
    nodes.set("w2", "mark", "uncordon");
    const order: string[] = [];
    const other = step("w3", () => Promise.resolve(void order.push("w3")), "run 2", leaves);
    await until(() => machine.read("asked") !== "");
    const left = step("w2", () => Promise.resolve(void order.push("w2")), "run 2", leaves);
    await Promise.all([other.done, left.done]);
    expect(order).toEqual(["w2", "w3"]);
    nodes.set("w2", "mark", "uncordon");
    machine.losePatience();
    await step("w3", () => Promise.resolve(), "run 3", leaves).done;
  });

  it("stays where nodes that stay leave no room, and takes pods as before", async () => {
    declare("w1", "w2");
    nodes.set("w1", "unready", "");
    machine.losePatience();
    await expect(step("w3", never, "run 1", leaves).done).rejects.toThrow(
      "is not removed, and nothing was changed: 1 of the 3 nodes of pool general may be unavailable at a time, and w1 is not Ready. " +
        "Mend w1, or remove it from the settings. Then run up again",
    );
    await until(() => nodes.get("w3", "leaving") === undefined);
    expect(nodes.get("w3", "mark")).toBeUndefined();
  });

  it("stays where the change of another one failed", async () => {
    declare("w1", "w2");
    const entered = gate();
    const failed = gate();
    const failing = step("w1", async () => {
      entered.open();
      await failed.passed;
      throw new Error("it is not Ready");
    });
    await entered.passed;
    const leaving = step("w3", never, "run 1", leaves).done;
    await until(() => nodes.get("w3", "leaving") !== undefined);
    failed.open();
    await expect(failing.done).rejects.toThrow("it is not Ready");
    await expect(leaving).rejects.toThrow("because the change of w1 failed");
    await until(() => nodes.get("w3", "leaving") === undefined);
  });

  it.each([
    ["takes pods again: its mark goes", undefined, undefined, undefined],
    ["stays cordoned: its mark stays", "", undefined, "uncordon"],
    ["was cordoned by people: its mark goes, and the cordon is theirs", "", "people", undefined],
  ])("whose removal fails %s", async (_, after, by, mark) => {
    declare("w1", "w2");
    if (by !== undefined) nodes.set("w3", "cordoned", "");
    const leaving = step(
      "w3",
      () => {
        nodes.set("w3", "cordoned", after);
        return Promise.reject(new Error("etcdserver: request timed out"));
      },
      "run 1",
      leaves,
    );
    await expect(leaving.done).rejects.toThrow("request timed out");
    await machine.idle();
    expect(nodes.get("w3", "mark")).toBe(mark);
  });

  it("whose Node a job of a killed run has deleted meanwhile, goes on, whatever is away", async () => {
    declare("w1", "w2");
    nodes.set("w1", "unready", "");
    nodes.remove("w3");
    const order: string[] = [];
    await step("w3", () => Promise.resolve(void order.push("w3")), "run 2", leaves).done;
    expect(order).toEqual(["w3"]);
  });

  it("does not wait for ever for an API that does not answer", async () => {
    declare("w1", "w2");
    machine.write("api-silent", "");
    machine.losePatience();
    await expect(step("w3", never, "run 1", leaves).done).rejects.toThrow(
      "is not removed, and nothing was changed: the API does not answer on cp1, so nobody knows which nodes are away",
    );
  });
});

describe("runs that are killed at seeded moments", () => {
  const pool = ["w1", "w2", "w3", "w4", "w5"];
  const away = () => pool.filter((name) => nodes.get(name, "cordoned") !== undefined).length;

  /** A run that is killed once so many nodes have got through, with what is under way. */
  function killedAfter(count: number) {
    let [left, killed, most] = [count, false, 0];
    const kill = gate();
    const forever = () => new Promise<void>(() => undefined);
    return {
      /** The most nodes that were away at a time. */
      most: () => most,
      drain: async (name: string, through: () => void): Promise<void> => {
        if (killed) return forever();
        nodes.set(name, "cordoned", "");
        most = Math.max(most, away());
        await new Promise((wake) => setTimeout(wake, Math.random() * 150));
        if (left === 0 || killed) {
          killed = true;
          kill.open();
          return forever();
        }
        left -= 1;
        through();
      },
      end: async (steps: readonly ReturnType<typeof step>[]): Promise<void> => {
        await Promise.race([kill.passed, Promise.allSettled(steps.map((one) => one.done))]);
        killed = true;
        for (const { hosts } of steps) {
          // Whoever is killed does not dial again.
          vi.spyOn(hosts, "session").mockReturnValue(new Promise(() => undefined));
          hosts.close();
        }
        await machine.idle();
      },
    };
  }

  it.each([1, 2, "50%"])(
    "never have more than maxUnavailable %s of five nodes away, and all get the change",
    async (maxUnavailable) => {
      nodes.add("general", "w4", "w5");
      const limit = portion(maxUnavailable, pool.length);
      const done = new Set<string>();
      for (let run = 1; done.size < pool.length; run += 1) {
        expect(run).toBeLessThan(20);
        // The last ones end by themselves.
        const { drain, end, most } = killedAfter(1 + Math.floor(Math.random() * 3));
        const through = (name: string): void => {
          nodes.set(name, "cordoned", undefined);
          nodes.set(name, "mark", undefined);
          done.add(name);
        };
        const waiting = pool.filter((name) => !done.has(name));
        await end(
          waiting.map((name) =>
            step(name, () => drain(name, () => through(name)), `run ${run}`, { maxUnavailable }),
          ),
        );
        expect(most()).toBeLessThanOrEqual(limit);
      }
      expect(away()).toBe(0);
    },
  );

  it.each([1, 2])(
    "never have more than %s of three nodes that leave away, and all leave",
    async (maxUnavailable) => {
      nodes.add("general", "w4", "w5");
      declare("w1", "w2");
      const there = new Set(["w3", "w4", "w5"]);
      for (let run = 1; there.size > 0; run += 1) {
        expect(run).toBeLessThan(20);
        const { drain, end, most } = killedAfter(Math.floor(Math.random() * 3));
        const through = (name: string): void => {
          there.delete(name);
          nodes.remove(name);
        };
        const leaves = { target: undefined, maxUnavailable };
        await end(
          [...there].map((name) => step(name, () => drain(name, () => through(name)), `run ${run}`, leaves)),
        );
        expect(most()).toBeLessThanOrEqual(maxUnavailable);
      }
    },
  );
});
