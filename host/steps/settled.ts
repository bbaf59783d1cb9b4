import { settledScript } from "../../model/aws/settled";
import { HostProblem } from "../problem";
import type { SettledSpec, StepResult } from "../protocol";
import { readState } from "../state";
import type { StepContext } from "../step";

/**
 * Stands between the instances of two control-plane nodes: when the first was stopped and started for another type, the next
 * is not touched before the first one's API answers again, which it does only with its etcd among a quorum.
 * @throws HostProblem with the machine
 */
export async function settled(context: StepContext<SettledSpec>): Promise<StepResult> {
  const { spec, previous, hosts, cluster } = context;
  const { machine, instanceType } = spec;
  const result = { machine, instanceType };
  // A node that is down must not stand in the way of changes that do not concern it.
  if (previous?.instanceType === undefined || previous.instanceType === instanceType) return result;
  const { node } = await readState(hosts, machine);
  // An instance of its first day, or one that was replaced: its node joins later in this run.
  if (node?.cluster !== cluster || node.state !== "joined") return result;
  const { status, stdout } = await hosts.attempt(machine, "/bin/bash -s", settledScript(spec.address));
  if (status === 0) return result;
  throw new HostProblem(
    machine,
    `has a new instance type, but its API does not answer yet: ${stdout.trim().split("\n").at(-1) ?? ""}. The other control-plane nodes were not changed. Repair it and run up again`,
  );
}
