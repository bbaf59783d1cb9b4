import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { AT_MAINTENANCE, enterScript, leaveScript } from "../model/maintenance/steps";
import type { ClusterMachine } from "../model/machine";
import type { RunResult } from "./connection";
import { HostProblem } from "./problem";
import type { LockContext } from "./rollout";

/** Milliseconds between two looks. */
const LOOK = 5_000;

/**
 * Runs `work`, which changes a living node, while no node is drained, patched or rebooted by `maintenance`, and none begins. A node that
 * did not come back from its maintenance keeps no step waiting: `up` may be what mends it. Nor does a control plane that does not answer.
 * @param on whether the cluster has maintenance
 */
export async function apartFromMaintenance<T>(
  context: Pick<LockContext, "hosts" | "spec" | "say">,
  machine: ClusterMachine,
  on: boolean,
  work: () => Promise<T>,
  pause = LOOK,
): Promise<T> {
  if (!on) return work();
  const { say } = context;
  const step = randomBytes(8).toString("hex");
  let told = "";
  for (;;) {
    const answer = await ask(context, enterScript(step, machine.name));
    if (answer?.status !== AT_MAINTENANCE) {
      if (answer?.status !== 0)
        say(`${machine.name}: continues without asking for maintenance: ${answer?.why ?? "no answer"}`);
      break;
    }
    const nodes = answer.stdout.trim();
    if (nodes !== told) say(`${machine.name}: waits until the maintenance of ${nodes} ends`);
    told = nodes;
    await delay(pause);
  }
  try {
    return await work();
  } finally {
    await ask(context, leaveScript(step));
  }
}

/** What the first control-plane node that answers says. */
async function ask(
  { hosts, spec }: Pick<LockContext, "hosts" | "spec">,
  script: string,
): Promise<(Pick<RunResult, "status" | "stdout"> & { readonly why: string }) | undefined> {
  let last: (Pick<RunResult, "status" | "stdout"> & { readonly why: string }) | undefined;
  for (const { name, role } of spec.machines) {
    if (role !== "controlPlane" || !hosts.has(name)) continue;
    try {
      const { status, stdout, stderr } = await hosts.attempt(name, "/bin/bash -s", script);
      last = { status, stdout, why: hosts.scrub(stderr.trim().split("\n").at(-1) ?? "") };
      if (status === 0 || status === AT_MAINTENANCE) return last;
    } catch (error) {
      if (!(error instanceof HostProblem)) throw error;
      last = { status: -1, stdout: "", why: error.report() };
    }
  }
  return last;
}
