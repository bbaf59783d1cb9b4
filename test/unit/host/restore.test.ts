/** A cluster that is put back to a snapshot: what runs where, in which order, and that it runs once. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeStepSpec, restoreSpec, setupPart } from "../../../components/machines/specs";
import type { Connection, RestoreSpec, SecretFile, StepResult } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { nodeLifecycle } from "../../../host/steps/node";
import { restore } from "../../../host/steps/restore";
import { headerFile, restoredFile, restoreFolder } from "../../../model/etcd/restore/scripts";
import { RECORD_FILE, SETUP_FILE } from "../../../model/node/shell";
import { knownCluster, nodeIdentity } from "../../support/fromSettings";
import { controlPlaneNode, machine, settingsOf } from "../../support/kubeadmSettings";
import { backupTo } from "../etcd/backupHost";
import { Machine, SshHost } from "./sshHost";

const cluster = "ab".repeat(32);
const CA_FILE = "/etc/kubernetes/pki/ca.crt";
const pem = (body: string): string => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
const [former, next] = [pem("b2xk"), pem("bmV3")];
const NAME = `etcd-${cluster.slice(0, 16)}-20261129T015500Z-r7-e3.6.8-k1.36.4.snapshot`;
const PLANE = ["cp1", "cp2", "cp3"];
const etcd = { extraArgs: {}, restore: NAME, backup: backupTo({ kind: "folder", path: "/var/lib/backups" }) };
const settings = settingsOf({
  machines: [...PLANE.map((name, index) => controlPlaneNode(name, 11 + index)), machine("w1")],
  etcd,
});
const own = (name: string) => settings.machines.find((one) => one.name === name) ?? expect.fail(name);

let folder: string;
let machines: Map<string, { host: Machine; server: SshHost }>;
let connections: Record<string, Connection>;
let said: string[];
let header: object;

const host = (name: string): Machine => machines.get(name)?.host ?? expect.fail(name);
const log = (): string[] =>
  fs.existsSync(`${folder}/log`) ? fs.readFileSync(`${folder}/log`, "utf8").trim().split("\n") : [];

/** What a job's script is for, and what it leaves on the host; it would change this machine. */
function instead(name: string, script: string): string {
  const record = (state: string): string => `sed -i 's/"state":"[a-z]*"/"state":"${state}"/' ${RECORD_FILE}`;
  const jobs: readonly [mark: string, does: string, leaves: string][] = [
    [
      'phase "snapshot $snapshot"',
      "fetches",
      `mkdir -p ${restoreFolder}; echo '${JSON.stringify(header)}' >${headerFile}`,
    ],
    ['phase "data of etcd"', "makes data", `echo ${NAME} >${restoreFolder}/ready`],
    ["stopping the control plane on", "stops", `rm -f /etc/kubernetes/kubelet.conf; ${record("joining")}`],
    [
      'phase "restored data"',
      "begins",
      `touch /etc/kubernetes/kubelet.conf; ${record("joined")}; echo ${NAME} >${restoredFile}`,
    ],
    ['phase "kubelet after the restore"', "starts its kubelet anew", ":"],
    ["kubeadm upgrade node", "is configured", ":"],
    ["\nphase packages\n", "is set up", ":"],
    ["labels and taints of", "adopts", ":"],
  ];
  const found = jobs.find(([mark]) => script.includes(mark));
  if (found === undefined) return script;
  const line = `${name} ${found[1]}`;
  return `echo "${line}" >>"${folder}/log"\n! grep -qxF "${line}" "${folder}/fails" 2>/dev/null || exit 1\n${found[2]}\n`;
}

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "restore-"));
  machines = new Map();
  said = [];
  header = {
    ...{ cluster, clusterName: "metal", time: "2026-11-29T01:55:00Z", etcd: "3.6.8", kubernetes: "1.36.4" },
    ...{ revision: 7, keys: 3 },
  };
  for (const name of [...PLANE, "w1"]) {
    const made = new Machine(["/etc/", "/var/lib/"], (script) => instead(name, script));
    for (const program of ["ss", "kubectl", "crictl"]) made.program(program, "exit 0");
    made.write("etc/kubernetes/kubelet.conf", "");
    made.write(SETUP_FILE, JSON.stringify({ machine: name, revision: 1, digest: "" }));
    const record = { ...nodeIdentity(settings, own(name), cluster), state: "joined" };
    made.write(RECORD_FILE, JSON.stringify(record));
    machines.set(name, { host: made, server: await SshHost.start({ exec: made.exec() }) });
  }
  // Also of a machine that is stopped later.
  connections = Object.fromEntries([...machines].map(([name, { server }]) => [name, server.connection()]));
  host("cp2").write(`var/lib/backups/${NAME}`, "");
});
afterEach(async () => {
  for (const { host, server } of machines.values()) {
    await server.stop();
    host.remove();
  }
  fs.rmSync(folder, { recursive: true });
});

