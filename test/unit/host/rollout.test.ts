import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NodeRecord } from "../../../host/protocol";
import { withChangeLock } from "../../../host/rollout";
import { Hosts } from "../../../host/runner";
import { wellScript } from "../../../model/lifecycle/well";
import { RECORD_FILE } from "../../../model/node/shell";
import { machine as worker, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { PaperNodes } from "./paperNodes";
import { Machine, SshHost } from "./sshHost";
import { nodeIdentity, knownCluster } from "../../support/fromSettings";

const cluster = "ab".repeat(32);
const names = ["cp1", "w1", "w2", "w3"];
const settingsWith = (maxUnavailable: number | string) =>
  settingsOf({
    machines: [controlPlaneNode("cp1", 11), ...names.slice(1).map((name) => worker(name))],
    rollout: { maxUnavailable },
  });

/** What a healthy host answers; `$ROOT/ill` makes its runtime start no pod. */
const STUBS: Readonly<Record<string, string>> = {
  ss: "exit 0",
  curl: "exit 0",
  crictl: `case "$1" in
  info) echo '{"status":{"conditions":[{"message":"","reason":"","status":true,"type":"RuntimeReady"},{"message":"","reason":"","status":true,"type":"NetworkReady"}]}}' ;;
  runp) [ ! -e "$ROOT/ill" ] || { echo "no such runtime" >&2; exit 1; }; echo pod-id ;;
  *) echo "$*" >>"$ROOT/ended" ;;
esac`,
  // A pause is long enough to be noticed, and no longer.
  sleep: "exec /bin/sleep 0.02",
};

let machines: Map<string, { host: Machine; server: SshHost }>;
let open: Hosts[];
let said: string[];

beforeEach(async () => {
  machines = new Map();
  open = [];
  said = [];
  const settings = settingsWith(1);
  for (const name of names) {
    const host = new Machine(["/etc/", "/var/lib/"]);
    for (const [program, body] of Object.entries(STUBS)) host.program(program, body);
    const own = settings.machines.find((one) => one.name === name) ?? expect.fail();
    const node: NodeRecord = { ...nodeIdentity(settings, own, cluster), state: "joined" };
    host.write(RECORD_FILE, JSON.stringify(node));
    host.write("etc/kubernetes/kubelet.conf", "");
    const nodes = new PaperNodes(`${host.root}/nodes`);
    nodes.on(host);
    nodes.add("control-plane", "cp1");
    nodes.add("general", ...names.slice(1));
    machines.set(name, { host, server: await SshHost.start({ exec: host.exec() }) });
  }
});

afterEach(async () => {
  for (const one of open) one.close();
  for (const { host, server } of machines.values()) {
    await server.stop();
    host.remove();
  }
});

const host = (name: string): Machine => machines.get(name)?.host ?? expect.fail(name);

/** A step, as a process of its own would be. */
function step(
  name: string,
  work: (look: () => Promise<void>) => Promise<void>,
  { maxUnavailable = 1, run = "run 1" }: { maxUnavailable?: number | string; run?: string } = {},
): { done: Promise<void>; hosts: Hosts } {
  const settings = settingsWith(maxUnavailable);
  const connections = Object.fromEntries(
    [...machines].map(([one, { server }]) => [one, server.connection()]),
  );
  const hosts = new Hosts({ connections, files: [] }, 20_000, () => undefined);
  open.push(hosts);
  const say = (line: string) => said.push(line);
  const own = settings.machines.find((one) => one.name === name) ?? expect.fail(name);
  const look = () => hosts.job(name, { name: "looking whether the node is well", script: wellScript(own) });
  const spec = { ...knownCluster(settings), rollout: settings.rollout };
  return {
    hosts,
    done: withChangeLock({ spec, hosts, cluster, say }, own, () => work(look), run),
  };
}

function gate(): { open: () => void; passed: Promise<void> } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, passed };
}

const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await new Promise((wake) => setTimeout(wake, 10));
};
const waits = () => said.filter((line) => line.includes("waits until")).length;

describe("a change of living nodes", () => {
  it.each([
    [1, 1],
    [2, 2],
    ["10%", 1],
    ["67%", 2],
    ["100%", 3],
  ])("with maxUnavailable %s goes over %i of three workers at a time", async (maxUnavailable, slots) => {
    let inside = 0;
    let most = 0;
    const first = gate();
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await first.passed;
      inside -= 1;
    };
    const all = names.slice(1).map((name) => step(name, work, { maxUnavailable }).done);
    await until(() => inside === slots && waits() === 3 - slots);
    first.open();
    await Promise.all(all);
    expect(most).toBe(slots);
  });

  it("does not let workers wait for each other's sake where a control-plane node has its own lock", async () => {
    const inside = gate();
    const end = gate();
    const plane = step("cp1", async () => {
      inside.open();
      await end.passed;
    });
    await inside.passed;
    await step("w1", () => Promise.resolve()).done;
    end.open();
    await plane.done;
  });

  it("stops at the first that does not get well: those that wait and those that come later are left alone", async () => {
    host("w1").write("ill", "");
    const started = gate();
    const failing = step("w1", async (look) => {
      started.open();
      await until(() => waits() === 1);
      await look();
    });
    await started.passed;
    const changed: string[] = [];
    const waiting = step("w2", () => Promise.resolve(void changed.push("w2")));
    await Promise.all([
      expect(failing.done).rejects.toThrow(/starts no pod after the change: no such runtime/),
      expect(waiting.done).rejects.toThrow("was not changed, because the change of w1 failed"),
    ]);
    await expect(step("w3", () => Promise.resolve(void changed.push("w3"))).done).rejects.toThrow(
      "change of w1 failed",
    );
    expect(changed).toEqual([]);
    await step("w3", () => Promise.resolve(void changed.push("w3")), { run: "run 2" }).done;
    expect(changed).toEqual(["w3"]);
  });

  it("stops where the work itself fails", async () => {
    await expect(
      step("w1", () => Promise.reject(new Error("containerd does not start"))).done,
    ).rejects.toThrow("containerd does not start");
    await expect(step("w2", () => Promise.resolve()).done).rejects.toThrow("change of w1 failed");
  });

  it("takes its place from no control-plane node that was reset by hand, though its record is there", async () => {
    fs.rmSync(`${host("cp1").root}/etc/kubernetes/kubelet.conf`);
    await expect(step("w1", () => Promise.resolve()).done).rejects.toThrow(
      "cp1 has no /etc/kubernetes/kubelet.conf any more",
    );
  });

  it("comes back to the same lock when its connection broke off", async () => {
    const both = gate();
    const ends = [gate(), gate()];
    let inside = 0;
    const steps = ["w1", "w2"].map(
      (name, index) =>
        step(
          name,
          async () => {
            if (++inside === 2) both.open();
            await ends[index]?.passed;
          },
          { maxUnavailable: 2 },
        ).done,
    );
    await both.passed;
    const waiting = step("w3", () => Promise.resolve(void (inside += 1)), { maxUnavailable: 2 });
    await until(() => waits() === 1);
    ends[0]?.open();
    await waiting.done;
    // One lock is free by now, and the step that goes on keeps the other one alone.
    machines.get("cp1")?.server.drop();
    const lock = (name: string) => host("cp1").read(`run/pulumi-kubeadm/locks/holders/${name}`);
    ends[1]?.open();
    await Promise.all(steps);
    expect([lock("w1"), lock("w2")]).toEqual(["", ""]);
  });

  it("leaves no pod of its own behind", async () => {
    await step("w1", (look) => look()).done;
    expect(host("w1").read("ended")).toBe("stopp pod-id\nrmp pod-id\n");
  });
});
