import { SETUP_FILE } from "../../model/membership/shell";
import { renderNode } from "../../model/node/render";
import { HostProblem } from "../problem";
import type { InitSpec, MembershipSpec, SetupPart, SetupSpec, StepResult } from "../protocol";
import type { Machine } from "../../model/settings/resolved";
import { refuseOtherFacts } from "../guard";
import type { Hosts } from "../runner";
import { readState } from "../state";
import { machineOf, readUnlessForced, refuseSkew, type StepContext } from "../step";

/** Makes a bare host ready for kubeadm, and keeps it so; on delete takes back what it put there. */
export async function setup(context: StepContext<SetupSpec>): Promise<StepResult> {
  return context.operation === "delete" ? cleanUp(context) : prepare(context);
}

async function prepare(context: StepContext<SetupSpec>): Promise<StepResult> {
  const { spec, hosts, operation, previous } = context;
  const state = await readUnlessForced(context, machineOf(spec));
  if (state === undefined) return previous ?? {};
  refuseSkew(spec.machine, state.now);
  refuseOtherFacts(spec.machine, state, context.cluster, spec.settings);
  if (operation === "update" && !state.setup && (previous?.generation ?? 0) >= spec.generation)
    throw new HostProblem(
      spec.machine,
      `nothing of an earlier setup is on the host: it was wiped, or is another one. If that is meant, raise ` +
        `machines.${spec.machine}.generation to ${spec.generation + 1}, and it joins as a new node`,
    );
  await runSetup(hosts, machineOf(spec), spec);
  return { machine: spec.machine, generation: spec.generation, machineId: state.machineId };
}

async function runSetup(hosts: Hosts, machine: Machine, part: SetupPart): Promise<void> {
  const rendered = renderNode(part.settings, machine);
  await hosts.job(machine.name, { name: "node setup", script: rendered.setupScript, timeout: 3_600 });
  const mark = { machine: machine.name, generation: machine.generation, digest: part.digest };
  await hosts.query(
    machine.name,
    "recording the setup",
    `mkdir -p "$(dirname ${SETUP_FILE})" && cat >${SETUP_FILE}.tmp && mv -f ${SETUP_FILE}.tmp ${SETUP_FILE}`,
    `${JSON.stringify(mark)}\n`,
  );
}

/** Setup as a part of a step that needs it: run where the host's last one is not what is rendered now. */
export async function ensureSetup(
  context: StepContext<InitSpec | MembershipSpec>,
  machine: Machine,
  part: SetupPart,
): Promise<void> {
  const { setup: last } = await readState(context.hosts, machine.name);
  if (last?.digest === part.digest && last.generation === machine.generation) return;
  const own = part.settings.machines.find((one) => one.name === machine.name);
  if (!own) throw new HostProblem(machine.name, "is not in the settings of its own setup");
  await runSetup(context.hosts, own, part);
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