async function withHosts<T>(
  work: (context: ReturnType<typeof contextOf>) => Promise<T>,
  files?: SecretFile[],
): Promise<T> {
  const context = contextOf(files);
  try {
    return await work(context);
  } finally {
    context.hosts.close();
  }
}

function contextOf(files: SecretFile[] = []) {
  const input = { connections, files };
  const hosts = new Hosts(input, 100, () => undefined);
  return { input, hosts, cluster, values: {}, say: (line: string) => void said.push(line) };
}

const run = (previous?: StepResult, files?: SecretFile[], more: Partial<RestoreSpec> = {}) =>
  withHosts(
    (context) =>
      restore({
        ...context,
        operation: previous === undefined ? "create" : "update",
        previous,
        spec: { ...restoreSpec(settings), ...more },
      }),
    files,
  );

const RUN = ["cp2 fetches", "cp2 makes data", "cp1 stops", "cp3 stops", "cp2 stops", "cp2 begins"];
const sorted = (lines: readonly string[]): string[] => [...lines].sort();

/** All control-plane nodes are new machines. */
function losePlane(): void {
  for (const name of PLANE) {
    fs.rmSync(`${host(name).root}/etc/kubernetes/kubelet.conf`);
    fs.rmSync(host(name).root + RECORD_FILE);
  }
  // In place of what init itself writes.
  host("cp2").write(
    RECORD_FILE,
    JSON.stringify({ ...nodeIdentity(settings, own("cp2"), cluster), state: "joining" }),
  );
}

