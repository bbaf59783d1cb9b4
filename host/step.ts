import type { ImmutableSettings } from "../model/immutableSettings";
import type { ClusterMachine } from "../model/machine";
import { ClockSkewError, HostProblem, NoSessionError } from "./problem";
import type { NodeStepSpec, Operation, SetupSpec, StepInput, StepResult } from "./protocol";
import type { Hosts } from "./runner";
import { readState, type HostState } from "./state";

/** Everything a step has to work with. */
export interface StepContext<Spec> {
  readonly operation: Operation;
  readonly spec: Spec;
  readonly input: StepInput;
  readonly hosts: Hosts;
  /** Fixed values of the settings of this run (`KUBEADM_FIXED`); init's own specification is that of its first run. */
  readonly fixed?: ImmutableSettings;
  /** SHA-256 of the cluster CA's certificate in hex. */
  readonly cluster: string;
  /** What the step printed when it last ran, on update and delete. */
  readonly previous: StepResult | undefined;
  /** Late values by their token (`KUBEADM_VALUES`). */
  readonly values: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
}

/** The machine of a step in its own view of the settings. */
export function machineOf(spec: SetupSpec | NodeStepSpec): ClusterMachine {
  const machine = spec.machines.find((candidate) => candidate.name === spec.machine);
  if (!machine) throw new HostProblem(spec.machine, "is not in the step's specification");
  return machine;
}

/**
 * The state of the step's host. `removal: force` has to reach the step of a host that is gone, so its update continues
 * without the host, and says so; the removal reads the word from the step.
 * @returns undefined where no session came about in an update that insists
 */
export async function readUnlessForced(
  { hosts, operation, say, spec, cluster }: StepContext<SetupSpec | NodeStepSpec>,
  machine: ClusterMachine,
): Promise<HostState | undefined> {
  try {
    return await readState(hosts, machine.name, { cluster, spec });
  } catch (error) {
    if (operation !== "update" || machine.removal !== "force" || !(error instanceof NoSessionError))
      throw error;
    say(
      `${error.report()}; it was not changed, because machines.${machine.name}.removal is force: remove it from the settings now, or change removal back`,
    );
    return undefined;
  }
}

/** Seconds by which the clocks of two machines of a cluster may differ; certificates begin to fail soon after. */
export const CLOCK_SKEW = 60;

/**
 * A certificate is not valid before its first second, so a host whose clock lags behind the program that made the
 * certificates would refuse them with an error nobody understands.
 */
export function refuseSkew(machine: string, hostNow: number, programNow = Date.now() / 1000): void {
  const skew = Math.round(hostNow - programNow);
  if (Math.abs(skew) <= CLOCK_SKEW) return;
  throw new ClockSkewError(
    machine,
    `its clock is ${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} the machine that runs Pulumi ` +
      `(at most ${CLOCK_SKEW} s): certificates would not be valid. Synchronise both clocks with NTP`,
  );
}
