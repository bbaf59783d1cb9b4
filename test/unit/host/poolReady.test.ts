import { afterEach, describe, expect, it, vi } from "vitest";
import type { BootStatus } from "../../../model/aws/boot/poolState";
import { HostProblem } from "../../../host/problem";
import type { PoolReadySpec, StepResult } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { poolReady } from "../../../host/steps/poolReady";
import { HANGS_AFTER } from "../../support/patience";
import { answer, SshHost, stateLine } from "./sshHost";

const cluster = "ab".repeat(32);
const cleanUp: (() => unknown)[] = [];
/** What the control-plane node was asked to run, besides its state. */
const scripts: string[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  scripts.length = 0;
  for (const one of cleanUp.splice(0).reverse()) await one();
});

interface Pool {
  readonly nodes?: readonly string[];
  readonly statuses?: readonly Partial<BootStatus>[];
  readonly others?: readonly string[];
  readonly activities?: readonly object[];
  /** Whole lines, of the look after a restore. */
  readonly restored?: readonly string[];
}

const spec: PoolReadySpec = {
  step: "poolReady",
  cluster: "dev",
  pool: "general",
  wanted: 2,
  boot: "b1",
  timeout: 30,
  rolling: 0,
  controlPlaneNodes: ["cp-1"],
};

const status = (over: Partial<BootStatus>): BootStatus => ({
  instance: "i-1",
  node: "ip-10-0-0-9",
  boot: "b1",
  state: "running",
  phase: "node setup",
  exit: 0,
  time: Math.round(Date.now() / 1000),
  ...over,
});

/** A control-plane node that gives one answer after the other about the pool, the last one again and again. */
async function controlPlaneNode(
  answers: Pool[],
  state: object = { cluster, state: "joined" },
): Promise<SshHost> {
  const server = await SshHost.start({
    exec: (_command, channel) => {
      let script = "";
      channel.on("data", (chunk: Buffer) => (script += chunk.toString()));
      channel.on("end", () => {
        if (script.includes("##state")) return answer(channel, 0, `${stateLine(state)}\n`);
        scripts.push(script);
        if (script.includes("aws activities")) {
          const { activities = [] } = answers[0] ?? {};
          return answer(channel, 0, activities.map((one) => `##activity ${JSON.stringify(one)}\n`).join(""));
        }
        if (script.includes("aws unhealthy")) return answer(channel, 0, "");
        const {
          nodes = [],
          statuses = [],
          others = [],
          restored,
        } = (answers.length > 1 ? answers.shift() : answers[0]) ?? {};
        if (script.includes("get leases")) return answer(channel, 0, `${(restored ?? []).join("\n")}\n`);
        const lines = [
          ...nodes.map((node) => `##node ${node}`),
          ...others.map((node) => `##other ${node}`),
          ...statuses.map(
            (one) => `##status ${JSON.stringify({ parameter: "/p", value: JSON.stringify(one) })}`,
          ),
          "##status {broken",
        ];
        answer(channel, 0, `${lines.join("\n")}\n`);
      });
    },
  });
  cleanUp.push(() => server.stop());
  return server;
}

async function wait(
  server: SshHost,
  over: Partial<PoolReadySpec> = {},
  more: { readonly operation?: "delete"; readonly previous?: StepResult } = {},
): Promise<{ said: string[]; result: unknown }> {
  const said: string[] = [];
  const input = { connections: { "cp-1": server.connection() }, files: [] };
  const hosts = new Hosts(input, HANGS_AFTER, (line) => said.push(line));
  cleanUp.push(() => hosts.close());
  const say = (line: string): number => said.push(line);
  const context = {
    operation: "create",
    spec: { ...spec, ...over },
    input,
    hosts,
    cluster,
    previous: undefined,
    values: {},
    say,
    ...more,
  } as const;
  const result = await poolReady(context, 10).catch((error: unknown) => {
    if (!(error instanceof HostProblem)) throw error;
    return error.report();
  });
  return { said, result };
}

