import type { JsonValue, KubernetesObject } from "../../kubernetes";
import type { AddressPool, BgpPeer, MetallbSettings } from "./settings";

export const metallbNamespace = "metallb-system";

/** The speaker has the host's network and sends raw packets: nothing less than privileged lets it. */
export function metallbNamespaceManifest(): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: metallbNamespace, labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
  };
}

/** What MetalLB has to know of the cluster it runs in. */
export interface MetallbNodes {
  /** There are no workers: control-plane nodes answer for addresses. */
  readonly onlyControlPlane: boolean;
}

/** Values of MetalLB's chart (metallb v0.16.1, charts/metallb/values.yaml). */
export function metallbValues(metallb: MetallbSettings, nodes: MetallbNodes): Record<string, unknown> {
  return {
    ...(metallb.loadBalancerClass === undefined ? {} : { loadBalancerClass: metallb.loadBalancerClass }),
    // On in the chart. Layer 2 needs no BGP daemon, nor its image.
    frrk8s: { enabled: metallb.bgp?.backend === "frr-k8s" },
    controller: { resources: { requests: { cpu: "25m", memory: "64Mi" } } },
    speaker: {
      // Deprecated upstream: frr-k8s took its place.
      frr: { enabled: false },
      // kubeadm labels control-plane nodes with `node.kubernetes.io/exclude-from-external-load-balancers`, and MetalLB
      // heeds it. Where control-plane nodes are all there is, nobody would answer for an address.
      ignoreExcludeLB: nodes.onlyControlPlane,
      resources: { requests: { cpu: "25m", memory: "64Mi" } },
    },
  };
}

/** Whether a cluster's control-plane nodes are all the nodes there are. */
export function isWithoutWorkers(cluster: {
  readonly platform: string;
  readonly machines: readonly { readonly role: string }[];
}): boolean {
  return cluster.platform === "machines" && !cluster.machines.some((machine) => machine.role === "worker");
}

/** Pools, advertisements and peers (metallb v0.16.1, config/crd/bases). They need the chart's CRDs and its webhook. */
export function metallbManifests(metallb: MetallbSettings): KubernetesObject[] {
  return [
    ...Object.entries(metallb.pools).map(([name, pool]) => addressPool(name, pool)),
    ...l2Advertisement(metallb),
    ...bgp(metallb),
  ];
}

function object(apiVersion: string, kind: string, name: string, spec: JsonValue): KubernetesObject {
  return { apiVersion, kind, metadata: { name, namespace: metallbNamespace }, spec };
}

function addressPool(name: string, pool: AddressPool): KubernetesObject {
  return object("metallb.io/v1beta1", "IPAddressPool", name, {
    addresses: pool.addresses,
    autoAssign: pool.autoAssign,
    avoidBuggyIPs: pool.avoidBuggyAddresses,
    ...(pool.namespaces.length === 0 ? {} : { serviceAllocation: { namespaces: pool.namespaces } }),
  });
}

function nodeSelectors(labels: Readonly<Record<string, string>>): Record<string, JsonValue> {
  return Object.keys(labels).length === 0 ? {} : { nodeSelectors: [{ matchLabels: labels }] };
}

/** Pools are named always: an advertisement that names none is for all there are, later ones too. */
function l2Advertisement({ l2 }: MetallbSettings): KubernetesObject[] {
  if (l2 === undefined) return [];
  return [
    object("metallb.io/v1beta1", "L2Advertisement", "layer2", {
      ipAddressPools: l2.pools,
      ...(l2.interfaces.length === 0 ? {} : { interfaces: l2.interfaces }),
      ...nodeSelectors(l2.nodes),
    }),
  ];
}

function bgp({ bgp }: MetallbSettings): KubernetesObject[] {
  if (bgp === undefined) return [];
  return [
    ...bgp.peers.map(bgpPeer),
    object("metallb.io/v1beta1", "BGPAdvertisement", "bgp", {
      ipAddressPools: bgp.pools,
      ...(bgp.aggregationLength === undefined ? {} : { aggregationLength: bgp.aggregationLength }),
      ...(bgp.localPreference === undefined ? {} : { localPref: bgp.localPreference }),
      ...(bgp.communities.length === 0 ? {} : { communities: bgp.communities }),
    }),
  ];
}

/** Name of the Secret with a peer's password. */
export function peerSecretName(peer: BgpPeer): string {
  return `bgp-peer-${peer.name}`;
}

function bgpPeer(peer: BgpPeer): KubernetesObject {
  return object("metallb.io/v1beta2", "BGPPeer", peer.name, {
    peerAddress: peer.address,
    peerPort: peer.port,
    peerASN: peer.peerASN,
    myASN: peer.myASN,
    ...(peer.multiHop ? { ebgpMultiHop: true } : {}),
    ...(peer.holdTime === undefined ? {} : { holdTime: `${peer.holdTime}s` }),
    ...(peer.password === undefined
      ? {}
      : { passwordSecret: { name: peerSecretName(peer), namespace: metallbNamespace } }),
    ...nodeSelectors(peer.nodes),
  });
}
