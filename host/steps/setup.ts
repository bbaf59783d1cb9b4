import { SETUP_FILE } from "../../model/membership/shell";
import { renderNode } from "../../model/node/render";
import { HostProblem } from "../problem";
import type { SetupSpec, StepResult } from "../protocol";
import { refuseOtherFacts } from "../guard";
import { readState } from "../state";
import { machineOf, refuseSkew, type StepContext } from "../step";

/** Makes a bare host ready for kubeadm, and keeps it so; on delete takes back what it put there. */
export async function setup(context: StepContext<SetupSpec>): Promise<StepResult> {
  return context.operation === "delete" ? cleanUp(context) : prepare(context);
}

async function prepare(context: StepContext<SetupSpec>): Promise<StepResult> {
  const { spec, hosts, operation, previous } = context;
  const state = await readState(hosts, spec.machine);
  refuseSkew(spec.machine, state.now);
  refuseOtherFacts(spec.machine, state, context.cluster, spec.settings);
  if (operation === "update" && !state.setup && (previous?.generation ?? 0) >= spec.generation)
    throw new HostProblem(
      spec.machine,
      `nothing of an earlier setup is on the host: it was wiped, or is another one. If that is meant, raise ` +
        `machines.${spec.machine}.generation to ${spec.generation + 1}, and it joins as a new node`,
    );
  const rendered = renderNode(spec.settings, machineOf(spec));
  await hosts.job(spec.machine, { name: "node setup", script: rendered.setupScript, timeout: 3_600 });
  const mark = { machine: spec.machine, generation: spec.generation, digest: spec.digest };
  await hosts.query(
    spec.machine,
    "recording the setup",
    `mkdir -p "$(dirname ${SETUP_FILE})" && cat >${SETUP_FILE}.tmp && mv -f ${SETUP_FILE}.tmp ${SETUP_FILE}`,
    `${JSON.stringify(mark)}\n`,
  );
  return { machine: spec.machine, generation: spec.generation, machineId: state.machineId };
}

async function cleanUp(context: StepContext<SetupSpec>): Promise<StepResult> {
  const { spec, hosts, say } = context;
  try {
    const state = await readState(hosts, spec.machine);
    if (!state.setup || state.setup.machine !== spec.machine) {
      say(`${spec.machine}: carries no setup of this machine, left alone`);
      return {};
    }
    if (state.member) {
      say(`${spec.machine}: still a node of a cluster, left alone`);
      return {};
    }
    const script = renderNode(spec.settings, machineOf(spec)).cleanupScript;
    await hosts.job(spec.machine, {
      name: "clean-up",
      script: `${script}\nrm -f ${SETUP_FILE}\n`,
      timeout: 600,
    });
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    // A host that is gone needs no cleaning, and must not stand in the way of everything else.
    say(`${error.report()}; taken for gone`);
  }
  return {};
}
