import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkedMachines, rotationSpec } from "../../../components/machines/specs";
import type { Connection, StepResult } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { rotation } from "../../../host/steps/rotation";
import { RECORD_FILE, ROTATION_FILE } from "../../../model/node/shell";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { nodeIdentity } from "../../support/fromSettings";
import { controlPlaneNode, machine as worker, settingsOf } from "../../support/kubeadmSettings";
import { makeAuthorities } from "../rotation/made";
import { Machine, SshHost } from "./sshHost";

const CLUSTER = "ab".repeat(32);
let plane: readonly string[];
let all: readonly string[];

let folder: string;
let settings: ClusterSettings;
let machines: Map<string, { host: Machine; server: SshHost }>;
let open: Hosts[];
let said: string[];
let connections: Record<string, Connection>;
const given: Record<string, { path: string; content: string }[]> = {};

const log = (): string[] =>
  fs.existsSync(path.join(folder, "log"))
    ? fs.readFileSync(path.join(folder, "log"), "utf8").trim().split("\n")
    : [];
const host = (name: string): Machine => machines.get(name)?.host ?? expect.fail(name);

/** What runs in place of a job that would change this machine: its phase is noted, and the record written. */
function instead(name: string, script: string): string {
  // It would ask an address of a network that is not there, again and again.
  if (script.includes('phase "serving certificate of')) return "exit 0\n";
  const cluster =
    /phase "(CAs in the (?:cluster|volumes of pods)|restart of workloads|tokens in Secrets)/.exec(
      script,
    )?.[1];
  if (cluster !== undefined)
    return `echo "${cluster}${script.includes("alone=yes") ? ", new alone" : ""}" >>"${folder}/log"\n`;
  const records = [...script.matchAll(/^record='(\{"rotation".*\})'$/gm)].map(([, text = ""]) => text);
  const record = records.at(-1);
  if (record === undefined) return script;
  const { phase } = JSON.parse(record) as { phase: string };
  return `[ ! -e "${folder}/fails-${name}-${phase}" ] || exit 1
echo "${name} ${phase}" >>"${folder}/log"
printf '%s' '${record}' >${ROTATION_FILE}
`;
}

/** A cluster of these control-plane nodes and one worker. */
async function start(...names: readonly string[]): Promise<void> {
  plane = names;
  all = [...names, "w1"];
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "rotation-"));
  machines = new Map();
  connections = {};
  open = [];
  said = [];
  settings = settingsOf({
    machines: [...plane.map((name, index) => controlPlaneNode(name, 11 + index)), worker("w1")],
    certificates: { validityDays: 365, renewBeforeDays: 30, rotation: "2026-12", rotationGraceSeconds: 0 },
  });
  for (const name of ["old", "new"]) given[name] ??= makeAuthorities(path.join(folder, name), name);
  for (const name of all) {
    const own = settings.machines.find((one) => one.name === name) ?? expect.fail(name);
    const made = new Machine(["/etc/", "/var/lib/"], (script) => instead(name, script));
    made.program("kubectl", `cat "${folder}/nodes"`);
    made.program("ss", "exit 0");
    made.write("etc/kubernetes/kubelet.conf", "");
    made.write(RECORD_FILE, JSON.stringify({ ...nodeIdentity(settings, own, CLUSTER), state: "joined" }));
    for (const file of given["old"] ?? [])
      if (own.role === "controlPlane" || file.path.endsWith("/pki/ca.crt"))
        made.write(file.path, file.content);
    const server = await SshHost.start({ exec: made.exec() });
    machines.set(name, { host: made, server });
    connections[name] = server.connection();
  }
  fs.writeFileSync(path.join(folder, "nodes"), `${all.join("\n")}\n`);
}

afterEach(async () => {
  for (const one of open) one.close();
  for (const { host: made, server } of machines.values()) {
    await server.stop();
    made.remove();
  }
  fs.rmSync(folder, { recursive: true, force: true });
});

function rotate(previous?: StepResult): Promise<StepResult> {
  const checked = checkedMachines(settings);
  const input = { connections, files: given["new"] ?? [], machines: checked };
  const say = (line: string): void => void said.push(line);
  const hosts = new Hosts(input, 200, say);
  open.push(hosts);
  const spec = { ...rotationSpec(settings), machines: checked };
  const operation = previous === undefined ? ("create" as const) : ("update" as const);
  return rotation({ operation, spec, input, hosts, cluster: CLUSTER, previous, values: {}, say });
}