describe("a pool that is deleted", () => {
  const deleted = { operation: "delete" } as const;

  it("leaves no status of a boot", async () => {
    const server = await controlPlaneNode([{}]);
    const { said, result } = await wait(server, {}, deleted);
    expect(result).toEqual({ pool: "general" });
    expect(said).toEqual([]);
    expect(scripts.at(-1)).toContain("aws forget");
    expect(scripts.at(-1)).toContain("/kubeadm/dev/general/status");
  });

  it("goes without a control plane, and says where the statuses stay", async () => {
    const { said, result } = await wait(await controlPlaneNode([{}], {}), {}, deleted);
    expect(result).toEqual({ pool: "general" });
    expect(said.join()).toContain("the statuses of its boots stay in /kubeadm/dev/general/status");
  });
});

describe("a pool of a cluster that was put back to a snapshot", () => {
  const restored = "etcd-1.snapshot";
  const lease = (name: string, second: number): string =>
    `##lease ${name} ${new Date((1_000 + second) * 1000).toISOString()}`;
  const node = (name: string): string => `##node ${name} aws:///eu-central-1a/i-${name}`;
  const known = ["##now 1000", "##instance i-a 9000", "##instance i-c 9000", node("a")];
  const back: Pool = { nodes: ["a True", "b True"] };

  it("has instances replaced that the snapshot does not know, once, and waits for kubelets and for what is gone", async () => {
    const server = await controlPlaneNode([
      { restored: [...known, node("b"), lease("a", -60)] },
      { restored: [...known, node("b"), lease("a", 5)] },
      { restored: [...known, lease("a", 5)] },
      back,
    ]);
    const { said, result } = await wait(server, { restored });
    expect(result).toEqual({ pool: "general", nodes: 2, restored });
    expect(said).toEqual([
      "general: i-c joined after the snapshot, which has no Node of it: replaced",
      "general: a: its kubelet has not reported yet; b: its instance is gone, and its Node is not yet",
      "general: b: its instance is gone, and its Node is not yet",
      "general: 2 of 2 Ready",
    ]);
    expect(scripts.filter((script) => script.includes("aws unhealthy"))).toHaveLength(1);
    expect(scripts.find((script) => script.includes("aws unhealthy"))).toContain("i-c");
  });

  it("is looked at so once", async () => {
    const { result } = await wait(await controlPlaneNode([back]), { restored }, { previous: { restored } });
    expect(result).toEqual({ pool: "general", nodes: 2, restored });
    expect(scripts.filter((script) => script.includes("get leases"))).toEqual([]);
  });
});

