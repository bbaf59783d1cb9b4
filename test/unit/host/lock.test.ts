import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { NodeRecord } from "../../../host/protocol";
import { withDrainLock } from "../../../host/rollout";
import type { StillHeld } from "../../../host/lock";
import { Hosts } from "../../../host/runner";
import { RECORD_FILE } from "../../../model/node/shell";
import { knownCluster, nodeIdentity } from "../../support/fromSettings";
import { machine as worker, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { HANGS_AFTER } from "../../support/patience";
import { Machine, SshHost } from "./sshHost";

const cluster = "ab".repeat(32);
const names = ["w1", "w2", "w3"];
const settings = settingsOf({
  machines: [controlPlaneNode("cp1", 11), ...names.map((name) => worker(name))],
});
const LOCK = "run/pulumi-kubeadm/locks/drain";
const FAILED = "run/pulumi-kubeadm/locks/failed";
/** The first run, as the host names it. */
const RUN = createHash("sha256").update("run 1").digest("hex").slice(0, 16);

let machine: Machine;
let server: SshHost;
let open: Hosts[];
let said: string[];

beforeEach(async () => {
  machine = new Machine(["/etc/", "/var/lib/"]);
  machine.write("usr/local/bin/ss", "#!/bin/sh\n", 0o755);
  // Nodes that carry the mark of an earlier run.
  machine.write(
    "usr/local/bin/kubectl",
    '#!/bin/sh\necho asked >>"$ROOT/asked"\ncat "$ROOT/marked" 2>/dev/null\ntrue\n',
    0o755,
  );
  const own = settings.machines.find((one) => one.name === "cp1") ?? expect.fail();
  const node: NodeRecord = { ...nodeIdentity(settings, own, cluster), state: "joined" };
  machine.write(RECORD_FILE, JSON.stringify(node));
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
    done: withDrainLock({ spec: knownCluster(settings), hosts, cluster, say }, own, work, run),
  };
}

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
function lockOf(name: string, secondsAgo: number): void {
  machine.write(LOCK, `${up() - secondsAgo} ${name} 0123456789abcdef\n`);
}
const waiting = (name: string) => said.some((line) => line.startsWith(`${name}: waits for another node`));

describe("the drain lock", () => {
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
    expect(machine.read(LOCK)).toBe("");
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
    let ran = false;
    await step("w2", () => Promise.resolve(void (ran = true)), "run 2").done;
    expect(ran).toBe(true);
  });

  it("is refused where the change of its holder fails just as another machine takes it", async () => {
    lockOf("w1", 1);
    // What a step asks after it saw that nothing failed, and before it takes the lock.
    machine.write(
      "usr/local/bin/kubectl",
      `#!/bin/sh
if [ -s "$ROOT/${LOCK}" ]; then
  echo "${RUN} w1" >"$ROOT/${FAILED}"
  : >"$ROOT/${LOCK}"
fi
`,
      0o755,
    );
    const changed: string[] = [];
    const two = step("w2", () => Promise.resolve(void changed.push("w2")));
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
    lockOf("w2", 0);
    server.drop();
    await until(() => waiting("w1"));
    expect(said[0]).toBe("w1: another machine took the drain lock while cp1 could not be reached");
    drained.open();
    order.push("w2 ends");
    machine.write(LOCK, "");
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
    const [, , held = ""] = machine.read(LOCK).trim().split(" ");
    machine.write(LOCK, `0 w1 ${held}\n`);
    vi.advanceTimersByTime(20_000);
    await until(() => Number(machine.read(LOCK).split(" ")[0]) > 0);
    lockOf("w2", 0);
    vi.advanceTimersByTime(20_000);
    await until(() => waiting("w1"));
    drained.open();
    order.push("w2 ends");
    machine.write(LOCK, "");
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
    lockOf("w2", 0);
    server.drop();
    await until(() => waiting("w1"));
    machine.write(FAILED, `${RUN} w2\n`);
    refused.open();
    await expect(one.done).rejects.toThrow("because the change of w2 failed");
    expect(order).toEqual([]);
  });

  it("goes first to a node that an earlier run left drained", async () => {
    machine.write("marked", "w2\n");
    const order: string[] = [];
    const other = step("w1", () => Promise.resolve(void order.push("w1")));
    await until(() => machine.read("asked") !== "");
    const left = step("w2", () => {
      machine.write("marked", "");
      return Promise.resolve(void order.push("w2"));
    });
    await Promise.all([other.done, left.done]);
    expect(order).toEqual(["w2", "w1"]);
  });
});
