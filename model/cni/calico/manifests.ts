import type { CustomManifest, Manifest } from "../../core/manifest";
import { allow, namespaceOf, READ, roleFor } from "../../core/objects";
import type { JsonValue } from "../../kubernetes";
import { CALICO_ROWS } from "./rows";
import type { CalicoBgp, CalicoPeer, CalicoSettings } from "./settings";
import type { CalicoSpec } from "./spec";

/** Where Tigera's operator runs, and where it puts Calico. */
export const OPERATOR_NAMESPACE = "tigera-operator";
export const CALICO_NAMESPACE = "calico-system";

const OPERATOR_API = "operator.tigera.io/v1";
/**
 * Calico's resources as Calico stores them. `projectcalico.org/v3` is the same by way of Calico's API server, which runs as
 * a pod: how nodes reach each other's pods must not depend on a pod. The operator writes them this way as well
 * (tigera/operator v1.42, pkg/controller/installation/core_controller.go, FelixConfiguration).
 */
const CALICO_API = "crd.projectcalico.org/v1";

/** Values of chart tigera-operator: the operator alone, since what it is to install is in separate resources. */
export function operatorValues(): Readonly<Record<string, JsonValue>> {
  return {
    installation: { enabled: false },
    apiServer: { enabled: false },
    goldmane: { enabled: false },
    whisker: { enabled: false },
  };
}

/** Namespaces: pods of both need the host's network. `calico-system` is the operator's, made here only for passwords. */
export function calicoNamespaces(spec: Pick<CalicoSpec, "cni">): Manifest<"v1/Namespace">[] {
  const names = [OPERATOR_NAMESPACE, ...(passwordsOf(spec).length > 0 ? [CALICO_NAMESPACE] : [])];
  return names.map((name) => namespaceOf(name, "privileged", { name }));
}

/** projectcalico v3.32, api/pkg/apis/projectcalico/v3, as far as they are used here. */
type RoutingObject =
  | CustomManifest<
      typeof CALICO_API,
      "BGPConfiguration",
      {
        readonly asNumber: number;
        readonly nodeToNodeMeshEnabled: boolean;
        readonly serviceClusterIPs?: readonly { readonly cidr: string }[];
      }
    >
  | CustomManifest<
      typeof CALICO_API,
      "BGPPeer",
      {
        readonly nodeSelector: string;
        readonly peerSelector?: string;
        readonly peerIP?: string;
        readonly asNumber?: number;
        readonly password?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
      }
    >;

/** tigera/operator v1.42, api/v1, as far as they are used here. */
type OperatorObject =
  | CustomManifest<
      typeof OPERATOR_API,
      "Installation",
      {
        readonly variant: "Calico";
        readonly cni: { readonly type: "Calico"; readonly ipam: { readonly type: "Calico" } };
        readonly controlPlaneReplicas: number;
        readonly calicoNetwork: {
          readonly bgp: Switch;
          readonly linuxDataplane: "Nftables" | "Iptables";
          readonly hostPorts: Switch;
          readonly nodeAddressAutodetectionV4: { readonly kubernetes: "NodeInternalIP" };
          readonly mtu?: number;
          readonly ipPools: readonly {
            readonly name: string;
            readonly cidr: string;
            readonly blockSize: number;
            readonly encapsulation: string;
            readonly natOutgoing: Switch;
            readonly nodeSelector: string;
          }[];
        };
      }
    >
  | CustomManifest<typeof OPERATOR_API, "APIServer", Readonly<Record<string, never>>>;

type Switch = "Enabled" | "Disabled";

/** How routes are exchanged: there before the first node of Calico's, so that none begins with other peers. */
export function calicoRouting(spec: CalicoSpec): (RoutingObject | Manifest)[] {
  const { bgp } = spec.cni;
  const routing = bgp === undefined ? [] : [bgpConfiguration(bgp, spec), ...bgpPeers(bgp)];
  return [...routing, ...passwordAccess(spec)];
}

/** What the operator is to install; after it, and after how routes are exchanged. */
export function calicoInstallation(spec: CalicoSpec): OperatorObject[] {
  const calico = spec.cni;
  return [
    {
      apiVersion: OPERATOR_API,
      kind: "Installation",
      metadata: { name: "default" },
      spec: {
        variant: "Calico",
        cni: { type: "Calico", ipam: { type: "Calico" } },
        controlPlaneReplicas: calico.controlPlaneReplicas,
        calicoNetwork: {
          bgp: calico.bgp === undefined ? "Disabled" : "Enabled",
          // It has to be kube-proxy's ("Calico nftables data plane").
          linuxDataplane: spec.kubeProxy.mode === "nftables" ? "Nftables" : "Iptables",
          hostPorts: "Enabled",
          // The address that the kubelet registered (`--node-ip`), on each node its own. Calico's default is the first
          // interface it finds, which on a host with two networks may be the wrong one.
          nodeAddressAutodetectionV4: { kubernetes: "NodeInternalIP" },
          ...mtuOf(spec),
          ipPools: [
            {
              name: "default-ipv4-ippool",
              cidr: spec.network.podCidr,
              blockSize: calico.blockSize,
              encapsulation: ENCAPSULATION[calico.backend],
              natOutgoing: calico.natOutgoing ? "Enabled" : "Disabled",
              nodeSelector: "all()",
            },
          ],
        },
      },
    },
  ];
}

