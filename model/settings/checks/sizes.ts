import { CNI_PROFILES } from "../../cni";
import { sizeOf } from "../../network/addresses";
import {
  MOST_NODE_BITS,
  NARROWEST_SERVICE_PREFIX,
  WIDEST_SERVICE_PREFIX,
  nodeCapacity,
  podCapacity,
} from "../../network/clusterNetwork";
import type { Facts } from "../draft";
import type { Path, Problems } from "../problems";

/** The pod range has a slice for every node, and no more slices than kube-controller-manager can count. */
export function validatePodRange(facts: Facts, problems: Problems): void {
  const { pods, nodeCidrMaskSize, maxNodes, input } = facts;
  if (pods === undefined || nodeCidrMaskSize === undefined) return;
  const { prefix, text } = pods.range;
  const maskGiven = input.network?.nodeCidrMaskSize !== undefined;
  const [path, value]: [Path, unknown] = maskGiven
    ? [["network", "nodeCidrMaskSize"], nodeCidrMaskSize]
    : [pods.path, text];
  if (nodeCidrMaskSize < prefix) {
    problems.add(
      path,
      value,
      `gives nodes slices of /${nodeCidrMaskSize}, larger than the whole pod range /${prefix}`,
      {
        allowed: `network.nodeCidrMaskSize from ${prefix} to ${Math.min(30, prefix + MOST_NODE_BITS)} for ${text}`,
      },
    );
    return;
  }
  if (nodeCidrMaskSize - prefix > MOST_NODE_BITS) {
    const message = `leaves ${nodeCidrMaskSize - prefix} bits between pod range /${prefix} and node slice /${nodeCidrMaskSize}`;
    problems.add(path, value, message, {
      allowed: `at most ${MOST_NODE_BITS} bits (kube-controller-manager): a pod range of /${nodeCidrMaskSize - MOST_NODE_BITS} or smaller for /${nodeCidrMaskSize}`,
    });
    return;
  }
  const capacity = nodeCapacity(text, nodeCidrMaskSize);
  if (maxNodes !== undefined && capacity < maxNodes) {
    const needed = nodeCidrMaskSize - Math.ceil(Math.log2(maxNodes));
    problems.add(
      pods.path,
      text,
      `has slices of /${nodeCidrMaskSize} for ${capacity} nodes, network.maxNodes is ${maxNodes}`,
      {
        allowed: `a pod range of /${needed} or larger, a longer network.nodeCidrMaskSize, or at most ${capacity} nodes`,
      },
    );
  }
}

/** A node's slice has an address for every pod its kubelet starts. */
export function validateNodeSlice(facts: Facts, problems: Problems): void {
  const { nodeCidrMaskSize, podsPerNode, cni } = facts;
  if (nodeCidrMaskSize === undefined || podsPerNode === undefined) return;
  if (cni !== undefined && !CNI_PROFILES[cni].slices) return;
  const capacity = podCapacity(nodeCidrMaskSize);
  if (podsPerNode <= capacity) return;
  const path =
    facts.input.network?.podsPerNode === undefined
      ? ["network", "nodeCidrMaskSize"]
      : ["network", "podsPerNode"];
  const value = path[1] === "nodeCidrMaskSize" ? nodeCidrMaskSize : podsPerNode;
  const needed = 32 - Math.ceil(Math.log2(podsPerNode + 3));
  const message = `does not fit: a slice of /${nodeCidrMaskSize} has addresses for ${capacity} pods, podsPerNode is ${podsPerNode}`;
  problems.add(path, value, message, {
    allowed: `at most ${capacity} pods, or a network.nodeCidrMaskSize of ${needed} or shorter`,
  });
}

export function validateServiceRange(facts: Facts, problems: Problems): void {
  const { services } = facts;
  if (services === undefined) return;
  const { prefix, text } = services.range;
  const allowed = `a prefix from /${WIDEST_SERVICE_PREFIX} to /${NARROWEST_SERVICE_PREFIX}`;
  if (prefix < WIDEST_SERVICE_PREFIX) {
    const message = `is too large: kube-apiserver takes a service range of /${WIDEST_SERVICE_PREFIX} at most`;
    problems.add(services.path, text, message, { allowed });
  }
  if (prefix > NARROWEST_SERVICE_PREFIX) {
    const message = `is too small: it has ${sizeOf(services.range)} addresses, and cluster DNS is the tenth`;
    problems.add(services.path, text, message, { allowed });
  }
}

export function validateNodeCount(facts: Facts, problems: Problems): void {
  const nodes = facts.machines.filter((machine) => machine.role !== "loadBalancer").length;
  if (facts.maxNodes === undefined || nodes <= facts.maxNodes) return;
  problems.add(["network", "maxNodes"], facts.maxNodes, `is less than the ${nodes} nodes under machines`, {
    allowed: `at least ${nodes}`,
  });
}
