/** Scripts that run on a control-plane node and concern the Node of another machine, or its own. */
import { LABEL_DOMAIN } from "../core/labelDomain";
import { KUBELET_PORT } from "../network/ports";
import { nodeLabels } from "../kubeadm";
import { approverUnit } from "../kubeadm/approver";
import type { ClusterMachine } from "../machine";
import { letIn, nodeVariables, readyAgain } from "./draining";
import { deadMembers, type EtcdMember } from "../node/etcd";
import { prelude } from "../node/shell";
import { lifecycleScript } from "./scripts";
import type { NodeMachine, NodeSpec } from "./spec";

/** Annotations of a node with the labels, and the taints as `key:effect`, that the library gave it. */
const GIVEN = {
  labels: `${LABEL_DOMAIN}/labels`,
  taints: `${LABEL_DOMAIN}/taints`,
} as const;
/**
 * What may be in them: a node writes its own annotations, and a forged one must not become a part of a request that is
 * made with the administrator's credentials.
 */
const KEY = "[A-Za-z0-9]([A-Za-z0-9./_-]*[A-Za-z0-9])?";

/**
 * Run on a control-plane node: waits until the node is registered, then gives it the labels and taints of the settings. What an
 * earlier run gave and the settings no longer name is taken away; what others gave stays. A node that was drained for its
 * upgrade is let in again. What can fail comes before the labels: where this fails, the node has its former ones.
 */
export function adoptScript(spec: NodeSpec): string {
  const { machine } = spec;
  return [
    prelude(),
    lifecycleScript("registered", { node: machine.nodeName }),
    readyAgain(spec),
    labelsAndTaints(machine),
    letIn(spec),
    servingCertificate(spec),
  ].join("");
}

/** One request, so that all of it is there or nothing, and the record of what was given is never behind. */
function labelsAndTaints(machine: NodeMachine): string {
  const labels = nodeLabels(machine);
  const taints = machine.taints.map((taint) => ({ name: `${taint.key}:${taint.effect}`, taint }));
  const given = {
    [GIVEN.labels]: Object.keys(labels).join(","),
    [GIVEN.taints]: taints.map(({ name }) => name).join(","),
  };
  const inner = (value: object): string => JSON.stringify(value).slice(1, -1);
  const annotation = (name: string): string =>
    `{{with .metadata.annotations}}{{with index . "${name}"}}{{.}}{{end}}{{end}}{{"\\n"}}`;
  const taint =
    '{{.key}}:{{.effect}} {"key":"{{.key}}"{{with .value}},"value":"{{.}}"{{end}},"effect":"{{.effect}}"{{with .timeAdded}},"timeAdded":"{{.}}"{{end}}}{{"\\n"}}';
  const template = `{{.metadata.resourceVersion}}{{"\\n"}}${annotation(GIVEN.labels)}${annotation(GIVEN.taints)}{{range .spec.taints}}${taint}{{end}}`;
  return lifecycleScript("labels-and-taints", {
    node: machine.nodeName,
    wanted_labels: inner(labels),
    wanted_taints: inner(taints.map((one) => one.taint)),
    label_names: Object.keys(labels).join("\n"),
    taint_names: taints.map(({ name }) => name).join("\n"),
    given_annotations: inner(given),
    key_pattern: KEY,
    template,
  });
}

/**
 * Waits until the kubelet has the certificate it serves with: until then logs, exec and port-forward fail on the node. The
 * approver looks by itself only now and then. A certificate that it does not approve is left to people, and said.
 */
function servingCertificate(spec: NodeSpec): string {
  const { machine } = spec;
  if (spec.kubelet.config.serverTLSBootstrap === false) return "";
  return lifecycleScript("serving-certificate", {
    node: machine.nodeName,
    kubelet_url: `https://${machine.nodeAddress}:${KUBELET_PORT}/healthz`,
    approver_unit: `${approverUnit}.service`,
  });
}

/**
 * Run on a control-plane node that stays, before a host that is not a node joins: a join that was cut off may have
 * registered its Node and its etcd member already, and kubeadm refuses a second one of the name.
 * @param dead members of machines that leave: etcd takes no new one while they are listed
 */
export function forgetScript(machine: ClusterMachine, dead: readonly EtcdMember[] = []): string {
  return `${prelude()}${lifecycleScript("forget", {
    ...nodeVariables(machine),
    machine: machine.name,
    node_address: machine.nodeAddress,
    control_plane: machine.role === "controlPlane",
    dead_members: deadMembers(dead),
  })}`;
}
