/** A node that has joined is Ready where others are: the cluster has a pod network then, and it must get there too. */
import type { ClusterMachine } from "../machine";
import { prelude } from "../node/shell";
import { lifecycleScript } from "./scripts";

/** Seconds for which it is given: images of a CNI come over slow lines too. */
const READY_WITHIN = 600;
/** Names of other nodes in an error. */
const NAMED = 3;

/** Run on a control-plane node: prints the other nodes that are Ready, a line each. */
export function readyOthersScript({ nodeName }: ClusterMachine): string {
  return `${prelude()}${lifecycleScript("ready-others", { node: nodeName })}`;
}

/**
 * Run on the node itself, with its kubelet's access, so that many that join at once ask no control-plane node to run anything.
 * @param others nodes that are Ready; at least one
 */
export function joinedReadyScript({ nodeName }: ClusterMachine, others: readonly string[]): string {
  const more = others.length - NAMED;
  return `${prelude()}${lifecycleScript("joined-ready", {
    node: nodeName,
    ready_within: READY_WITHIN,
    others: `${others.slice(0, NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`,
  })}`;
}

/** Seconds of a job with `joinedReadyScript`. */
export const READY_JOB = READY_WITHIN + 120;
