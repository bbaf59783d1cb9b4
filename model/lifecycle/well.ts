/** What has to hold on a living node after a change. */
import type { ClusterMachine } from "../machine";
import { prelude } from "../node/shell";
import { readyBefore } from "../node/undo";
import { lifecycleScript } from "./scripts";

/** Seconds in a row for which a node has to be well, and for which it is given. */
const WELL_FOR = 5;
const WELL_WITHIN = 120;

/**
 * Run on a node after its runtime or kubelet was restarted: the runtime says that it and the pod network are ready, the kubelet
 * is healthy, a pod starts, and the Node is Ready, and so are, during a guarded change, the pods that were before it. A runtime whose
 * configuration it takes, and that starts no pod, is found by that pod.
 */
export function wellScript(machine: ClusterMachine): string {
  return `${prelude()}${lifecycleScript("well", {
    machine: machine.name,
    node: machine.nodeName,
    well_for: WELL_FOR,
    well_within: WELL_WITHIN,
    ready_before: readyBefore,
  })}`;
}