describe("a restore", () => {
  it("stops the others only when data lies ready, and begins on the node that has the snapshot", async () => {
    expect(await run()).toEqual({ restored: NAME });
    expect(log().slice(0, 2)).toEqual(RUN.slice(0, 2));
    expect(sorted(log())).toEqual(sorted(RUN));
    expect(log().slice(-2)).toEqual(RUN.slice(-2));
    expect(said.join("\n")).toMatch(/revision 7, 3 keys: what was changed in the last .* is lost/);
  });

  it("runs once for one name: by the state, and by the host where the state does not know", async () => {
    await run();
    const before = log();
    expect(await run({ restored: NAME })).toEqual({ restored: NAME });
    expect(await run()).toEqual({ restored: NAME });
    expect(log()).toEqual(before);
  });

  it.each([
    ["another cluster", { cluster: "cd".repeat(32) }, /is of another cluster \(metal, cdcdcdcdcdcdcdcd/],
    ["a newer version", { kubernetes: "1.37.0" }, /is of Kubernetes 1\.37\.0, newer than/],
    [
      "a key that the settings do not have",
      { encryption: ["secretbox:generated:0123456789ab"] },
      /are encrypted with secretbox:generated:0123456789ab, which the settings do not have: set encryption as it was at 2026-11-29T01:55:00Z/,
    ],
    ["a version that is too old", { kubernetes: "1.34.0" }, /more than one minor version older/],
  ])("refuses a snapshot of %s by what is in it, and stops nothing", async (_of, over, text) => {
    header = { ...header, ...over };
    await expect(run()).rejects.toThrow(text);
    expect(log()).toEqual(["cp2 fetches"]);
  });

  it("says where the snapshot is missing, and stops nothing", async () => {
    fs.rmSync(`${host("cp2").root}/var/lib/backups/${NAME}`);
    await expect(run()).rejects.toThrow(
      /is in \/var\/lib\/backups of no control-plane node: copy it there on one/,
    );
    expect(log()).toEqual([]);
  });

  it.each(RUN)("that was cut off in %j goes on with the next run", async (fails) => {
    fs.writeFileSync(`${folder}/fails`, `${fails}\n`);
    await expect(run()).rejects.toThrow();
    fs.rmSync(`${folder}/fails`);
    expect(await run()).toEqual({ restored: NAME });
    expect(log().at(-1)).toBe("cp2 begins");
  });

  it("of lost machines begins on one that has nothing", async () => {
    losePlane();
    await run();
    expect(log()).toEqual(["cp2 fetches", "cp2 makes data", "cp2 begins"]);
  });

  describe("with the CAs of a new rotation, when no control-plane node is left to rotate", () => {
    const given = [{ path: CA_FILE, content: next }];
    beforeEach(losePlane);

    it("is refused while a worker does not trust them", async () => {
      host("w1").write(CA_FILE, former);
      await expect(run(undefined, given)).rejects.toThrow(
        "etcd.restore: w1 does not trust the cluster CA that certificates.rotation names, and would be lost",
      );
      expect(log()).toEqual([]);
    });

    it("goes on where the rotation had reached all workers", async () => {
      host("w1").write(CA_FILE, former + next);
      await run(undefined, given);
      expect(log().at(-1)).toBe("cp2 begins");
    });

    it("goes on without a worker that is down, and says so", async () => {
      await machines.get("w1")?.server.stop();
      await run(undefined, given);
      expect(log().at(-1)).toBe("cp2 begins");
      expect(said.join("\n")).toMatch(/w1: .*; continuing without knowing whether it trusts the CAs/);
    });
  });

  it("of wiped machines takes their records back first, so that nobody asks them", async () => {
    for (const name of PLANE) fs.rmSync(`${host(name).root}/etc/kubernetes/kubelet.conf`);
    await run();
    expect(sorted(log())).toEqual(sorted(RUN));
  });

  describe("whose control-plane nodes have no setup of their own, as on AWS", () => {
    const setup = setupPart(settings, own("cp1"));
    const moved = (name: string): void => {
      fs.rmSync(`${host("cp2").root}/var/lib/backups/${NAME}`);
      host(name).write(`var/lib/backups/${NAME}`, "");
    };
    const isNew = (...names: readonly string[]): void => {
      for (const name of names) {
        fs.rmSync(`${host(name).root}/etc/kubernetes/kubelet.conf`);
        for (const file of [RECORD_FILE, SETUP_FILE]) fs.rmSync(host(name).root + file);
      }
    };

    it("sets up the first new instance, and begins there", async () => {
      isNew(...PLANE);
      moved("cp1");
      // In place of what init itself writes.
      host("cp1").write(
        RECORD_FILE,
        JSON.stringify({ ...nodeIdentity(settings, own("cp1"), cluster), state: "joining" }),
      );
      await run(undefined, undefined, { setup });
      expect(log()).toEqual(["cp1 is set up", "cp1 fetches", "cp1 makes data", "cp1 begins"]);
      expect(fs.readFileSync(host("cp1").root + SETUP_FILE, "utf8")).toContain(setup.digest);
    });

    it("begins on one that lives, as it is, and leaves the new ones to their steps", async () => {
      isNew("cp1", "cp3");
      await run(undefined, undefined, { setup });
      expect(log()).toEqual(["cp2 fetches", "cp2 makes data", "cp2 stops", "cp2 begins"]);
    });

    it("refuses another version of Kubernetes in the same run, whose programs no host has yet", async () => {
      await expect(run(undefined, undefined, { setup, kubernetesVersion: "1.36.5" })).rejects.toThrow(
        /etcd\.restore: the node runs Kubernetes 1\.36\.\d+, but the settings say 1\.36\.5\. Nothing was stopped/,
      );
      expect(log()).toEqual([]);
    });

    it("says where the file belongs that lies on another new instance", async () => {
      isNew(...PLANE);
      await expect(run(undefined, undefined, { setup })).rejects.toThrow(
        "is a new instance, and the cluster begins on cp1: copy the file to the same folder there",
      );
      expect(log()).toEqual([]);
    });
  });

  it("leaves a host alone whose data belongs to nobody that is known", async () => {
    fs.rmSync(host("cp3").root + RECORD_FILE);
    fs.rmSync(`${host("cp3").root}/etc/kubernetes/kubelet.conf`);
    fs.mkdirSync(`${host("cp3").root}/var/lib/etcd/member`, { recursive: true });
    await expect(run()).rejects.toThrow(/no record says of which cluster/);
    expect(log()).toEqual([]);
  });
});

describe("a node of a restored cluster", () => {
  const update = (previous: StepResult) =>
    withHosts((context) =>
      nodeLifecycle({
        ...context,
        operation: "update",
        previous,
        spec: { ...nodeStepSpec(settings, own("cp1")), machines: knownCluster(settings).machines },
      }),
    );

  it("starts its kubelet anew, once", async () => {
    const result = await update({ machine: "cp1", revision: 1 });
    expect(log()).toEqual(["cp1 starts its kubelet anew", "cp1 is configured", "cp1 adopts"]);
    expect(result).toMatchObject({ restored: NAME });
    await update(result);
    expect(log().filter((line) => line.includes("anew"))).toHaveLength(1);
  });
});
