/**
 * Scripts that run on another control-plane node while a node is upgraded: it is drained, and let in again when it is well.
 */
import { LABEL_DOMAIN, UPGRADING } from "../core/labelDomain";
import type { ClusterMachine } from "../machine";
import type { ScriptVariables } from "../core/script";
import { containerdConfigFile } from "../node/containerd";
import { prelude } from "../node/shell";
import { lifecycleScript } from "./scripts";
import type { NodeSpec } from "./spec";

export { UPGRADING };

/** Taint of a worker that waits until it may leave: pods that others lose had better not go there. */
export const LEAVING_TAINT = `${LABEL_DOMAIN}/leaving:PreferNoSchedule`;

/** The annotation of a drained node with the DaemonSets whose pods there were not ready before. */
const UNREADY_BEFORE = `${LABEL_DOMAIN}/unready-before`;
/** Seconds for which a node that is Ready may take until pods run there. */
const WELL_WITHIN = 180;

/** Run on another control-plane node before a node's kubelet is upgraded. Pods that stay are said, and no error. */
export function drainScript({ machine, drainTimeoutSeconds }: NodeSpec): string {
  return `${prelude()}${lifecycleScript("drain", {
    ...nodeVariables(machine),
    machine: machine.name,
    drain_timeout: drainTimeoutSeconds,
    unready_before: UNREADY_BEFORE,
  })}`;
}

/** Variables of the scripts that use `node-functions.sh`. */
export function nodeVariables({ nodeName }: Pick<ClusterMachine, "nodeName">): ScriptVariables {
  return { node: nodeName, upgrading: UPGRADING };
}

/**
 * Waits until a node that was drained for its upgrade, by this run or an earlier one, is well: Ready with its version, the pods of
 * its DaemonSets ready that were so before, and a pod starts there. Until then it stays cordoned.
 */
export function readyAgain({ machine, kubernetesVersion }: NodeSpec): string {
  return lifecycleScript("ready-again", {
    ...nodeVariables(machine),
    ...checkPodVariables,
    kubernetes_version: kubernetesVersion,
    unready_before: UNREADY_BEFORE,
  });
}

/** By the scheduler, so on a node that is cordoned by its tolerations. Its image is on every node: sandboxes are made of it. */
const CHECK_POD = JSON.stringify({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "@NAME@",
    namespace: "kube-system",
    labels: { "app.kubernetes.io/name": "pulumi-kubeadm-check" },
  },
  spec: {
    restartPolicy: "Never",
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    priorityClassName: "system-node-critical",
    tolerations: [{ operator: "Exists" }],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchFields: [{ key: "metadata.name", operator: "In", values: ["@NODE@"] }] },
          ],
        },
      },
    },
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_535,
      runAsGroup: 65_535,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: "check",
        image: "@IMAGE@",
        imagePullPolicy: "IfNotPresent",
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
      },
    ],
  },
});

/** Variables of the scripts that use `check-pod.sh`, besides `node`. */
export const checkPodVariables: ScriptVariables = {
  well_within: WELL_WITHIN,
  check_pod: CHECK_POD,
  containerd_config: containerdConfigFile,
};

/** Run on a control-plane node: prints the mark of a node that an earlier run left drained, or nothing. */
export function leftDrainedScript({ machine }: NodeSpec): string {
  return `${prelude()}${lifecycleScript("left-drained", nodeVariables(machine))}`;
}

/** Lets pods come back to it. */
export function letIn({ machine }: NodeSpec): string {
  return lifecycleScript("let-in", { ...nodeVariables(machine), unready_before: UNREADY_BEFORE });
}

/** Run on another control-plane node where a node was drained for a change that was not made, or was put back. */
export function letInScript(spec: NodeSpec): string {
  return `${prelude()}${readyAgain(spec)}${letIn(spec)}`;
}