describe("waiting for a pool", () => {
  it("ends when so many nodes of that rendering are Ready, and tells each step on the way once", async () => {
    const server = await controlPlaneNode([
      { statuses: [status({}), status({ instance: "i-2" })] },
      { statuses: [status({}), status({ instance: "i-2" })] },
      { nodes: ["a True", "b False"], statuses: [status({ state: "joined", phase: "joined" })] },
      { nodes: ["a True", "b True"] },
    ]);
    const { said, result } = await wait(server);
    expect(result).toEqual({ pool: "general", nodes: 2 });
    expect(said).toEqual([
      "general: 0 of 2 Ready, 2 in node setup",
      "general: 1 of 2 Ready, 1 registered",
      "general: 2 of 2 Ready",
    ]);
  });

  it("fails with instance, phase, exit status and tail of a boot that failed", async () => {
    const failed = status({
      state: "failed",
      phase: "node setup: downloads",
      exit: 7,
      tail: ["one", "##error no route"],
    });
    const { result } = await wait(await controlPlaneNode([{ nodes: ["a True"], statuses: [failed] }]));
    expect(result).toBe(
      'pool general: instance i-1 (ip-10-0-0-9) failed in phase "node setup: downloads" (exit status 7); ' +
        "the full log is /var/log/pulumi-kubeadm.log on the instance. It retries every two minutes\n  | one\n  | ##error no route",
    );
  });

  it.each([
    ["of an earlier rendering", { boot: "b0" }],
    ["from before this run, which may have been put right", { time: Math.round(Date.now() / 1000) - 600 }],
  ])("does not fail for a failed boot %s", async (_, over) => {
    const failed = status({ state: "failed", ...over });
    const server = await controlPlaneNode([
      { statuses: [failed] },
      { nodes: ["a True", "b True"], statuses: [failed] },
    ]);
    expect((await wait(server)).result).toEqual({ pool: "general", nodes: 2 });
  });

  it("does not fail for one instance when enough others are there", async () => {
    const server = await controlPlaneNode([
      { nodes: ["a True", "b True"], statuses: [status({ state: "failed" })] },
    ]);
    expect((await wait(server)).result).toEqual({ pool: "general", nodes: 2 });
  });

  it("gives up in time, and says where to look when no instance said anything", async () => {
    const { result } = await wait(await controlPlaneNode([{}]), { timeout: 0.2 });
    expect(result).toContain("0 of 2 nodes are Ready after 0.2 s");
    expect(result).toContain("No instance has reported anything: check the group's activity");
  });

  it("says in Auto Scaling's own words why no instance comes", async () => {
    const message =
      "You have requested more vCPU capacity than your current vCPU limit of 5 allows. Launching EC2 instance failed.";
    const activities = [
      { StartTime: new Date().toISOString(), StatusCode: "Failed", StatusMessage: message },
      { StartTime: "2020-01-01T00:00:00Z", StatusCode: "Failed", StatusMessage: "long ago" },
    ];
    const { said, result } = await wait(await controlPlaneNode([{ activities }]), { timeout: 0.2 });
    expect(result).toContain(`Auto Scaling said at ${activities[0]?.StartTime}: ${message}`);
    expect(result).not.toContain("long ago");
    expect(said).toContain(`general: Auto Scaling failed: ${message}`);
  });

  it("keeps to its own hint where what failed is long ago", async () => {
    const activities = [
      { StartTime: "2020-01-01T00:00:00Z", StatusCode: "Failed", StatusMessage: "long ago" },
    ];
    const { result } = await wait(await controlPlaneNode([{ activities }]), { timeout: 0.2 });
    expect(result).toContain("No instance has reported anything");
  });

  it("gives each node of a roll the time in which an old one drains", async () => {
    const server = await controlPlaneNode([{ nodes: ["a True"], others: ["x", "y"] }]);
    const { result } = await wait(server, { timeout: 0.1, rolling: 0.3 });
    expect(result).toContain("1 of 2 nodes are Ready, and no more became Ready after 0.4 s");
  });

  it("has the time anew with each node that comes: a rolling refresh takes one after the other", async () => {
    // Two seconds go by with each answer, in which one node more is there: eight in all, with three to wait for each.
    const began = Date.now();
    let asked = 0;
    vi.spyOn(Date, "now").mockImplementation(() => began + asked * 2_000);
    const all = ["a True", "b True", "c True", "d True"];
    const server = await controlPlaneNode([
      {
        get nodes() {
          return all.slice(0, ++asked);
        },
      },
    ]);
    expect((await wait(server, { wanted: 4, timeout: 3 })).result).toEqual({ pool: "general", nodes: 4 });
    expect(asked).toBe(4);
  });

  it("says that nodes wait for the CNI when they are there and not Ready", async () => {
    const { result } = await wait(await controlPlaneNode([{ nodes: ["a False"] }]), { timeout: 0.2 });
    expect(result).toContain("usually wait for the CNI");
  });

  it("asks nobody for a pool of none", async () => {
    const server = await controlPlaneNode([{}]);
    expect((await wait(server, { wanted: 0 })).result).toEqual({ pool: "general", nodes: 0 });
    expect(server.dials).toBe(0);
  });

  it("does not ask a control-plane node of another cluster", async () => {
    const { result } = await wait(
      await controlPlaneNode([{}], { cluster: "cd".repeat(32), state: "joined" }),
    );
    expect(result).toBe(
      "pool general: no control-plane node answers: cp-1 is not a control-plane node of this cluster",
    );
  });
});
