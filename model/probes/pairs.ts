/** Which machines ask which for what, before any of them is a node: out of the flows, at a cost that grows with the machines alone. */
import { isTarget } from "../flows";
import type { ClusterMachine } from "../machine";
import type { Flow, PortRange, Target } from "../network/flow";
import { API_PORT, ETCD_PORTS, KUBELET_PORT } from "../network/ports";

/** A machine that is asked, or asks. */
export interface ProbedMachine extends Pick<ClusterMachine, "name" | "role" | "pool" | "nodeAddress"> {
  /** It serves already; on the others a listener stands in for what will. */
  readonly living: boolean;
}

export interface Question {
  /** Names of machines. */
  readonly from: string;
  readonly to: string;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** Who answers: a server of the living node, by TLS, or a listener. */
  readonly by: "server" | "listener";
  /** Why the flow exists. */
  readonly reason: string;
}

/** Machines that are looked at together, at most `SLICE` workers besides the control plane. */
export interface Round {
  readonly machines: readonly ProbedMachine[];
  readonly questions: readonly Question[];
}

/** New workers that listen at a time: a step talks to 200 hosts at once. */
const SLICE = 100;
/** So many pairs of a flow are all asked; beyond that, each machine asks and is asked by `PEERS` others. */
const ALL_PAIRS = 100;
const PEERS = 3;
/** Living workers of each pool that stand for their pool. */
const REPRESENTATIVES = 2;

const MACHINES: readonly Flow["from"][] = ["node", "controlPlane", "loadBalancer"];
/** What speaks TLS on a living node. Another server may wait for more words, and look as if packets were lost. */
const TLS_PORTS: readonly number[] = [API_PORT, KUBELET_PORT, ETCD_PORTS.from, ETCD_PORTS.to];

/** Nothing where no machine is new. */
export function roundsOf(flows: readonly Flow[], machines: readonly ProbedMachine[]): Round[] {
  if (machines.every(({ living }) => living)) return [];
  const fixed = machines.filter(({ role }) => role !== "worker");
  const workers = machines.filter(({ role }) => role === "worker");
  const standing = [...fixed, ...representatives(workers.filter(({ living }) => living))];
  const slices = slicesOf(workers.filter(({ living }) => !living));
  return slices.map((slice, index) => {
    const together = [...standing, ...slice];
    const inSlice = new Set(slice.map(({ name }) => name));
    // What the first round has asked among those that stand.
    const isOpen = ({ from, to }: Question): boolean => index === 0 || inSlice.has(from) || inSlice.has(to);
    return { machines: together, questions: questionsOf(flows, together).filter(isOpen) };
  });
}

function representatives(workers: readonly ProbedMachine[]): ProbedMachine[] {
  const seen = new Map<string, number>();
  return workers.filter(({ pool }) => {
    const count = seen.get(pool) ?? 0;
    seen.set(pool, count + 1);
    return count < REPRESENTATIVES;
  });
}

/** Every n-th worker, so that each slice has machines of all pools and networks. */
function slicesOf(workers: readonly ProbedMachine[]): ProbedMachine[][] {
  const count = Math.max(1, Math.ceil(workers.length / SLICE));
  return Array.from({ length: count }, (_, own) => workers.filter((_worker, index) => index % count === own));
}

function questionsOf(flows: readonly Flow[], machines: readonly ProbedMachine[]): Question[] {
  const asked = new Set<string>();
  return flows.flatMap(({ from, to, ordinaryPods, reason, ...flow }) => {
    // Where packets of every kind have to pass, these do.
    const { protocol, ports } =
      flow.protocol === "any"
        ? { protocol: "tcp" as const, ports: [{ from: KUBELET_PORT, to: KUBELET_PORT }] }
        : flow;
    if (!MACHINES.includes(from) || ordinaryPods === true || (protocol !== "tcp" && protocol !== "udp"))
      return [];
    const sources = machines.filter((one) => isTarget(one, from as Target));
    const targets = machines.filter((one) => isTarget(one, to));
    return pairsOf(sources, targets).flatMap(([source, target]) =>
      ports.flatMap(endsOf).flatMap((port): Question[] => {
        const listens = !target.living;
        const serves = protocol === "tcp" && (TLS_PORTS.includes(port) || target.role === "loadBalancer");
        if (!listens && (source.living || !serves)) return [];
        // Two flows may have the same port.
        const key = `${source.name} ${target.name} ${protocol} ${port}`;
        if (asked.has(key)) return [];
        asked.add(key);
        const by = listens ? "listener" : "server";
        return [{ from: source.name, to: target.name, protocol, port, by, reason }];
      }),
    );
  });
}

function endsOf({ from, to }: PortRange): number[] {
  return from === to ? [from] : [from, to];
}

/** Each source asks, and each target is asked; of many, by those that are near, a third and two thirds of the way around. */
function pairsOf(
  sources: readonly ProbedMachine[],
  targets: readonly ProbedMachine[],
): [ProbedMachine, ProbedMachine][] {
  if (sources.length === 0 || targets.length === 0) return [];
  const most = Math.max(sources.length, targets.length);
  const ring =
    sources.length * targets.length <= ALL_PAIRS
      ? sources.flatMap((source) => targets.map((target) => [source, target] as const))
      : Array.from({ length: most }, (_, index) => index).flatMap((index) =>
          Array.from({ length: PEERS }, (_, peer) => {
            const target = (index + 1 + Math.floor((peer * targets.length) / PEERS)) % targets.length;
            return [sources[index % sources.length], targets[target]] as const;
          }),
        );
  return ring.flatMap(([source, target]) =>
    source === undefined || target === undefined || source.name === target.name ? [] : [[source, target]],
  );
}
