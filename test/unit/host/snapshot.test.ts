/** A snapshot of etcd comes before what cannot be taken back, and without it nothing is changed. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nodeStepSpec } from "../../../components/machines/specs";
import { Hosts } from "../../../host/runner";
import { nodeLifecycle } from "../../../host/steps/node";
import { SKIP_VARIABLE } from "../../../host/steps/snapshot";
import { backupProgram } from "../../../model/etcd/backup/files";
import { snapshotBeforeRemoval, snapshotBeforeUpgrade } from "../../../model/etcd/backup/now";
import { undoFolder } from "../../../model/node/undo";
import { RECORD_FILE, SETUP_FILE } from "../../../model/node/shell";
import { knownCluster, nodeIdentity } from "../../support/fromSettings";
import { controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { ScriptHost } from "../kubeadm/scriptHost";
import { backupTo } from "../etcd/backupHost";
import { Machine, SshHost } from "./sshHost";

const cluster = "ab".repeat(32);
const etcd = { extraArgs: {}, backup: backupTo({ kind: "folder", path: "/srv/etcd" }) };
const settings = settingsOf({ machines: [controlPlaneNode("cp1", 11)], etcd });
const [cp1 = expect.fail()] = settings.machines;
let folder: string;
let host: Machine;
let server: SshHost;
let hosts: Hosts;

/** What a job's script is for; it would change this machine. */
function instead(script: string): string {
  const jobs: readonly [mark: string, does: string][] = [
    ['phase "snapshot of etcd"', "snapshot"],
    ["labels and taints of", "adopted"],
    ["kubeadm upgrade node", "configured"],
    ["restoring files of an interrupted", "put back"],
  ];
  const found = jobs.find(([mark]) => script.includes(mark));
  if (found === undefined) return script;
  return `echo "${found[1]}" >>"${folder}/log"\n! grep -qxF "${found[1]}" "${folder}/fails" 2>/dev/null\n`;
}

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "snapshot-"));
  host = new Machine(["/etc/", "/var/lib/"], instead);
  for (const program of ["ss", "kubectl", "crictl"]) host.program(program, "exit 0");
  host.write("etc/kubernetes/kubelet.conf", "");
  host.write(SETUP_FILE, JSON.stringify({ machine: "cp1", revision: 1, digest: "" }));
  server = await SshHost.start({ exec: host.exec() });
});
afterEach(async () => {
  hosts.close();
  await server.stop();
  host.remove();
  fs.rmSync(folder, { recursive: true });
});

const log = (): string[] => fs.readFileSync(`${folder}/log`, "utf8").trim().split("\n");

function update(version: string, of = settings): Promise<unknown> {
  const identity = { ...nodeIdentity(of, cp1, cluster), state: "joined", version, digest: "another" };
  host.write(RECORD_FILE, JSON.stringify(identity));
  const input = { connections: { cp1: server.connection() }, files: [] };
  hosts = new Hosts(input, 20_000, () => undefined);
  return nodeLifecycle({
    ...{ operation: "update", input, hosts, cluster, previous: undefined, values: {}, say: () => undefined },
    spec: { ...nodeStepSpec(of, cp1), machines: knownCluster(of).machines },
  });
}

describe("a control-plane node's update", () => {
  it("to another version begins with a snapshot", async () => {
    await update("1.35.8");
    expect(log()).toEqual(["snapshot", "configured", "adopted"]);
  });

  it("is taken when what an earlier run began is put back: it may have stopped the API server", async () => {
    host.write(`${undoFolder}/put-back`, "");
    await update("1.35.8");
    expect(log()).toEqual(["put back", "snapshot", "configured", "adopted"]);
  });

  it("of the same version takes none", async () => {
    await update(settings.kubernetesVersion);
    expect(log()).toEqual(["configured", "adopted"]);
  });

  it("takes none where the settings have no backups", async () => {
    await update("1.35.8", settingsOf({ machines: [controlPlaneNode("cp1", 11)] }));
    expect(log()).toEqual(["configured", "adopted"]);
  });

  it("changes nothing without the snapshot, and says the word that goes on", async () => {
    fs.writeFileSync(`${folder}/fails`, "snapshot\n");
    await expect(update("1.35.8")).rejects.toThrow(
      /is not changed, because etcd has no fresh snapshot: cp1: .*PULUMI_KUBEADM_SKIP_SNAPSHOT=1/,
    );
    expect(log()).toEqual(["snapshot"]);
  });

  it("goes on without a snapshot by that word", async () => {
    vi.stubEnv(SKIP_VARIABLE, "1");
    await update("1.35.8");
    expect(log()).toEqual(["configured", "adopted"]);
  });
});

describe("the script of a snapshot", () => {
  const scripts: ScriptHost[] = [];
  afterEach(() => {
    for (const one of scripts.splice(0)) one.remove();
  });

  function run(script: string, program: string | undefined, running = "1.35.8") {
    hosts = new Hosts({ connections: {}, files: [] }, 1_000, () => undefined);
    const content = script
      .replaceAll(backupProgram, "/sbin/backup")
      .replace(/^export LC_ALL=C PATH=.*$/m, "");
    const made = new ScriptHost({ path: "/script", content, mode: "0755" }, ["/sbin/backup"]);
    scripts.push(made);
    fs.rmdirSync(`${made.root}/sbin/backup`);
    made.command("kubectl", `echo "kubernetesVersion: v${running}"`);
    if (program !== undefined) made.write("/sbin/backup", `#!/bin/bash\n${program}\n`, 0o755);
    return made.run();
  }

  it("tells what was written", () => {
    const { status, output } = run(
      snapshotBeforeUpgrade("1.36.4", []),
      'echo "wrote x: $*"; echo "removed y"',
    );
    expect([status, output]).toEqual([0, expect.stringContaining("##note wrote x: now before-upgrade\n")]);
  });

  it("takes none of a cluster that has the version already", () => {
    expect(run(snapshotBeforeUpgrade("1.36.4", []), "exit 1", "1.36.4").status).toBe(0);
  });

  it("ends with the program's own last words", () => {
    const { status, output } = run(
      snapshotBeforeRemoval(),
      'echo trying; echo "S3 PUT x: AccessDenied" >&2; exit 1',
    );
    expect([status, output]).toEqual([1, expect.stringContaining("##error S3 PUT x: AccessDenied\n")]);
  });

  it("says that a node without backups takes none", () => {
    expect(run(snapshotBeforeRemoval(), undefined).output).toContain("##note no snapshot was taken");
  });
});
