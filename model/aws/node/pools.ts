import type { Machine } from "../../settings/resolved";
import type { AwsPool } from "../settings";
import { NODE_ADDRESS, NODE_NAME, POOL_LABEL } from "./paths";

/** Label domains that are Kubernetes' own, of which a kubelet may set only some. */
const RESERVED = /(^|\.)(kubernetes|k8s)\.io$/;
const OPEN = /(^|\.)(kubelet|node)\.kubernetes\.io$/;
/** pkg/kubelet/apis/well_known_labels.go of 1.36, but for those that the kubelet and the cloud controller fill in. */
const WELL_KNOWN: readonly string[] = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];

/** Whether a kubelet may give itself that label (NodeRestriction); the others are set by a control-plane node. */
export function kubeletMaySet(label: string): boolean {
  const domain = label.includes("/") ? label.slice(0, label.indexOf("/")) : "";
  return !RESERVED.test(domain) || OPEN.test(domain) || WELL_KNOWN.includes(label);
}

function select(labels: Readonly<Record<string, string>>, own: boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => kubeletMaySet(key) === own));
}

/** What a worker registers with. */
export function registeredLabels(pool: Pick<AwsPool, "name" | "labels">): Record<string, string> {
  return { ...select(pool.labels, true), [POOL_LABEL]: pool.name };
}

export function roleLabel(pool: string): string {
  return `node-role.kubernetes.io/${pool}`;
}

/** What a control-plane node gives a worker that has come. */
export function adoptedLabels(pool: Pick<AwsPool, "name" | "labels">): Record<string, string> {
  return { ...select(pool.labels, false), [roleLabel(pool.name)]: "" };
}

/** Any instance of a pool as node setup and kubeadm's documents see it; what only the instance knows are tokens. */
export function poolMachine(pool: AwsPool): Machine {
  return {
    name: pool.name,
    nodeName: NODE_NAME,
    role: "worker",
    pool: pool.name,
    ssh: { host: "", port: 0, user: "", hostKey: "", key: "" },
    nodeAddress: NODE_ADDRESS,
    architecture: pool.architecture,
    ...(pool.image === undefined ? {} : { os: pool.image.os }),
    labels: pool.labels,
    taints: pool.taints,
    revision: pool.revision,
    removal: "safe",
  };
}
