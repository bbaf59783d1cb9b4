import type { ClusterNetwork } from "../settings/resolved";
import { formatAddress, range, sizeOf } from "./addresses";

/** kubeadm's DNS address is the tenth of the service range (cmd/kubeadm/app/constants, GetDNSIP). */
const DNS_INDEX = 10;

/** Largest service range: kube-apiserver refuses more than 20 bits (cmd/kube-apiserver/app/options/validation.go). */
export const WIDEST_SERVICE_PREFIX = 12;

/** Smallest service range that has a tenth address. */
export const NARROWEST_SERVICE_PREFIX = 28;

/** kube-controller-manager's limit between pod range and node slice (pkg/controller/nodeipam/ipam/cidrset, maxPrefix 16). */
export const MOST_NODE_BITS = 16;

type ServiceAddresses = Pick<ClusterNetwork, "kubernetesServiceAddress" | "dnsServiceAddress">;

/** The cluster network with what follows from its ranges. Checks that come later refuse a service range that is too small. */
export function clusterNetwork(input: Omit<ClusterNetwork, keyof ServiceAddresses>): ClusterNetwork {
  return { ...input, ...serviceAddresses(input.serviceCidr) };
}

/** Addresses in a range of Services that Kubernetes gives away by itself: of Service `kubernetes`, and of cluster DNS. */
export function serviceAddresses(serviceCidr: string): ServiceAddresses {
  const { first } = range(serviceCidr);
  return {
    kubernetesServiceAddress: formatAddress(first + 1),
    dnsServiceAddress: formatAddress(first + DNS_INDEX),
  };
}

/** How many nodes the pod range has slices for. */
export function nodeCapacity(podCidr: string, nodeCidrMaskSize: number): number {
  const bits = nodeCidrMaskSize - range(podCidr).prefix;
  return bits < 0 ? 0 : 2 ** bits;
}

/**
 * How many pods a node's slice holds. Three of its addresses are not for pods: the network and broadcast addresses, which
 * host-local never gives out, and the first, which is the bridge's (containernetworking/plugins, ipam/host-local).
 */
export function podCapacity(nodeCidrMaskSize: number): number {
  return Math.max(0, 2 ** (32 - nodeCidrMaskSize) - 3);
}

/** Number of Services the range has addresses for; network and broadcast addresses are not given out. */
export function serviceCapacity(serviceCidr: string): number {
  return Math.max(0, sizeOf(range(serviceCidr)) - 2);
}
