import { portionOf, type MaxUnavailable } from "../lifecycle/lock";
import type { NodeObject, PodObject, UpgradeFacts } from "./objects";

/** What can stand against an upgrade; the part in front of the first slash of an entry of `upgrades.ignore`. */
export const BLOCKER_KINDS = [
  "podDisruptionBudget",
  "pod",
  "validatingWebhook",
  "mutatingWebhook",
  "api",
  "capacity",
  "node",
  "disk",
  "image",
] as const;
export type BlockerKind = (typeof BLOCKER_KINDS)[number];

/** One thing that stands against an upgrade. */
export interface Blocker {
  /** As `upgrades.ignore` names it: `podDisruptionBudget/shop/web`. */
  readonly id: `${BlockerKind}/${string}`;
  readonly what: string;
  /** What people can do about it. */
  readonly cure: string;
  /** It may stand against the upgrade, or costs something on the way: it is said, and the upgrade begins. Default: it does stand against it. */
  readonly isWarning?: true;
}

/** What is to be upgraded, and how. */
export interface UpgradePlan {
  /** x.y.z. */
  readonly target: string;
  /** Machines of the settings that are nodes. */
  readonly nodes: readonly {
    readonly name: string;
    readonly role: "controlPlane" | "worker";
    readonly pool: string;
  }[];
  /** By pool. */
  readonly maxUnavailable: Readonly<Record<string, MaxUnavailable>>;
}

/** Nodes of a pool, or of the control plane, that will be drained, at most `limit` at a time. */
export interface Portion {
  /** `pool general`, `the control plane`. */
  readonly title: string;
  readonly key: string;
  readonly nodes: readonly NodeObject[];
  readonly limit: number;
}

/** The only control-plane node is not drained, and neither is a node that has the version. */
export function portions(plan: UpgradePlan, { nodes }: UpgradeFacts): Portion[] {
  const objects = new Map(nodes.map((node) => [node.metadata.name, node]));
  const groups = new Map<string, string[]>();
  for (const { name, role, pool } of plan.nodes) {
    const key = role === "worker" ? pool : "";
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups].flatMap(([pool, names]) => {
    const all = names.flatMap((name) => objects.get(name) ?? []);
    const drained = all.filter((node) => node.status?.nodeInfo?.kubeletVersion !== `v${plan.target}`);
    if (drained.length === 0 || (pool === "" && names.length === 1)) return [];
    const limit = pool === "" ? 1 : portionOf(plan.maxUnavailable[pool] ?? 1, all.length);
    const title = pool === "" ? "the control plane" : `pool ${pool}`;
    return [{ title, key: pool === "" ? "control-plane" : pool, nodes: drained, limit }];
  });
}

/** Whether a drain moves the pod: those of DaemonSets and static ones stay, and those that have ended are nothing to anybody. */
export function isMoved({ metadata, status }: PodObject): boolean {
  const { ownerReferences = [], annotations = {}, deletionTimestamp } = metadata;
  return (
    deletionTimestamp === undefined &&
    status?.phase !== "Succeeded" &&
    status?.phase !== "Failed" &&
    annotations["kubernetes.io/config.mirror"] === undefined &&
    !ownerReferences.some(({ kind }) => kind === "DaemonSet" || kind === "Node")
  );
}

/** Pods that drains of these nodes move. */
export function movedPods({ pods }: UpgradeFacts, drained: readonly Portion[]): PodObject[] {
  const names = new Set(drained.flatMap(({ nodes }) => nodes.map(({ metadata }) => metadata.name)));
  return pods.filter((pod) => names.has(pod.spec.nodeName ?? "") && isMoved(pod));
}
