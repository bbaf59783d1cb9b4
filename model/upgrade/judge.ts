/** What stands against an upgrade of Kubernetes, found before anything is changed. */
import { compareVersions, KUBELET_SKEW, minorNumber, minorOf } from "../versions";
import { movedPods, portions, type Blocker, type UpgradePlan } from "./blocker";
import { capacityBlockers } from "./capacity";
import { evictionBlockers } from "./evictions";
import type { UpgradeFacts } from "./objects";
import { webhookBlockers } from "./webhooks";

/** Everything that the API shows. What hosts show is in `hosts.ts`. */
export function clusterBlockers(plan: UpgradePlan, facts: UpgradeFacts): Blocker[] {
  const drained = portions(plan, facts);
  const moved = movedPods(facts, drained);
  return [
    ...evictionBlockers(facts, moved),
    ...webhookBlockers(facts, drained, moved),
    ...apiBlockers(plan, facts),
    ...capacityBlockers(facts, drained),
    ...skewBlockers(plan, facts),
  ];
}

const DEPRECATED = /^apiserver_requested_deprecated_apis\{([^}]*)\} ([0-9.e+]+)$/;

/**
 * APIs that somebody asked for since an API server started, and that the new version does not serve
 * (kubernetes v1.36.4, staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go).
 */
function apiBlockers({ target }: UpgradePlan, { metrics }: UpgradeFacts): Blocker[] {
  const found = new Map<string, Blocker>();
  for (const line of metrics) {
    const [, labels = "", value = "0"] = DEPRECATED.exec(line) ?? [];
    const label = (name: string): string => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? "";
    const removed = label("removed_release");
    if (Number(value) === 0 || removed === "" || compareVersions(removed, minorOf(target) ?? target) > 0)
      continue;
    const subresource = label("subresource");
    const name = [
      label("group") || "core",
      label("version"),
      label("resource"),
      ...(subresource === "" ? [] : [subresource]),
    ];
    const id = `api/${name.join("/")}` as const;
    found.set(id, {
      id,
      what: `is in use: a client asked an API server for it, and Kubernetes ${removed} no longer serves it`,
      cure: 'move its clients to a newer version of it; the annotation "k8s.io/deprecated" in the audit log names them. API servers count from their start, so restart them to see whether it is over',
    });
  }
  return [...found.values()];
}

function skewBlockers({ target }: UpgradePlan, { nodes }: UpgradeFacts): Blocker[] {
  return nodes.flatMap(({ metadata, status }): Blocker[] => {
    const version = status?.nodeInfo?.kubeletVersion?.replace(/^v/, "") ?? "";
    const [own, wanted] = [minorNumber(version), minorNumber(target)];
    if (Number.isNaN(own)) return [];
    const id = `node/${metadata.name}` as const;
    if (own < wanted - KUBELET_SKEW)
      return [
        {
          id,
          what: `runs kubelet ${version}, which an API server of ${target} does not support: at most ${KUBELET_SKEW} minor versions behind`,
          cure: "upgrade or remove the node first",
        },
      ];
    if (own > wanted)
      return [
        {
          id,
          what: `runs kubelet ${version}, which is newer than ${target}: no kubelet may be newer than an API server`,
          cure: `remove the node, or upgrade to 1.${own}`,
        },
      ];
    return [];
  });
}

/** What becomes of blockers. */
export interface Sorted {
  /** They refuse the upgrade. */
  readonly left: readonly Blocker[];
  readonly warnings: readonly Blocker[];
  /** `upgrades.ignore` names them. */
  readonly ignored: readonly Blocker[];
  /** Entries of `upgrades.ignore` that name nothing. */
  readonly idle: readonly string[];
}

export function sorted(blockers: readonly Blocker[], ignore: readonly string[]): Sorted {
  const rest = blockers.filter(({ id }) => !ignore.includes(id));
  return {
    left: rest.filter(({ isWarning }) => isWarning !== true),
    warnings: rest.filter(({ isWarning }) => isWarning === true),
    ignored: blockers.filter(({ id }) => ignore.includes(id)),
    idle: ignore.filter((entry) => !blockers.some(({ id }) => id === entry)),
  };
}

/** Whether it may be gone a moment later: a rollout goes on, a webhook's pod starts. */
export function mayPass({ id }: Blocker): boolean {
  return /^(podDisruptionBudget|(validating|mutating)Webhook)\//.test(id);
}

/** A line for each. */
export function blockerLines(blockers: readonly Blocker[]): string[] {
  return blockers.map(({ id, what, cure }) => `${id} ${what}. To cure it: ${cure}`);
}