/** Calico's API server; the operator makes it of what it has installed. */
export function calicoApiServer({ cni }: Pick<CalicoSpec, "cni">): OperatorObject[] {
  if (!cni.apiServer) return [];
  return [{ apiVersion: OPERATOR_API, kind: "APIServer", metadata: { name: "default" }, spec: {} }];
}

/** tigera/operator v1.42, api/v1/installation_types.go, EncapsulationType. */
const ENCAPSULATION: Record<CalicoSettings["backend"], string> = {
  vxlan: "VXLAN",
  "vxlan-cross-subnet": "VXLANCrossSubnet",
  ipip: "IPIP",
  bgp: "None",
};

/** MTU of the pod network; without one and without the nodes', Calico reads it from the node's interface. */
function mtuOf(spec: CalicoSpec): { mtu?: number } {
  const { mtu, backend } = spec.cni;
  if (mtu !== undefined) return { mtu };
  const outer = spec.network.mtu;
  return outer === undefined ? {} : { mtu: outer - CALICO_ROWS[backend].overhead };
}

function bgpConfiguration(bgp: CalicoBgp, { network }: CalicoSpec): RoutingObject {
  return {
    apiVersion: CALICO_API,
    kind: "BGPConfiguration",
    metadata: { name: "default" },
    spec: {
      asNumber: bgp.asNumber,
      nodeToNodeMeshEnabled: bgp.nodeToNodeMesh,
      ...(bgp.advertiseServices ? { serviceClusterIPs: [{ cidr: network.serviceCidr }] } : {}),
    },
  };
}

type PeerObject = Extract<RoutingObject, { kind: "BGPPeer" }>;

function bgpPeers({ routeReflectors: reflectors, peers }: CalicoBgp): PeerObject[] {
  const peer = (name: string, spec: PeerObject["spec"]): PeerObject => ({
    apiVersion: CALICO_API,
    kind: "BGPPeer",
    metadata: { name },
    spec,
  });
  return [
    // All nodes, the reflectors among them: reflectors peer with one another, too (Calico documentation, "Configure BGP
    // peering", route reflectors).
    ...(reflectors === undefined
      ? []
      : [
          peer("route-reflectors", {
            nodeSelector: "all()",
            peerSelector: selectorOf(reflectors.nodeSelector),
          }),
        ]),
    ...peers.map((one) => peer(`peer-${one.name}`, peerSpec(one))),
  ];
}

function peerSpec(peer: CalicoPeer): PeerObject["spec"] {
  return {
    // The port is written only where it is another: with it Calico writes `address:port`.
    peerIP: peer.port === 179 ? peer.address : `${peer.address}:${peer.port}`,
    asNumber: peer.asNumber,
    nodeSelector: selectorOf(peer.nodeSelector),
    ...(peer.password === undefined
      ? {}
      : { password: { secretKeyRef: { name: BGP_SECRET, key: peer.name } } }),
  };
}

/** Labels as Calico's selector language writes them; no label: all nodes. */
export function selectorOf(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([key, value]) => `${key} == '${value}'`);
  return parts.length === 0 ? "all()" : parts.join(" && ");
}

/** Secret with the passwords of BGP sessions by the peer's name; the component makes it. */
export const BGP_SECRET = "bgp-passwords";

/** Peers with a password, and its name in `kubeadm:secrets`. */
export function passwordsOf(
  spec: Pick<CalicoSpec, "cni">,
): { readonly peer: string; readonly secret: string }[] {
  return (spec.cni.bgp?.peers ?? []).flatMap(({ name, password }) =>
    password === undefined ? [] : [{ peer: name, secret: password }],
  );
}

/** calico-node reads the passwords itself, and may by default read no Secret (Calico documentation, "Secure BGP sessions"). */
function passwordAccess(spec: Pick<CalicoSpec, "cni">): Manifest[] {
  if (passwordsOf(spec).length === 0) return [];
  const metadata = { name: BGP_SECRET, namespace: CALICO_NAMESPACE };
  return roleFor(metadata, [allow("", ["secrets"], READ, [BGP_SECRET])], "calico-node");
}

/** Nodes that reflect routes. */
export type Reflectors = Pick<NonNullable<CalicoBgp["routeReflectors"]>, "clusterId" | "nodes">;

/**
 * What makes a Node a reflector where Calico keeps its state in the Kubernetes API (Calico documentation, "Configure BGP
 * peering": an annotation of the Node). It contains the revision, so that a machine that joins again is marked again.
 */
export function reflectorAnnotations({ clusterId, nodes }: Reflectors): {
  readonly machine: string;
  readonly node: string;
  readonly annotations: Readonly<Record<string, string>>;
}[] {
  return nodes.map(({ machine, node, revision }) => ({
    machine,
    node,
    annotations: {
      "projectcalico.org/RouteReflectorClusterID": clusterId,
      "pulumi-kubeadm/route-reflector-revision": String(revision),
    },
  }));
}
