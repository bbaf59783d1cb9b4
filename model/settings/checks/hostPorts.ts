import { METALLB_MEMBER_PORT } from "../../addons/flows";
import { type Facts, pick } from "../draft";
import { cniOf, cniPortsOf } from "./cni";

/** Ports of a node that are taken. Source: Kubernetes documentation, "Ports and Protocols"; kube-proxy command line. */
export const NODE_PORTS: Readonly<Record<number, string>> = {
  22: "SSH",
  6443: "the API server",
  2379: "etcd's clients",
  2380: "etcd's peers",
  2381: "etcd's metrics",
  10248: "the kubelet's health",
  10249: "kube-proxy's metrics",
  10250: "the kubelet",
  10256: "kube-proxy's health",
  10257: "the controller manager",
  10259: "the scheduler",
};

/** A port of every node, or of some, on which a part of the cluster listens. */
export interface HostPort {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** As a sentence names it: "MetalLB's speakers". */
  readonly owner: string;
}

function tcp(owner: string, ...ports: number[]): HostPort[] {
  return ports.map((port) => ({ protocol: "tcp", port, owner }));
}

/** What the settings' own parts have on the hosts besides Kubernetes, the API's proxy and ingress. */
export function partsPorts(facts: Facts): HostPort[] {
  const { input } = facts;
  const found: HostPort[] = cniPortsOf(facts).flatMap(({ protocol, port, name }) =>
    protocol === "tcp" || protocol === "udp" ? [{ protocol, port, owner: name }] : [],
  );
  const cni = cniOf(facts);
  for (const { owner, ports } of cni?.domain.hostPorts(cni.settled) ?? [])
    found.push(...tcp(owner, ...ports));
  if ("metallb" in input) {
    for (const protocol of ["tcp", "udp"] as const)
      found.push({ protocol, port: METALLB_MEMBER_PORT, owner: "MetalLB's speakers" });
    // metallb v0.16.1, charts/metallb/values.yaml: metricsPort, and the probes' port.
    found.push(...tcp("MetalLB's speakers", 9120, 17472));
    const { bgp } = input.metallb ?? {};
    // frr-k8s 0.0.25, charts/frr-k8s/values.yaml and templates/controller.yaml.
    if (bgp !== undefined && pick(bgp, "backend", "frr-k8s") === "frr-k8s")
      found.push(...tcp("MetalLB's frr-k8s", 7572, 7573, 9140, 9141, 19443));
  }
  return found;
}

/** Who has a TCP port of the nodes; undefined where it is free. */
export function ownerOfTcp(facts: Facts, port: number): string | undefined {
  const { endpoint, nodePortRange } = facts;
  if (NODE_PORTS[port] !== undefined) return NODE_PORTS[port];
  if (endpoint.kind === "nodeLocal" && endpoint.port === port) return "the API's proxy";
  if (nodePortRange !== undefined && nodePortRange.from <= port && port <= nodePortRange.to)
    return "NodePorts";
  return partsPorts(facts).find((one) => one.protocol === "tcp" && one.port === port)?.owner;
}
