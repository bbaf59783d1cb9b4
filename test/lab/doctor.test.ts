/** The doctor on real hosts: nothing to say of a healthy cluster, and the cause of each drift, that one alone. */
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Diagnosis } from "../../doctor/look";
import { createEngineStack } from "../engine/harness";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { backupUnit } from "../../model/etcd/backup/files";
import { DRIFTS, SNAPSHOTS } from "./doctorDrifts";
import { shapeOf } from "./environment";

const ROOT = path.resolve(__dirname, "../..");

describeWithLab("the doctor", () => {
  let cluster: LabCluster;
  let state = "";

  beforeAll(async () => {
    cluster = await LabCluster.create("doctor", shapeOf(1, 1));
    const { address, hostKey } = cluster.lab.host("w1");
    const target = { kind: "ssh", host: address, user: "ubuntu", hostKey, key: "operator", path: SNAPSHOTS };
    const etcd = { backup: { schedule: "24h", keep: 1, target } };
    cluster.settings = { ...cluster.settings, etcd } as typeof cluster.settings;
    await cluster.engine("up");
    // The timer's own first run comes some minutes later, and finds that this one was it.
    await cluster.host("cp1", `systemctl start ${backupUnit}.service`);
    state = cluster.lab.folder("doctor-state.json");
    const engine = await createEngineStack({
      projectName: "pulumi-kubeadm",
      stackName: "lab",
      workDir: cluster.lab.folder("engine"),
      program: () => Promise.resolve({}),
    });
    fs.writeFileSync(state, JSON.stringify(await engine.exportState()), { mode: 0o600 });
  });

  afterAll(async () => {
    await cluster?.down();
  });

  async function doctor(...words: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    const program = [process.execPath, "--import", "tsx", path.join(ROOT, "doctor/main.ts")];
    return cluster.lab.run([...program, "--state", state, ...words], { allowFailure: true });
  }

  async function findings(): Promise<Diagnosis["findings"]> {
    const { stdout, stderr } = await doctor("--json");
    if (stdout === "") throw new Error(stderr);
    return (JSON.parse(stdout) as Diagnosis).findings.filter((one) => !isOfThisMachine(one));
  }

  it("has nothing to say of a healthy cluster, and changes nothing", async () => {
    const healthy = await eventually("a healthy cluster", findings, (found) => found.length === 0, 90);
    expect(healthy).toEqual([]);
    const { status, stdout } = await doctor();
    saw(stdout);
    // Nothing but the disk of the machine that runs the lab.
    expect(status).toBe(/^\S+: \S+ has \d+ % /m.test(stdout) ? 1 : 0);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("writes no secret, and ends with 2 where it cannot look", async () => {
    const key = fs.readFileSync(cluster.lab.privateKeyFile, "utf8").split("\n")[2] ?? "";
    const file = cluster.lab.folder("doctor.html");
    const { stdout, stderr } = await doctor("--json", "--page", file);
    expect(stdout + stderr + fs.readFileSync(file, "utf8")).not.toContain(key);
    const { status } = await cluster.lab.run(
      [process.execPath, "--import", "tsx", path.join(ROOT, "doctor/main.ts"), "--state", "/nonexistent"],
      { allowFailure: true },
    );
    expect(status).toBe(2);
  });

  it(`names each of ${DRIFTS.length} drifts, and nothing else`, { timeout: 1_800_000 }, async () => {
    const wrong: string[] = [];
    for (const drift of DRIFTS) {
      await drift.make(cluster);
      const named = (found: Diagnosis["findings"]): boolean =>
        found.some(
          ({ check, where, what }) =>
            check === drift.check &&
            where === drift.where &&
            (typeof drift.words === "string" ? what.includes(drift.words) : drift.words.test(what)),
        );
      let last: Diagnosis["findings"] = [];
      try {
        last = await eventually(
          drift.name,
          async () => (last = await findings()),
          (found) => named(found) && others(found, drift).length === 0,
          12,
        );
        saw(`${drift.name}: ${last.map(({ where, what }) => `${where}: ${what}`).join(" | ")}`);
      } catch {
        wrong.push(
          `${drift.name}: ${JSON.stringify(last.map(({ check, where, what }) => ({ check, where, what })))}`,
        );
      } finally {
        await drift.undo(cluster);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** Hosts have the disk of the machine that runs them, which may be nearly full; drifts bring disks of their own. */
function isOfThisMachine({ check, what }: Diagnosis["findings"][number]): boolean {
  return check === "disks" && !what.startsWith("/var/lib/etcd ");
}

/** Findings that are about something else. A drift may be seen from both ends. */
function others(
  found: Diagnosis["findings"],
  { check, also = [] }: (typeof DRIFTS)[number],
): Diagnosis["findings"] {
  return found.filter((one) => one.check !== check && !also.includes(one.check));
}
