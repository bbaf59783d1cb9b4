/** What a rehearsal needs of a stack's state: how snapshots are reached and decrypted, and the keys of the cluster. */
import { readSteps, StateError, type Step } from "../doctor/steps";
import type { Connection } from "../host/protocol";
import type { BackupSettings } from "../model/etcd/backup/settings";
import { paths } from "../model/kubeadm/paths";

export interface RehearsedStack {
  /** SHA-256 of the cluster's CA. */
  readonly cluster: string;
  readonly name: string;
  readonly backup: BackupSettings;
  /** Of the settings, as x.y.z. */
  readonly kubernetesVersion: string;
  readonly serviceCidr: string;
  readonly controlPlane: readonly string[];
  /** By machine name; secret. */
  readonly connections: Readonly<Record<string, Connection>>;
  readonly bastion?: Connection;
  /** What control-plane nodes get by standard input, by path; secret. */
  readonly files: Readonly<Record<string, string>>;
  /** Address that hosts download kubeadm from; undefined: the state has none. */
  readonly kubeadmUrl?: string;
}

/**
 * @param text as `pulumi stack export --show-secrets` prints it
 * @throws StateError when the stack has no cluster that backs up
 */
export function readRehearsed(text: string): RehearsedStack {
  const { steps, cluster, connections, bastion } = readSteps(text);
  const nodes = steps.flatMap(controlPlaneNode);
  const [first] = nodes;
  if (first === undefined)
    throw new StateError("the stack has no control-plane nodes yet: pulumi up creates them");
  const { backup, name } = first.controlPlane;
  if (backup === undefined)
    throw new StateError("the stack takes no backups: set etcd.backup and run pulumi up");
  const input = steps.find(
    ({ spec, input: given }) => spec.step === "node" && spec.machine === first.machine && given !== undefined,
  )?.input;
  const files = Object.fromEntries((input?.files ?? []).map(({ path, content }) => [path, content]));
  if (files[paths.wantedEncryption] === undefined)
    throw new StateError("the state has no keys of the control plane: export it again after pulumi up");
  const kubeadmUrl = steps.flatMap(kubeadmUrlOf)[0];
  return {
    cluster,
    name,
    backup,
    kubernetesVersion: first.kubernetesVersion,
    serviceCidr: first.serviceCidr,
    controlPlane: nodes.map(({ machine }) => machine),
    connections,
    ...(bastion === undefined ? {} : { bastion }),
    files,
    ...(kubeadmUrl === undefined ? {} : { kubeadmUrl }),
  };
}

function controlPlaneNode({ spec }: Step) {
  if (spec.step !== "node" || spec.node.controlPlane === undefined) return [];
  const { machine, kubernetesVersion, fixed, node } = spec;
  return [
    {
      machine,
      kubernetesVersion,
      serviceCidr: fixed.serviceCidr,
      controlPlane: spec.node.controlPlane,
      node,
    },
  ];
}

function kubeadmUrlOf({ spec }: Step): string[] {
  const setup = spec.step === "setup" ? spec.node : spec.step === "node" ? spec.setup?.node : undefined;
  return (setup?.downloads ?? []).filter(({ name }) => name === "kubeadm").map(({ url }) => url);
}
