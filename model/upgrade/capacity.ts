/**
 * Whether the pods of a drained node fit on the others, by what they request. It says "no room" only where the scheduler cannot place them
 * whatever it does, and warns where it may not.
 */
import { billionths } from "../core/quantity";
import { movedPods, type Blocker, type Portion } from "./blocker";
import { holds, nameOf, type Container, type NodeObject, type PodObject, type UpgradeFacts } from "./objects";

/** What is not looked at, said with each such blocker. */
export const CAPACITY_BLIND = "by requests, node selectors and taints";

/** In billionths. */
interface Amounts {
  readonly cpu: bigint;
  readonly memory: bigint;
  readonly pods: bigint;
}

const KEYS = ["cpu", "memory", "pods"] as const;
const ONE_POD = 10n ** 9n;
const NONE: Amounts = { cpu: 0n, memory: 0n, pods: 0n };
const plus = (one: Amounts, other: Amounts): Amounts => ({
  cpu: one.cpu + other.cpu,
  memory: one.memory + other.memory,
  pods: one.pods + other.pods,
});
const larger = (one: bigint, other: bigint): bigint => (one > other ? one : other);
/** Never less than nothing: pods may be on a node that has less than they request. */
const minus = (one: Amounts, other: Amounts): Amounts => ({
  cpu: larger(one.cpu - other.cpu, 0n),
  memory: larger(one.memory - other.memory, 0n),
  pods: larger(one.pods - other.pods, 0n),
});
/** What is not requested needs no room, even on a node that has none. */
const fits = (one: Amounts, into: Amounts): boolean =>
  KEYS.every((key) => one[key] === 0n || one[key] <= into[key]);

function amounts(given: Readonly<Record<string, string>> = {}): Amounts {
  const of = (key: string): bigint => billionths(given[key] ?? "0") ?? 0n;
  return { cpu: of("cpu"), memory: of("memory"), pods: of("pods") };
}

/** What the scheduler counts: all containers and sidecars, or the largest init container, and the overhead. */
export function requestsOf({ spec }: Pick<PodObject, "spec">): Amounts {
  const of = ({ resources }: Container): Amounts => amounts(resources?.requests);
  const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === "Always";
  const { containers, initContainers = [], overhead } = spec;
  let sidecars = NONE;
  let first = NONE;
  for (const container of initContainers) {
    const own = plus(of(container), sidecars);
    first = { cpu: larger(first.cpu, own.cpu), memory: larger(first.memory, own.memory), pods: 0n };
    if (isSidecar(container)) sidecars = plus(sidecars, of(container));
  }
  const running = containers.map(of).reduce(plus, sidecars);
  const most = {
    cpu: larger(running.cpu, first.cpu),
    memory: larger(running.memory, first.memory),
    pods: 0n,
  };
  return plus(plus(most, { ...amounts(overhead), pods: 0n }), { ...NONE, pods: ONE_POD });
}

/** Whether the scheduler would let the pod onto the node, by its selector and taints. */
export function admits({ metadata, spec }: NodeObject, pod: PodObject): boolean {
  const { nodeSelector = {}, tolerations = [] } = pod.spec;
  if (!Object.entries(nodeSelector).every(([key, value]) => metadata.labels?.[key] === value)) return false;
  return (spec?.taints ?? [])
    .filter(({ effect }) => effect !== "PreferNoSchedule")
    .every((taint) =>
      tolerations.some(
        ({ key, operator = "Equal", value = "", effect }) =>
          (effect === undefined || effect === "" || effect === taint.effect) &&
          (key === undefined || key === "" ? operator === "Exists" : key === taint.key) &&
          (operator === "Exists" || value === (taint.value ?? "")),
      ),
    );
}

/** What becomes of the pods of nodes that are away at a time. */
interface Outcome {
  /** They run nowhere else, however much room there is. */
  readonly pinned: readonly PodObject[];
  /** No node has room for them, wherever the others go. */
  readonly homeless: readonly PodObject[];
  /** They find no room where the largest go first, each to the first node that has room. */
  readonly unlucky: readonly PodObject[];
}

export function capacityBlockers(facts: UpgradeFacts, drained: readonly Portion[]): Blocker[] {
  return drained.flatMap((one) => {
    const load = new Map(one.nodes.map((node) => [node, movedPods(facts, [{ ...one, nodes: [node] }])]));
    const outcome = (away: readonly NodeObject[]): Outcome =>
      outcomeOf(
        facts,
        away,
        away.flatMap((node) => load.get(node) ?? []),
      );
    const alone = one.nodes.map((node) => ({ names: [node.metadata.name], ...outcome([node]) }));
    // Nodes are drained side by side in no order that is known before: the fullest are looked at.
    const together = fullestFirst(load).slice(0, one.limit);
    const portion =
      together.length < 2
        ? []
        : [{ names: together.map(({ metadata }) => metadata.name).sort(), ...outcome(together) }];
    return [...shortages(one, alone), ...doubts(one, [...alone, ...portion]), ...pins(one, alone)];
  });
}

