import type { PortRange } from "./flow";

// Kubernetes documentation, "Ports and Protocols"; kube-proxy command line.
export const API_PORT = 6443;
export const KUBELET_PORT = 10250;
export const ETCD_PORTS: PortRange = { from: 2379, to: 2380 };

/** Ports of a node that Kubernetes and SSH have. */
export const NODE_PORTS: Readonly<Record<number, string>> = {
  22: "SSH",
  [API_PORT]: "the API server",
  [ETCD_PORTS.from]: "etcd's clients",
  [ETCD_PORTS.to]: "etcd's peers",
  2381: "etcd's metrics",
  10248: "the kubelet's health",
  10249: "kube-proxy's metrics",
  [KUBELET_PORT]: "the kubelet",
  10256: "kube-proxy's health",
  10257: "the controller manager",
  10259: "the scheduler",
};
