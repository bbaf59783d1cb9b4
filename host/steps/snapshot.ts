import {
  snapshotBeforeChange,
  snapshotBeforeRemoval,
  snapshotBeforeUpgrade,
} from "../../model/etcd/backup/now";
import type { ClusterMachine } from "../../model/machine";
import type { RenderedFile } from "../../model/renderedFile";
import { HostProblem } from "../problem";
import type { NodeStepSpec } from "../protocol";
import type { StepContext } from "../step";

/** Set to anything, upgrades and removals go on without a snapshot of etcd, for one run. */
export const SKIP_VARIABLE = "PULUMI_KUBEADM_SKIP_SNAPSHOT";

type Context = StepContext<NodeStepSpec>;

/** Seconds that a snapshot and its way to the target may take. */
const TIMEOUT = 3_600;

/** Before a control-plane node gets another version, which cannot be taken back; nothing where the settings have no backups. */
export async function snapshotBeforeVersion(
  context: Context,
  machine: ClusterMachine,
  files: readonly RenderedFile[],
): Promise<void> {
  const { node, kubernetesVersion } = context.spec;
  if (node.controlPlane?.backup === undefined) return;
  await snapshot(context, machine, machine.name, snapshotBeforeUpgrade(kubernetesVersion, files));
}

/**
 * Before a control-plane node leaves.
 * @param through a control-plane node that stays
 * @param insisted why the node leaves whatever stands against it; undefined: it does not
 */
export async function snapshotBeforeLeaving(
  context: Context,
  machine: ClusterMachine,
  through: string,
  insisted: string | undefined,
): Promise<void> {
  if (context.spec.node.controlPlane?.backup === undefined) return;
  try {
    await snapshot(context, machine, through, snapshotBeforeRemoval());
  } catch (error) {
    if (insisted === undefined || !(error instanceof HostProblem)) throw error;
    context.say(`${error.report()}; continuing without a snapshot, because ${insisted}`);
  }
}

/** Before a rotation of the CAs. */
export async function snapshotBeforeRotation(
  context: Pick<StepContext<unknown>, "hosts" | "say">,
  machine: ClusterMachine,
): Promise<void> {
  await snapshot(context, machine, machine.name, snapshotBeforeChange("before-rotation"));
}

async function snapshot(
  { hosts, say }: Pick<StepContext<unknown>, "hosts" | "say">,
  machine: ClusterMachine,
  on: string,
  script: string,
): Promise<void> {
  const skip = process.env[SKIP_VARIABLE];
  if (skip !== undefined && skip !== "") {
    say(`${machine.name}: no snapshot of etcd is taken, because ${SKIP_VARIABLE} is set`);
    return;
  }
  try {
    await hosts.job(on, { name: "taking a snapshot of etcd", script, timeout: TIMEOUT });
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    throw new HostProblem(
      machine.name,
      `is not changed, because etcd has no fresh snapshot: ${on}: ${error.message}. Mend etcd.backup.target first, or run pulumi with ${SKIP_VARIABLE}=1 to continue without a snapshot`,
      error.tail,
    );
  }
}
