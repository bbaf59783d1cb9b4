/** Webhooks that would refuse what an upgrade writes. */
import type { Blocker, Portion } from "./blocker";
import {
  nameOf,
  selects,
  type PodObject,
  type Selector,
  type UpgradeFacts,
  type WebhookObject,
} from "./objects";

type Webhook = NonNullable<WebhookObject["webhooks"]>[number];
type Rule = NonNullable<Webhook["rules"]>[number];

/** What an upgrade and its drains write in namespaces, by group: those of the pods that move, and kube-system. */
const IN_NAMESPACES: Readonly<Record<string, readonly string[]>> = {
  "": ["pods", "pods/eviction", "pods/binding", "configmaps", "secrets"],
  apps: ["daemonsets"],
  "coordination.k8s.io": ["leases"],
  "rbac.authorization.k8s.io": ["roles", "rolebindings"],
};
const OF_THE_CLUSTER: Readonly<Record<string, readonly string[]>> = {
  "": ["nodes", "nodes/status"],
  "certificates.k8s.io": ["certificatesigningrequests", "certificatesigningrequests/approval"],
  "rbac.authorization.k8s.io": ["clusterroles", "clusterrolebindings"],
};

export function webhookBlockers(
  facts: UpgradeFacts,
  drained: readonly Portion[],
  moved: readonly PodObject[],
): Blocker[] {
  const of = (kind: "validatingWebhook" | "mutatingWebhook", objects: readonly WebhookObject[]): Blocker[] =>
    objects.flatMap((object) =>
      (object.webhooks ?? []).flatMap((webhook) => {
        const found = judged(facts, drained, moved, webhook);
        if (found === undefined) return [];
        return [{ id: `${kind}/${object.metadata.name}/${webhook.name}`, ...found } as const];
      }),
    );
  return [...of("validatingWebhook", facts.validating), ...of("mutatingWebhook", facts.mutating)];
}

function judged(
  facts: UpgradeFacts,
  drained: readonly Portion[],
  moved: readonly PodObject[],
  webhook: Webhook,
): Omit<Blocker, "id"> | undefined {
  const { service } = webhook.clientConfig;
  if ((webhook.failurePolicy ?? "Fail") !== "Fail" || service === undefined) return undefined;
  if (!isAsked(facts, moved, webhook)) return undefined;
  // A name of another zone: what answers there is not seen.
  const isElsewhere = facts.services.some(
    ({ metadata, spec }) => nameOf(metadata) === nameOf(service) && spec?.type === "ExternalName",
  );
  if (isElsewhere) return undefined;
  const ready = facts.slices
    .filter(
      ({ metadata }) =>
        metadata.namespace === service.namespace &&
        metadata.labels?.["kubernetes.io/service-name"] === service.name,
    )
    .flatMap(({ endpoints = [] }) => endpoints)
    .filter(({ conditions }) => conditions?.ready !== false);
  const where = `Service ${nameOf(service)}`;
  // What these leave out is not seen.
  const isNarrow = isSet(webhook.objectSelector) || (webhook.matchConditions ?? []).length > 0;
  if (ready.length === 0)
    return {
      what: `fails closed (failurePolicy: Fail), and ${where} has no ready endpoint: the API refuses what an upgrade writes`,
      cure: `bring the pods of ${where} up, or set failurePolicy: Ignore`,
      ...(isNarrow ? { isWarning: true } : {}),
    };
  const nodes = new Set(ready.map(({ nodeName }) => nodeName ?? ""));
  const gone = drained.find(
    ({ nodes: own, limit }) =>
      nodes.size <= limit && [...nodes].every((name) => own.some(({ metadata }) => metadata.name === name)),
  );
  if (gone === undefined) return undefined;
  const own = facts.namespaces.find(({ metadata }) => metadata.name === service.namespace);
  const checksItself =
    !isNarrow &&
    (webhook.rules ?? []).some((rule) => takes(rule, "", ["pods"]) && does(rule, ["CREATE"])) &&
    selects(webhook.namespaceSelector ?? {}, own?.metadata.labels);
  return {
    what:
      `fails closed (failurePolicy: Fail), and all ready endpoints of ${where} are on ${[...nodes].sort().join(", ")}, ` +
      `which ${nodes.size === 1 ? "is drained" : "may be drained at the same time"}: until they run elsewhere the API refuses what an upgrade writes` +
      (checksItself ? ", their own pods too" : ""),
    cure: "run replicas on more nodes than are drained at a time, leave its own namespace out, or set failurePolicy: Ignore",
    ...(checksItself ? {} : { isWarning: true }),
  };
}

function isSet(selector: Selector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length > 0 || (selector?.matchExpressions ?? []).length > 0;
}

/** Whether it is asked about something that an upgrade writes. */
function isAsked(
  { namespaces }: UpgradeFacts,
  moved: readonly PodObject[],
  { rules = [], namespaceSelector = {} }: Webhook,
): boolean {
  const ofTheCluster = rules.some(
    (rule) =>
      rule.scope !== "Namespaced" && does(rule, ["CREATE", "UPDATE"]) && takesAny(rule, OF_THE_CLUSTER),
  );
  if (ofTheCluster) return true;
  const inNamespaces = rules.some(
    (rule) =>
      rule.scope !== "Cluster" &&
      ((does(rule, ["CREATE", "UPDATE"]) && takesAny(rule, IN_NAMESPACES)) ||
        (does(rule, ["DELETE"]) && takes(rule, "", ["pods"]))),
  );
  const written = new Set(["kube-system", ...moved.map(({ metadata }) => metadata.namespace ?? "")]);
  return (
    inNamespaces &&
    namespaces.some(
      ({ metadata }) => written.has(metadata.name) && selects(namespaceSelector, metadata.labels),
    )
  );
}

function does({ operations = [] }: Rule, wanted: readonly string[]): boolean {
  return operations.includes("*") || wanted.some((one) => operations.includes(one));
}

function takesAny(rule: Rule, written: Readonly<Record<string, readonly string[]>>): boolean {
  return Object.entries(written).some(([group, resources]) => takes(rule, group, resources));
}

/** As the API matches a rule (kubernetes v1.36.4, admission/plugin/webhook/predicates/rules): `*`, `pods`, `pods/*`, and `*` with a subresource. */
function takes({ apiGroups = [], resources = [] }: Rule, group: string, written: readonly string[]): boolean {
  if (!apiGroups.includes("*") && !apiGroups.includes(group)) return false;
  return written.some((one) => {
    const [resource = "", subresource = ""] = one.split("/");
    return resources.some((pattern) => {
      const [first = "", second = ""] = pattern.split("/");
      return (first === "*" || first === resource) && (second === "*" || second === subresource);
    });
  });
}
