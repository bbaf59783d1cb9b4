import { cniFacts } from "../cni/facts";
import type { ClusterSettings } from "./resolved";

type Settings = Omit<ClusterSettings, "advisories">;

/** From so many nodes Calico's documentation advises against the full mesh ("Configure BGP peering", topologies). */
const MESH_NODES = 100;

/** Sessions of a full mesh: every node with every other. */
export function meshSessions(nodes: number): number {
  return (nodes * (nodes - 1)) / 2;
}

/** What works and deserves a look about the CNI. */
export function cniAdvisories({ network, cni }: Settings): string[] {
  const found: string[] = [];
  const facts = cniFacts(cni);
  if (facts.needsOneSegment) {
    found.push(
      `cni.backend ${cni.backend} needs all nodes on one layer 2 network, without a router between them`,
    );
  }
  if (!facts.networkPolicy) {
    const remedy = cni.kind === "flannel" ? "; cni.networkPolicy: kube-network-policies does" : "";
    found.push(`${cni.kind} does not enforce NetworkPolicy: objects of that kind have no effect${remedy}`);
  }
  if (cni.mtu !== undefined && network.mtu === undefined && cni.mtu > 1500 - facts.overhead) {
    found.push(
      `cni.mtu ${cni.mtu} needs an MTU of ${cni.mtu + facts.overhead} between nodes; network.mtu does not say so`,
    );
  }
  if (cni.kind === "weave" || cni.kind === "calico") {
    found.push(`cni.kind ${cni.kind}: this library has not tried it on a live cluster`);
  }
  if (cni.kind === "weave" && cni.encryption === undefined) {
    found.push("weave without encryption: what can reach TCP 6783 of a node can join the pod network");
  }
  if (cni.kind === "calico" && cni.bgp?.nodeToNodeMesh === true && network.maxNodes >= MESH_NODES) {
    found.push(
      `calico's full mesh has ${meshSessions(network.maxNodes)} BGP sessions with network.maxNodes ${network.maxNodes}: ` +
        "they grow with the square of the nodes; cni.routeReflectors do not, and a smaller network.maxNodes says that it stays small",
    );
  }
  if (cni.kind === "calico" && cni.bgp?.routeReflectors?.nodes.length === 1) {
    const [only] = cni.bgp.routeReflectors.nodes;
    found.push(
      `cni.routeReflectors: ${only.machine} alone hands routes on: while it is away, nodes learn of no change`,
    );
  }
  return found;
}
