/** Something between two hosts that drops packets, or large ones: preflight names it before anything is changed, and is silent without. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { killTree } from "./engine";
import { machineInput, shapeOf } from "./environment";

/** Files that are younger than a mark, but for what a look leaves everywhere: logs of logins, times of last use. */
const CHANGED =
  "find / -xdev -newer /root/mark -type f -not -path '/proc/*' -not -path '/sys/*' -not -path '/run/*' -not -path '/var/log/*' " +
  "-not -path '/root/mark' -not -path '/var/lib/systemd/*' -not -path '/dev/*' -not -path '/tmp/*' 2>/dev/null || true";
const LISTENERS = "ss -Hltnup | grep python || true";

describeWithLab("ports and full packets between machines", () => {
  let cluster: LabCluster;

  beforeAll(async () => {
    cluster = await LabCluster.create("between", shapeOf(1, 2), { spare: ["w3", "w4"] });
    for (const name of ["cp1", "w1", "w2"]) await cluster.host(name, "touch /root/mark");
  });

  afterAll(async () => {
    await cluster?.down();
  });

  const address = (name: string): string => cluster.lab.host(name).address;

  /** A switch between the hosts that drops what fits a rule; SSH of whoever runs the program does not pass it. */
  async function between(rule: string): Promise<void> {
    await cluster.lab.run(["nft", "-f", "-"], {
      input: `table bridge between {\n}\ndelete table bridge between\ntable bridge between {\n  chain pass {\n    type filter hook forward priority 0; policy accept;\n    ${rule}\n  }\n}\n`,
    });
  }

  async function refused(): Promise<string> {
    const { ok, log } = await cluster.attempt("up");
    // The engine's closing words alone: while it runs, it has them behind a resource.
    const said = log.split("\n").map((line) => line.trim());
    const lines = [
      ...new Set(said.filter((line) => /^(tcp|udp|packets) .*\((PeerPorts|PathMTU)\)$/.test(line))),
    ];
    saw(lines.join("\n"));
    expect(ok, log).toBe(false);
    expect(lines).toHaveLength(1);
    return lines[0] ?? "";
  }

  async function nothingChanged(): Promise<void> {
    for (const name of ["cp1", "w1", "w2"]) {
      expect((await cluster.host(name, CHANGED)).trim(), name).toBe("");
      expect((await cluster.host(name, LISTENERS)).trim(), name).toBe("");
    }
  }

  it("a kubelet's port that is blocked between two hosts is named with both, and why it is needed", async () => {
    await between(`ip daddr ${address("w1")} tcp dport 10250 drop`);
    const said = await refused();
    expect(said).toContain(
      `tcp 10250 does not pass from cp1 (${address("cp1")}) to w1 (${address("w1")}): nothing comes back`,
    );
    expect(said).toContain("API servers call kubelets");
    expect(said).not.toContain("w2");
    await nothingChanged();
  });

  it("VXLAN that is blocked one way between two workers", async () => {
    await between(`ip saddr ${address("w1")} ip daddr ${address("w2")} udp dport 8472 drop`);
    expect(await refused()).toContain(
      `udp 8472 does not pass from w1 (${address("w1")}) to w2 (${address("w2")}): nothing`,
    );
    await nothingChanged();
  });

  it("a path that carries less than the MTU of the interfaces is named with what it carries", async () => {
    await between(`ip daddr ${address("w2")} meta length > 1400 drop`);
    const said = await refused();
    expect(said).toContain(
      `packets of 1500 bytes, the MTU of the interfaces, get lost from cp1 (${address("cp1")}) to w2 (${address("w2")}), ` +
        `from w1 (${address("w1")}) to w2 (${address("w2")}), and those of 1400 arrive`,
    );
    await nothingChanged();
  });

  it("a run that is killed while it asks leaves no listener behind", async () => {
    await between("udp dport 8472 drop");
    let engine = 0;
    const up = cluster.attempt("up", { onStart: (pid) => (engine = pid) });
    up.catch(() => undefined);
    const listening = (): Promise<string> => cluster.host("w1", LISTENERS);
    saw(await eventually("a listener", listening, (text) => text.includes(":10250"), 240));
    killTree(engine);
    await up.catch(() => undefined);
    await eventually("no listener", listening, (text) => text.trim() === "", 90);
    await nothingChanged();
  });

  it("without any of it nothing is said, and the cluster comes up", async () => {
    await between("accept");
    const began = Date.now();
    let asked = 0;
    const { log } = await cluster.engine("up", {
      onLine: (line) => {
        if (asked === 0 && /cp1: (start|packages|preflight)/.test(line)) asked = Date.now() - began;
      },
    });
    expect(log).not.toMatch(/PeerPorts|PathMTU|ports are not asked|nothing can listen/);
    saw(`the first host began after ${asked} ms`);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("a new worker that does not reach the living API is named, and the cluster is left as it is", async () => {
    const machines = { ...cluster.settings.machines, w3: machineInput(cluster.lab, "w3", "worker") };
    cluster.settings = { ...cluster.settings, machines };
    await between(`ip saddr ${address("w3")} ip daddr ${address("cp1")} tcp dport 6443 drop`);
    expect(await refused()).toContain(
      `tcp 6443 does not pass from w3 (${address("w3")}) to cp1 (${address("cp1")}): nothing comes back`,
    );
    await between("accept");
    await cluster.engine("up");
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
  });

  it("a firewall of the cluster's own that does not know a new worker yet is no problem", async () => {
    const access = { ssh: ["10.40.0.0/24"], api: ["10.40.0.0/24"] };
    cluster.settings = { ...cluster.settings, firewall: "nftables", access };
    await cluster.engine("up");
    const machines = { ...cluster.settings.machines, w4: machineInput(cluster.lab, "w4", "worker") };
    cluster.settings = { ...cluster.settings, machines };
    const { log } = await cluster.engine("up");
    expect(log).not.toMatch(/PeerPorts|PathMTU/);
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    saw(await cluster.kubectl("get", "nodes"));
  });
});