const each = (phase: string): string[] => all.map((name) => `${name} ${phase}`);

it("goes over control-plane nodes one after the other, and over workers when they are done", async () => {
  await start("cp1", "cp2", "cp3");
  await rotate();
  expect(log().filter((line) => / (trusted|signed)$/.test(line))).toEqual([
    ...each("trusted"),
    ...plane.map((name) => `${name} signed`),
  ]);
});

it("goes on without control-plane nodes that were lost, which join with the new CAs", async () => {
  await start("cp1", "cp2", "cp3");
  for (const name of ["cp2", "cp3"])
    for (const file of ["/etc/kubernetes/kubelet.conf", RECORD_FILE]) fs.rmSync(host(name).root + file);
  await rotate();
  expect(log().filter((line) => / (trusted|finished)$/.test(line))).toEqual([
    ...["cp1 trusted", "w1 trusted"],
    ...["cp1 finished", "w1 finished"],
  ]);
});

describe("a rotation", () => {
  beforeEach(() => start("cp1"));

  it("ends each phase everywhere before the next one begins", async () => {
    await rotate();
    expect(log()).toEqual([
      ...each("trusted"),
      "CAs in the cluster",
      "restart of workloads",
      ...all.map(() => "CAs in the volumes of pods"),
      ...plane.map((name) => `${name} signed`),
      ...each("issued"),
      "tokens in Secrets",
      ...each("finished"),
      "CAs in the cluster, new alone",
      "tokens in Secrets",
    ]);
  });

  it("that was cut off goes on where each host was", async () => {
    fs.writeFileSync(path.join(folder, "fails-w1-issued"), "");
    await expect(rotate()).rejects.toThrow(/issued/);
    const before = log().length;
    fs.rmSync(path.join(folder, "fails-w1-issued"));
    // Another up is another run, which the locks of the failed one do not refuse.
    fs.rmSync(path.join(host("cp1").root, "run/pulumi-kubeadm/locks"), { recursive: true });
    await rotate();
    expect(log().slice(before)).toEqual([
      "CAs in the cluster",
      "restart of workloads",
      ...all.map(() => "CAs in the volumes of pods"),
      "w1 issued",
      "tokens in Secrets",
      ...each("finished"),
      "CAs in the cluster, new alone",
      "tokens in Secrets",
    ]);
    expect(said.join("\n")).toContain('continues after the phase "trusted"');
  });

  it("of the same value does nothing, and asks no host", async () => {
    const result = await rotate();
    const before = log().length;
    for (const { server } of machines.values()) await server.stop();
    expect(await rotate(result)).toEqual(result);
    expect(log()).toHaveLength(before);
  });

  it("looks at the cluster again after a restore, and at no host's certificates", async () => {
    const result = await rotate();
    const before = log().length;
    settings = { ...settings, etcd: { ...settings.etcd, restore: "a.snapshot" } };
    for (const file of given["new"] ?? []) host("cp1").write(file.path, file.content);
    expect(await rotate(result)).toMatchObject({ restored: "a.snapshot" });
    expect(log().slice(before)).toEqual(["CAs in the cluster, new alone", "tokens in Secrets"]);
  });

  it("begins nowhere while a node cannot be asked, and names it", async () => {
    await machines.get("w1")?.server.stop();
    await expect(rotate()).rejects.toThrow(/every node must trust the new CAs.*w1/s);
    expect(log()).toEqual([]);
  });

  it("begins nowhere while the cluster has a node that the settings do not", async () => {
    fs.writeFileSync(path.join(folder, "nodes"), `${all.join("\n")}\nw9\n`);
    await expect(rotate()).rejects.toThrow(/w9 is a node of this cluster and would not learn of the new CAs/);
    expect(log()).toEqual([]);
  });

  it("begins again on a control-plane node that has the new CAs alone, while a kubelet has certificates of the old one", async () => {
    for (const file of given["new"] ?? []) host("cp1").write(file.path, file.content);
    await rotate();
    expect(log().slice(0, 2)).toEqual(each("trusted"));
    expect(log()).toEqual(expect.arrayContaining([...each("issued"), ...each("finished")]));
  });

  it("does nothing on a cluster that was made with these CAs", async () => {
    for (const name of all)
      for (const file of given["new"] ?? [])
        if (host(name).read(file.path) !== "") host(name).write(file.path, file.content);
    await rotate();
    expect(log()).toEqual([]);
  });
});
