import { afterEach, describe, expect, it } from "vitest";
import { FORCE_VARIABLE, insistedBy } from "../../../host/insist";
import { LoginRefusedError, UnreachableError } from "../../../host/problem";
import type { Operation, StepInput } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { nodeLifecycle } from "../../../host/steps/node";
import { setup } from "../../../host/steps/setup";
import type { Removal } from "../../../model/settings/resolved";
import { machine, settingsOf } from "../../support/kubeadmSettings";
import { SshHost } from "./sshHost";
import { nodeStepSpec, setupSpec } from "../../../components/machines/specs";

let server: SshHost | undefined;
let hosts: Hosts | undefined;
afterEach(async () => {
  hosts?.close();
  await server?.stop();
});

const previous = { machine: "w1", revision: 1, machineId: "1f" };

/** The context of w1's step, whose host nobody can log on to. */
function contextOf(operation: Operation, removal: Removal, input: StepInput, said: string[]) {
  const own = machine("w1", { removal });
  const settings = { ...settingsOf(), machines: [own] };
  hosts = new Hosts(input, 100, () => undefined);
  const common = { setup: setupSpec(settings, own), node: nodeStepSpec(settings, own) };
  return {
    spec: common,
    context: {
      operation,
      input,
      hosts,
      cluster: "ab",
      previous,
      values: {},
      say: (line: string) => said.push(line),
    },
  };
}

type Step = "setup" | "node";

function run(step: Step, ...args: Parameters<typeof contextOf>) {
  const { spec, context } = contextOf(...args);
  return step === "setup"
    ? setup({ ...context, spec: spec.setup })
    : nodeLifecycle({ ...context, spec: spec.node });
}

async function inputOf(options: Parameters<typeof SshHost.start>[0], stopped: boolean): Promise<StepInput> {
  server = await SshHost.start(options);
  const connection = server.connection();
  if (stopped) await server.stop();
  return { connections: { w1: connection }, files: [] };
}

describe.each(["setup", "node"] as const)("an update of %s on a host nobody can log on to", (step) => {
  it.each([
    ["is down", {}, true, UnreachableError],
    ["refuses the login", { accept: false }, false, LoginRefusedError],
  ] as const)(
    "that %s fails, and with removal: force says so and takes the word",
    async (_, options, stopped, kind) => {
      const said: string[] = [];
      const input = await inputOf(options, stopped);
      await expect(run(step, "update", "safe", input, said)).rejects.toBeInstanceOf(kind);
      expect(said).toEqual([]);
      hosts?.close();
      expect(await run(step, "update", "force", input, said)).toEqual(previous);
      expect(said).toEqual([
        expect.stringMatching(/^w1: .*; it was not changed, because machines\.w1\.removal is force/),
      ]);
    },
  );

  it("is not an update when the machine is new: its creation fails", async () => {
    const input = await inputOf({}, true);
    await expect(run(step, "create", "force", input, [])).rejects.toBeInstanceOf(UnreachableError);
  });
});

describe("who insists on a removal", () => {
  it.each([
    ["safe", "", undefined],
    ["safe", "w2", undefined],
    ["safe", "w11,w2", undefined],
    ["safe", "w2, w1", `${FORCE_VARIABLE}=w2, w1`],
    ["safe", "all", `${FORCE_VARIABLE}=all`],
    ["force", "", "machines.w1.removal is force"],
    ["force", "w1", "machines.w1.removal is force"],
  ] as const)("with removal %s and the variable %j: %s", (removal, given, who) => {
    expect(insistedBy({ name: "w1", removal }, given)).toBe(who);
  });
});
