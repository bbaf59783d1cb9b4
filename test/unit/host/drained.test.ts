/** A living node whose pods have to go before its kubelet starts anew, and hosts that are half a node when their setup goes. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeStepSpec, setupSpec } from "../../../components/machines/specs";
import type { NodeRecord, Operation } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { nodeLifecycle } from "../../../host/steps/node";
import { setup } from "../../../host/steps/setup";
import { RECORD_FILE, SETUP_FILE } from "../../../model/node/shell";
import { undoFolder } from "../../../model/node/undo";
import { knownCluster, nodeIdentity } from "../../support/fromSettings";
import { controlPlaneNode, machine, settingsOf } from "../../support/kubeadmSettings";
import { Machine, SshHost } from "./sshHost";

const cluster = "ab".repeat(32);
const settings = settingsOf({ machines: [controlPlaneNode("cp1", 11), machine("w1")] });
const own = (name: string) => settings.machines.find((one) => one.name === name) ?? expect.fail(name);

let folder: string;
let machines: Map<string, { host: Machine; server: SshHost }>;
let open: Hosts[];

/** What a job's script is for; it would change this machine. */
function instead(name: string, script: string): string {
  const jobs: readonly [mark: string, does: string][] = [
    ['drain "$drain_timeout" || note', `${name} drains w1`],
    ["labels and taints of", `${name} adopts w1`],
    ["did not uncordon", `${name} lets w1 in`],
    ["check() (\n:\n)", `${name} is configured, and not looked at`],
    ["kubeadm upgrade node", `${name} is configured`],
    ['phase "kubeadm reset"', `${name} is reset`],
    [`rm -f ${SETUP_FILE}`, `${name} is cleaned`],
    ['mv -T "$undo.ended" "$undo"', `${name} is put back`],
  ];
  const found = jobs.find(([mark]) => script.includes(mark));
  if (found === undefined) return script;
  return `echo "${found[1]}" >>"${folder}/log"\n! grep -qxF "${found[1]}" "${folder}/fails" 2>/dev/null\n`;
}

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "drained-"));
  machines = new Map();
  open = [];
  for (const { name } of settings.machines) {
    const host = new Machine(["/etc/", "/var/lib/"], (script) => instead(name, script));
    for (const program of ["ss", "kubectl", "crictl"]) host.program(program, "exit 0");
    host.write("etc/kubernetes/kubelet.conf", "");
    host.write(SETUP_FILE, JSON.stringify({ machine: name, revision: 1, digest: "" }));
    machines.set(name, { host, server: await SshHost.start({ exec: host.exec() }) });
    record(name, "joined");
  }
});
afterEach(async () => {
  for (const one of open) one.close();
  for (const { host, server } of machines.values()) {
    await server.stop();
    host.remove();
  }
  fs.rmSync(folder, { recursive: true });
});

const host = (name: string): Machine => machines.get(name)?.host ?? expect.fail(name);
const log = (): string[] =>
  fs.existsSync(`${folder}/log`) ? fs.readFileSync(`${folder}/log`, "utf8").trim().split("\n") : [];

function record(
  name: string,
  state: NodeRecord["state"],
  over: Partial<NodeRecord> = { digest: "another" },
): void {
  const text = { ...nodeIdentity(settings, own(name), cluster), state, ...over };
  host(name).write(RECORD_FILE, JSON.stringify(text));
}

function contextOf(operation: Operation) {
  const connections = Object.fromEntries(
    [...machines].map(([name, { server }]) => [name, server.connection()]),
  );
  const input = { connections, files: [] };
  const hosts = new Hosts(input, 20_000, () => undefined);
  open.push(hosts);
  return { operation, input, hosts, cluster, previous: undefined, values: {}, say: () => undefined };
}

describe("a worker's update", () => {
  const update = () =>
    nodeLifecycle({
      ...contextOf("update"),
      spec: { ...nodeStepSpec(settings, own("w1")), machines: knownCluster(settings).machines },
    });
  const handedOut = (manager: "cpu" | "memory", policyName: string): void =>
    host("w1").write(`var/lib/kubelet/${manager}_manager_state`, JSON.stringify({ policyName, checksum: 1 }));

  it.each([
    ["cpu", "static"],
    ["memory", "Static"],
  ] as const)("drains it first where its %s manager hands out by another policy", async (manager, policy) => {
    handedOut(manager, policy);
    await update();
    expect(log()).toEqual(["cp1 drains w1", "w1 is configured", "cp1 adopts w1"]);
  });

  it("drains nothing where both policies stay", async () => {
    handedOut("cpu", "none");
    handedOut("memory", "None");
    await update();
    expect(log()).toEqual(["w1 is configured", "cp1 adopts w1"]);
  });

  it.each([
    ["nothing was cut off", false, "w1 is configured, and not looked at"],
    ["a change was cut off that had written all of it: that is put back first", true, "w1 is configured"],
  ])("of what is there already, where %s", async (_, cutOff, configured) => {
    record("w1", "joined", {});
    if (cutOff) host("w1").write(`${undoFolder}/put-back`, "");
    await update();
    expect(log()).toEqual([configured, "cp1 adopts w1"]);
  });

  it.each([
    ["cp1 drains w1", "draining w1 failed", []],
    ["w1 is configured", "reconfiguring the node failed", ["w1 is configured"]],
    [
      "cp1 adopts w1",
      /adopting w1 failed.*; w1 has its former files again$/,
      ["w1 is configured", "cp1 adopts w1", "w1 is put back"],
    ],
  ])("goes no further where this fails: %s; and lets pods back", async (fails, said, more) => {
    handedOut("cpu", "static");
    fs.writeFileSync(`${folder}/fails`, `${fails}\n`);
    await expect(update()).rejects.toThrow(said);
    expect(log()).toEqual(["cp1 drains w1", ...more, "cp1 lets w1 in"]);
  });
});

describe("setup that is taken back from a host that is a node", () => {
  const takeBack = (name: string) =>
    setup({
      ...contextOf("delete"),
      spec: { ...setupSpec(settings, own(name)), machines: knownCluster(settings).machines },
    });

  it.each(["w1", "cp1"])("resets %s where it never joined", async (name) => {
    record(name, name === "w1" ? "joining" : "initialising");
    await takeBack(name);
    expect(log()).toEqual([`${name} is reset`, `${name} is cleaned`]);
  });

  it("leaves a worker alone that is part of the cluster", async () => {
    await expect(takeBack("w1")).rejects.toThrow(
      /is still a node of this cluster\. Add it to the settings again/,
    );
    expect(log()).toEqual([]);
  });

  it("leaves a control-plane node alone whose etcd has data and cannot be asked", async () => {
    host("cp1").write("var/lib/etcd/member/wal", "");
    await expect(takeBack("cp1")).rejects.toThrow(/is still a node of this cluster: cannot ask its etcd/);
    expect(log()).toEqual([]);
  });
});
