/** What is wrong with a host, or with what it is given, is said in one clear error, and nothing half-done is taken for done. */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { shapeOf, type Settings } from "./environment";

describeWithLab("refusals", () => {
  let cluster: LabCluster;
  let right: Settings;

  beforeAll(async () => {
    cluster = await LabCluster.create("refuse", shapeOf(1, 1));
    right = cluster.settings;
  });

  afterAll(async () => {
    await cluster?.down();
  });

  const withMachine = (name: string, change: Partial<Settings["machines"][string]>): Settings => ({
    ...right,
    machines: { ...right.machines, [name]: { ...right.machines[name], ...change } },
  });
  const refused = async (settings: Settings, env: NodeJS.ProcessEnv = {}): Promise<string> => {
    cluster.settings = settings;
    const { ok, log } = await cluster.attempt("up", { env });
    expect(ok).toBe(false);
    expect(log).not.toMatch(/^\s+at .*\(.*:\d+:\d+\)$/m);
    return log;
  };
  /** Lines of the engine's closing diagnostics that match. */
  const errors = (log: string, pattern: RegExp): string[] => [
    ...new Set(
      log
        .split("\n")
        .filter((line) => pattern.test(line))
        .map((line) => line.trim()),
    ),
  ];

  it("a wrong host key: nothing is sent, and the key is shown", async () => {
    const other = right.machines["cp1"].hostKey;
    const log = await refused(withMachine("w1", { hostKey: other }));
    const said = errors(log, /^\s*w1: .*host key/);
    saw(said.join("\n"));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain("the host key does not match the settings");
  });

  it("an unreachable host", async () => {
    await cluster.lab.stopHost("w1", 0);
    const log = await refused(right);
    const said = errors(log, /^\s*w1: cannot be reached/);
    saw(said.join("\n"));
    expect(said).toHaveLength(1);
    await cluster.lab.startHost("w1");
  });

  it("a program whose clock is an hour off", async ({ skip }) => {
    const library = spawnSync("find", ["/usr/lib", "-name", "libfaketime.so.1"])
      .stdout.toString()
      .trim()
      .split("\n")[0];
    if (!library) skip("libfaketime is not installed (Debian: apt-get install faketime)");
    const log = await refused(right, {
      LD_PRELOAD: library,
      FAKETIME: "+1h",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    });
    const said = errors(log, /^\s*(cp1|w1): its clock/);
    saw(said.join("\n"));
    expect(said.map((line) => line.slice(0, 3)).sort()).toEqual(["cp1", "w1:"]);
  });

  it("a wrong checksum: the file is not kept, and what comes after the control plane is not begun", async () => {
    const wrong = "0".repeat(64);
    const downloads = right.downloads!;
    const log = await refused({
      ...right,
      downloads: { ...downloads, checksums: { ...downloads.checksums, runc: { amd64: wrong } } },
    });
    const said = errors(log, /^\s*(cp1|w1): .*checksum/);
    saw(said.join("\n"));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(new RegExp(`^cp1: .*runc.*expected ${wrong}`));
    const kept = await cluster.host(
      "cp1",
      "ls /opt/pulumi-kubeadm/runc 2>/dev/null; command -v runc || true",
    );
    expect(kept.trim()).toBe("");
    expect((await cluster.host("w1", "ls /opt/pulumi-kubeadm 2>/dev/null || true")).trim()).toBe("");
  });

  it("an API that is served already on a control-plane node that was never initialised", async () => {
    await cluster.host("cp1", "systemd-run --quiet --unit=squatter python3 -m http.server 6443");
    const log = await refused(right);
    const said = errors(log, /^\s*cp1: .*6443/);
    saw(said.join("\n"));
    expect(said).toHaveLength(1);
    await cluster.host("cp1", "systemctl stop squatter");
  });

  it("set right, the same stack comes up", async () => {
    cluster.settings = right;
    await cluster.engine("up");
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });
});
