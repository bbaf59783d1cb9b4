import { afterEach, describe, expect, it } from "vitest";
import { HostProblem } from "../../../host/problem";
import type { NodeStepSpec } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { nodeLifecycle } from "../../../host/steps/node";
import { refuseHeld } from "../../../host/steps/held";
import { ownerOf } from "../../../model/immutableSettings";
import { awsSettings, largeAws } from "../../support/awsInput";
import { answer, SshHost, stateLine } from "./sshHost";
import { nodeStepSpec } from "../../../components/machines/specs";

const cluster = "ab".repeat(32);
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

const settings = awsSettings(largeAws);
const [machine] = settings.machines;
if (machine === undefined) throw new Error("there is a control-plane node");
const spec: NodeStepSpec = { ...nodeStepSpec(settings, machine), held: true };
const ours = { cluster, state: "joined", owner: ownerOf(machine) };

/** The instance, with such a record of its node step; everything that it is asked to run. */
async function instance(node: object | null): Promise<{ server: SshHost; scripts: string[] }> {
  const scripts: string[] = [];
  const server = await SshHost.start({
    exec: (_command, channel) => {
      let script = "";
      channel.on("data", (chunk: Buffer) => (script += chunk.toString()));
      channel.on("end", () => {
        scripts.push(script);
        answer(channel, 0, `${stateLine(node)}\n`);
      });
    },
  });
  cleanUp.push(() => server.stop());
  return { server, scripts };
}

function context(server: SshHost, over: Partial<NodeStepSpec> = {}) {
  const input = { connections: { "cp-1": server.connection() }, files: [] };
  const hosts = new Hosts(input, 2_000, () => undefined);
  cleanUp.push(() => hosts.close());
  return {
    operation: "delete",
    spec: { ...spec, ...over },
    input,
    hosts,
    cluster,
    previous: undefined,
    values: {},
    say: () => undefined,
  } as const;
}

describe("a node whose instance cannot be ended", () => {
  it("does not leave: nothing but its state is asked, and the settings that let go of it are named", async () => {
    const { server, scripts } = await instance(ours);
    const leaving = nodeLifecycle(context(server));
    await expect(leaving).rejects.toThrow(HostProblem);
    await expect(leaving).rejects.toThrow(/controlPlane\.deletable: \[cp-1\]/);
    expect(scripts).toHaveLength(1);
    expect(scripts[0]).toContain("##state");
  });

  it.each<[string, object | null]>([
    ["another instance by now, without a node", null],
    ["a node of another cluster", { ...ours, cluster: "cd".repeat(32) }],
    ["the node of a later step", { ...ours, owner: "controlPlane//cp-1@2" }],
  ])("is held by nothing where it is %s", async (_, node) => {
    const { server } = await instance(node);
    await expect(refuseHeld(context(server))).resolves.toBeUndefined();
  });

  it("is held by nothing where it does not answer: there is nothing to reset", async () => {
    const { server } = await instance(ours);
    const asked = context(server);
    await server.stop();
    await expect(refuseHeld(asked)).resolves.toBeUndefined();
  });

  it("is asked nothing where its instance can be ended", async () => {
    const { server, scripts } = await instance(ours);
    await refuseHeld(context(server, { held: undefined as never }));
    expect(scripts).toEqual([]);
  });
});
