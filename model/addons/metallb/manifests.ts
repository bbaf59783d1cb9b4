import type { CustomManifest, Manifest } from "../../core/manifest";
import { namespaceOf } from "../../core/objects";
import type { AddressPool, BgpPeer, MetallbSettings } from "./settings";

export const metallbNamespace = "metallb-system";

/** The speaker has the host's network and sends raw packets: nothing less than privileged lets it. */
export function metallbNamespaceManifest(): Manifest<"v1/Namespace"> {
  return namespaceOf(metallbNamespace, "privileged");
}

/** What MetalLB has to know of the cluster it runs in. */
export interface MetallbNodes {
  /** The cluster has no workers, so control-plane nodes announce addresses. */
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

type NodeSelectors = {
  readonly nodeSelectors?: readonly { readonly matchLabels: Readonly<Record<string, string>> }[];
};

/** MetalLB's own kinds, as far as they are used here (metallb v0.16.1, config/crd/bases). */
type MetallbObject =
  | CustomManifest<
      "metallb.io/v1beta1",
      "IPAddressPool",
      {
        readonly addresses: readonly string[];
        readonly autoAssign: boolean;
        readonly avoidBuggyIPs: boolean;
        readonly serviceAllocation?: { readonly namespaces: readonly string[] };
      }
    >
  | CustomManifest<
      "metallb.io/v1beta1",
      "L2Advertisement",
      NodeSelectors & { readonly ipAddressPools: readonly string[]; readonly interfaces?: readonly string[] }
    >
  | CustomManifest<
      "metallb.io/v1beta1",
      "BGPAdvertisement",
      {
        readonly ipAddressPools: readonly string[];
        readonly aggregationLength?: number;
        readonly localPref?: number;
        readonly communities?: readonly string[];
      }
    >
  | CustomManifest<
      "metallb.io/v1beta2",
      "BGPPeer",
      NodeSelectors & {
        readonly peerAddress: string;
        readonly peerPort: number;
        readonly peerASN: number;
        readonly myASN: number;
        readonly ebgpMultiHop?: true;
        readonly holdTime?: string;
        readonly passwordSecret?: { readonly name: string; readonly namespace: string };
      }
    >;

const namespace = metallbNamespace;

/** Pools and peers, which advertisements name. They need the chart's CRDs and its webhook. */
export function metallbManifests({ pools, bgp }: MetallbSettings): MetallbObject[] {
  return [
    ...Object.entries(pools).map(([name, pool]) => addressPool(name, pool)),
    ...(bgp?.peers ?? []).map(bgpPeer),
  ];
}

/** How addresses of the pools are made known. */
export function metallbAdvertisements({ l2, bgp }: MetallbSettings): MetallbObject[] {
  return [
    ...(l2 === undefined ? [] : [l2Advertisement(l2)]),
    ...(bgp === undefined ? [] : [bgpAdvertisement(bgp)]),
  ];
}

function addressPool(name: string, pool: AddressPool): MetallbObject {
  return {
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { name, namespace },
    spec: {
      addresses: pool.addresses,
      autoAssign: pool.autoAssign,
      avoidBuggyIPs: pool.avoidBuggyAddresses,
      ...(pool.namespaces.length === 0 ? {} : { serviceAllocation: { namespaces: pool.namespaces } }),
    },
  };
}

function nodeSelectors(labels: Readonly<Record<string, string>>): NodeSelectors {
  return Object.keys(labels).length === 0 ? {} : { nodeSelectors: [{ matchLabels: labels }] };
}

/** Pools are named always: an advertisement that names none is for all there are, later ones too. */
function l2Advertisement(l2: NonNullable<MetallbSettings["l2"]>): MetallbObject {
  return {
    apiVersion: "metallb.io/v1beta1",
    kind: "L2Advertisement",
    metadata: { name: "layer2", namespace },
    spec: {
      ipAddressPools: l2.pools,
      ...(l2.interfaces.length === 0 ? {} : { interfaces: l2.interfaces }),
      ...nodeSelectors(l2.nodes),
    },
  };
}

function bgpAdvertisement(bgp: NonNullable<MetallbSettings["bgp"]>): MetallbObject {
  return {
    apiVersion: "metallb.io/v1beta1",
    kind: "BGPAdvertisement",
    metadata: { name: "bgp", namespace },
    spec: {
      ipAddressPools: bgp.pools,
      ...(bgp.aggregationLength === undefined ? {} : { aggregationLength: bgp.aggregationLength }),
      ...(bgp.localPreference === undefined ? {} : { localPref: bgp.localPreference }),
      ...(bgp.communities.length === 0 ? {} : { communities: bgp.communities }),
    },
  };
}

/** Name of the Secret with a peer's password. */
export function peerSecretName(peer: BgpPeer): string {
  return `bgp-peer-${peer.name}`;
}

function bgpPeer(peer: BgpPeer): MetallbObject {
  return {
    apiVersion: "metallb.io/v1beta2",
    kind: "BGPPeer",
    metadata: { name: peer.name, namespace },
    spec: {
      peerAddress: peer.address,
      peerPort: peer.port,
      peerASN: peer.peerASN,
      myASN: peer.myASN,
      ...(peer.multiHop ? { ebgpMultiHop: true } : {}),
      ...(peer.holdTime === undefined ? {} : { holdTime: `${peer.holdTime}s` }),
      ...(peer.password === undefined ? {} : { passwordSecret: { name: peerSecretName(peer), namespace } }),
      ...nodeSelectors(peer.nodes),
    },
  };
}
