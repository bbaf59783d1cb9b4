import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Hosts } from "../../../host/runner";
import { inTurn } from "../../../host/turn";
import { machine as machineOf } from "../../support/kubeadmSettings";
import { HANGS_AFTER } from "../../support/patience";
import { Machine, SshHost } from "./sshHost";

let machine: Machine;
let server: SshHost;
let open: Hosts[];
let said: string[];

beforeEach(async () => {
  machine = new Machine();
  // Nodes that carry the mark of an earlier run; a pause is long enough to be noticed, and no longer.
  machine.write("bin/kubectl", '#!/bin/sh\ncat "$ROOT/marked" 2>/dev/null\ntrue\n', 0o755);
  machine.write("bin/sleep", '#!/bin/sh\necho slept >>"$ROOT/slept"\nexec /bin/sleep 0.05\n', 0o755);
  server = await SshHost.start({ exec: machine.exec() });
  open = [];
  said = [];
});

afterEach(async () => {
  for (const hosts of open) hosts.close();
  await server.stop();
  machine.remove();
});

/** A step of its own, as a process of its own would be. */
function step(name: string, work: () => Promise<void>): { done: Promise<void>; hosts: Hosts } {
  const hosts = new Hosts(
    { connections: { cp1: server.connection() }, files: [] },
    HANGS_AFTER,
    () => undefined,
  );
  open.push(hosts);
  const say = (line: string) => said.push(line);
  return { hosts, done: inTurn({ hosts, say }, machineOf(name), "cp1", work) };
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

describe("turns of nodes that are drained", () => {
  it("come one after the other, and whoever waits says so", async () => {
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
    await until(() => said.length === 2);
    expect(said.sort()).toEqual(["w2", "w3"].map((name) => `${name}: waits until another node is upgraded`));
    first.open();
    await Promise.all([one.done, ...others]);
    expect(most).toBe(1);
  });

  it("end where one failed, and begin again in the next run", async () => {
    const started = gate();
    const failing = step("w1", async () => {
      started.open();
      await until(() => said.length === 1);
      throw new Error("the kubelet did not become healthy");
    });
    await started.passed;
    const refused = step("w2", () => Promise.reject(new Error("it was drained")));
    await Promise.all([
      expect(failing.done).rejects.toThrow("the kubelet did not become healthy"),
      expect(refused.done).rejects.toThrow("since the upgrade of w1 failed"),
    ]);
    // The next run is not within the same second.
    machine.write("run/pulumi-kubeadm/turn.failed", `${Math.floor(Date.now() / 1000) - 1} w1\n`);
    let ran = false;
    await step("w2", () => Promise.resolve(void (ran = true))).done;
    expect(ran).toBe(true);
  });

  it("are given back by a run that is killed", async () => {
    const entered = gate();
    const killed = step("w1", () => {
      entered.open();
      return new Promise(() => undefined);
    });
    void killed.done.catch(() => undefined);
    await entered.passed;
    const next = gate();
    const waiting = step("w2", () => Promise.resolve(next.open()));
    await until(() => said.length === 1);
    killed.hosts.close();
    await next.passed;
    await waiting.done;
  });

  it("go first to a node that an earlier run left drained", async () => {
    machine.write("marked", "w2\n");
    const order: string[] = [];
    const other = step("w1", () => Promise.resolve(void order.push("w1")));
    await until(() => machine.read("slept") !== "");
    const left = step("w2", () => {
      machine.write("marked", "");
      return Promise.resolve(void order.push("w2"));
    });
    await Promise.all([other.done, left.done]);
    expect(order).toEqual(["w2", "w1"]);
  });
});
