/**
 * Scripts that run on another control-plane node while a node is upgraded: one node at a time is drained, and let in
 * again afterwards.
 */
import { LABEL_DOMAIN } from "../core/labelDomain";
import type { ClusterMachine } from "../machine";
import type { ScriptVariables } from "../core/script";
import { prelude } from "../node/shell";
import { lifecycleScript } from "./scripts";
import type { NodeSpec } from "./spec";

/**
 * The annotation of a node that was drained for its upgrade, and what is to become of it: `uncordon`, or `stay` where
 * people had cordoned it themselves. It outlives a run that was killed, so that the next one lets the node in again.
 */
export const UPGRADING = `${LABEL_DOMAIN}/upgrading`;

/** Run on another control-plane node before a node's kubelet is upgraded. Pods that stay are said, and no error. */
export function drainScript({ machine, drainTimeoutSeconds }: NodeSpec): string {
  return `${prelude()}${lifecycleScript("drain", {
    ...nodeVariables(machine),
    machine: machine.name,
    drain_timeout: drainTimeoutSeconds,
  })}`;
}

/** Variables of the scripts that use `node-functions.sh`. */
export function nodeVariables({ nodeName }: Pick<ClusterMachine, "nodeName">): ScriptVariables {
  return { node: nodeName, upgrading: UPGRADING };
}

/** Waits until a node that was drained for its upgrade, by this run or an earlier one, is what it is to be. */
export function readyAgain({ machine, kubernetesVersion }: NodeSpec): string {
  return lifecycleScript("ready-again", {
    ...nodeVariables(machine),
    kubernetes_version: kubernetesVersion,
  });
}

/** Lets pods come back to it. */
export function letIn({ machine }: NodeSpec): string {
  return lifecycleScript("let-in", nodeVariables(machine));
}

/** Run on another control-plane node where a node was drained for a change that was not made, or was put back. */
export function letInScript(spec: NodeSpec): string {
  return `${prelude()}${readyAgain(spec)}${letIn(spec)}`;
}
