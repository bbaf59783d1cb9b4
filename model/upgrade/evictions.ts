/** What the eviction API would refuse, and what a drain would delete for good. */
import type { Blocker } from "./blocker";
import { holds, nameOf, selects, type BudgetObject, type PodObject, type UpgradeFacts } from "./objects";

/** kubernetes v1.36.4, pkg/registry/core/pod/storage/eviction.go: more than one budget is an error, whatever they allow. */
export function evictionBlockers({ budgets }: UpgradeFacts, moved: readonly PodObject[]): Blocker[] {
  const found = moved.map((pod) => ({ pod, of: budgets.filter((budget) => covers(budget, pod)) }));
  const shared = found
    .filter(({ of }) => of.length > 1)
    .map(({ pod, of }): Blocker => ({
      id: `pod/${nameOf(pod.metadata)}`,
      what: `belongs to ${of.length} PodDisruptionBudgets (${of.map(({ metadata }) => metadata.name).join(", ")}), and the API evicts no such pod`,
      cure: "give them selectors that no pod matches twice",
    }));
  const full = budgets
    .map((budget) => ({
      budget,
      pods: found.filter(({ pod, of }) => of.length === 1 && of[0] === budget && isHeld(budget, pod)),
    }))
    .filter(({ budget, pods }) => pods.length > 0 && (budget.status?.disruptionsAllowed ?? 0) === 0)
    .map(({ budget, pods }): Blocker => {
      const { currentHealthy = 0, desiredHealthy = 0, expectedPods = 0 } = budget.status ?? {};
      const nodes = [...new Set(pods.map(({ pod }) => pod.spec.nodeName ?? ""))].sort();
      return {
        id: `podDisruptionBudget/${nameOf(budget.metadata)}`,
        what:
          `allows no disruption (${currentHealthy} of ${expectedPods} pods are healthy, and ${desiredHealthy} have to be), ` +
          `and ${pods.length === 1 ? "a pod" : `${pods.length} pods`} of it must leave ${nodes.join(", ")}`,
        cure:
          currentHealthy < expectedPods
            ? "make its other pods healthy"
            : "run one more replica, or let the budget allow one disruption",
      };
    });
  const alone = moved
    .filter(({ metadata }) => !(metadata.ownerReferences ?? []).some(({ controller }) => controller === true))
    .map((pod): Blocker => ({
      id: `pod/${nameOf(pod.metadata)}`,
      what: `has no controller: the drain of ${pod.spec.nodeName} deletes it, and nothing creates it again`,
      cure: "let a Deployment, StatefulSet or Job create it",
      isWarning: true,
    }));
  return [...full, ...shared, ...alone];
}

function covers({ metadata, spec }: BudgetObject, pod: PodObject): boolean {
  return metadata.namespace === pod.metadata.namespace && selects(spec.selector, pod.metadata.labels);
}

/** A pod that is not ready is evicted without a budget where the budget says so, or is met by the others. */
function isHeld({ spec, status = {} }: BudgetObject, pod: PodObject): boolean {
  if (holds(pod, "Ready")) return true;
  if (spec.unhealthyPodEvictionPolicy === "AlwaysAllow") return false;
  const { currentHealthy = 0, desiredHealthy = 0 } = status;
  return !(desiredHealthy > 0 && currentHealthy >= desiredHealthy);
}
