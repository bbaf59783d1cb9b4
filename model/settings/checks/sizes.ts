import { cniProfile } from "../../cni";
import { range, sizeOf } from "../../network/addresses";
import {
  MOST_NODE_BITS,
  NARROWEST_SERVICE_PREFIX,
  WIDEST_SERVICE_PREFIX,
  nodeCapacity,
  podCapacity,
} from "../../network/clusterNetwork";
import type { Checked } from "../checked";
import type { Path, Problems } from "../problems";

const PODS: Path = ["cni", "podCidr"];

function nodes(count: number): string {
  return `${count} ${count === 1 ? "node" : "nodes"}`;
}

/** The pod range has a slice for every node, and no more slices than kube-controller-manager can count. */
export function validatePodRange({ written, settings, refused }: Checked, problems: Problems): void {
  const { podCidr: text, nodeCidrMaskSize, maxNodes } = settings.network;
  const { prefix } = range(text);
  const [path, value]: [Path, unknown] =
    written.network?.nodeCidrMaskSize === undefined
      ? [PODS, text]
      : [["network", "nodeCidrMaskSize"], nodeCidrMaskSize];
  if (nodeCidrMaskSize < prefix) {
    problems.add(
      path,
      value,
      `makes each node's range /${nodeCidrMaskSize}, larger than the whole pod range /${prefix}`,
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
  if (capacity < maxNodes && !refused("network.maxNodes")) {
    const needed = nodeCidrMaskSize - Math.ceil(Math.log2(maxNodes));
    problems.add(
      PODS,
      text,
      `has room for ${nodes(capacity)} with a /${nodeCidrMaskSize} each, but network.maxNodes is ${maxNodes}`,
      {
        allowed: `a pod range of /${needed} or larger, a longer network.nodeCidrMaskSize, or at most ${nodes(capacity)}`,
      },
    );
  }
}

/** A node's slice has an address for every pod its kubelet starts. */
export function validateNodeSlice({ written, settings }: Checked, problems: Problems): void {
  const { nodeCidrMaskSize, podsPerNode } = settings.network;
  if (!cniProfile(settings.cni).slices) return;
  const capacity = podCapacity(nodeCidrMaskSize);
  if (podsPerNode <= capacity) return;
  const given = written.network?.podsPerNode !== undefined;
  const path = ["network", given ? "podsPerNode" : "nodeCidrMaskSize"];
  const value = given ? podsPerNode : nodeCidrMaskSize;
  const needed = 32 - Math.ceil(Math.log2(podsPerNode + 3));
  const message = `does not fit: a node's /${nodeCidrMaskSize} has addresses for ${capacity} pods, but podsPerNode is ${podsPerNode}`;
  problems.add(path, value, message, {
    allowed: `at most ${capacity} pods, or a network.nodeCidrMaskSize of ${needed} or shorter`,
  });
}

export function validateServiceRange({ settings }: Checked, problems: Problems): void {
  const own = range(settings.network.serviceCidr);
  const path = ["network", "serviceCidr"];
  const allowed = `a prefix from /${WIDEST_SERVICE_PREFIX} to /${NARROWEST_SERVICE_PREFIX}`;
  if (own.prefix < WIDEST_SERVICE_PREFIX) {
    const message = `is too large: kube-apiserver accepts a service range of at most /${WIDEST_SERVICE_PREFIX}`;
    problems.add(path, own.text, message, { allowed });
  }
  if (own.prefix > NARROWEST_SERVICE_PREFIX) {
    const message = `is too small: it has ${sizeOf(own)} addresses, but cluster DNS needs the tenth`;
    problems.add(path, own.text, message, { allowed });
  }
}

export function validateNodeCount({ settings }: Checked, problems: Problems): void {
  const { maxNodes } = settings.network;
  const nodes = settings.machines.filter(({ role }) => role !== "loadBalancer").length;
  if (nodes <= maxNodes) return;
  problems.add(["network", "maxNodes"], maxNodes, `is less than the ${nodes} nodes under machines`, {
    allowed: `at least ${nodes}`,
  });
}