function fullestFirst(load: ReadonlyMap<NodeObject, readonly PodObject[]>): NodeObject[] {
  return [...load]
    .map(([node, pods]) => ({ node, weight: pods.map(requestsOf).reduce(plus, NONE) }))
    .sort((a, b) => Number(b.weight.memory - a.weight.memory) || Number(b.weight.cpu - a.weight.cpu))
    .map(({ node }) => node);
}

interface Looked extends Outcome {
  readonly names: readonly string[];
}

function shortages({ key, title }: Portion, looked: readonly Looked[]): Blocker[] {
  const short = looked.filter(({ homeless }) => homeless.length > 0);
  if (short.length === 0) return [];
  const each = short.map(({ names, homeless }) => `${names.join(", ")} (${listed(homeless)})`);
  return [
    {
      id: `capacity/${key}`,
      what: `the other nodes have no room for all pods of a drained node of ${title}, ${CAPACITY_BLIND}: ${each.join("; ")}`,
      cure: "add a node, or lower requests",
    },
  ];
}

/** Of nodes that are away together nobody knows which they are, so a shortage is no more than likely. */
function doubts({ key, title }: Portion, looked: readonly Looked[]): Blocker[] {
  if (looked.some(({ names, homeless }) => names.length === 1 && homeless.length > 0)) return [];
  const lacking = ({ homeless, unlucky }: Looked): readonly PodObject[] =>
    homeless.length > 0 ? homeless : unlucky;
  const worst = looked.find((one) => lacking(one).length > 0);
  return worst === undefined ? [] : [doubt(key, title, worst.names, lacking(worst))];
}

function doubt(key: string, title: string, names: readonly string[], pods: readonly PodObject[]): Blocker {
  return {
    id: `capacity/${key}`,
    isWarning: true,
    what: `while ${names.join(", ")} of ${title} ${names.length === 1 ? "is" : "are"} drained, ${listed(pods)} may find no room on the other nodes, ${CAPACITY_BLIND}`,
    cure: "add a node, lower requests, or drain fewer nodes at a time with upgrades.maxUnavailable",
  };
}

function pins({ key, title }: Portion, looked: readonly Looked[]): Blocker[] {
  const pinned = looked.flatMap((one) => one.pinned);
  if (pinned.length === 0) return [];
  return [
    {
      id: `capacity/${key}`,
      isWarning: true,
      what: `no node but the drained one of ${title} takes ${listed(pinned)}, by node selectors and taints: ${pinned.length === 1 ? "it waits" : "they wait"} for the node`,
      cure: "let another node take it where it has to keep running",
    },
  ];
}

function listed(pods: readonly PodObject[]): string {
  const shown = pods.slice(0, 3).map(({ metadata }) => nameOf(metadata));
  return `${shown.join(", ")}${pods.length > shown.length ? ` and ${pods.length - shown.length} more` : ""}`;
}

/** A pod of negative priority makes room for any other: people run such pods to keep room free. */
function isFiller({ spec }: PodObject): boolean {
  return (spec.priority ?? 0) < 0;
}

function outcomeOf(facts: UpgradeFacts, away: readonly NodeObject[], moved: readonly PodObject[]): Outcome {
  const room = roomOf(facts, away);
  const pods = moved.filter((pod) => !isFiller(pod));
  const nodesFor = (pod: PodObject): NodeObject[] => [...room.keys()].filter((node) => admits(node, pod));
  const pinned = pods.filter((pod) => nodesFor(pod).length === 0);
  const others = pods.filter((pod) => !pinned.includes(pod));
  const single = others.filter((pod) =>
    nodesFor(pod).every((node) => !fits(requestsOf(pod), room.get(node) ?? NONE)),
  );
  const takers = new Set(others.flatMap(nodesFor));
  const all = [...takers].map((node) => room.get(node) ?? NONE).reduce(plus, NONE);
  const isShort = !fits(others.map(requestsOf).reduce(plus, NONE), all);
  const unlucky = unplaced(others, room);
  const homeless = single.length > 0 ? single : isShort ? unlucky : [];
  return { pinned, homeless, unlucky };
}

/** What is free on each node that takes pods while these are away. */
function roomOf(facts: UpgradeFacts, away: readonly NodeObject[]): Map<NodeObject, Amounts> {
  const used = new Map<string, Amounts>();
  for (const pod of facts.pods) {
    const { nodeName } = pod.spec;
    if (nodeName === undefined || pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed")
      continue;
    if (isFiller(pod)) continue;
    used.set(nodeName, plus(used.get(nodeName) ?? NONE, requestsOf(pod)));
  }
  return new Map(
    facts.nodes
      .filter((node) => !away.includes(node) && node.spec?.unschedulable !== true && holds(node, "Ready"))
      .map((node) => [node, minus(amounts(node.status?.allocatable), used.get(node.metadata.name) ?? NONE)]),
  );
}

/** The largest pods go first, each to the first node that has room. */
function unplaced(pods: readonly PodObject[], free: ReadonlyMap<NodeObject, Amounts>): PodObject[] {
  const room = new Map(free);
  const largest = [...pods].sort((a, b) => Number(requestsOf(b).memory - requestsOf(a).memory));
  return largest.filter((pod) => {
    const needs = requestsOf(pod);
    for (const [node, left] of room)
      if (admits(node, pod) && fits(needs, left)) {
        room.set(node, minus(left, needs));
        return false;
      }
    return true;
  });
}
