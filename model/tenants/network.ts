import { isToken } from "../core/tokens";
import { INGRESS_NAMESPACE } from "../addons/ingress/manifests";
import type { Manifest } from "../core/manifest";
import { range, relation } from "../network/addresses";
import { API_PORT } from "../network/ports";
import type { MachineRole } from "../settings/resolved";
import type { Opening, OpenPort, Tenant, TenantNetwork } from "./settings";

/**
 * Ranges that lead to no public host: private ones, carriers' (RFC 6598), and link-local ones, where a cloud's metadata
 * lies. A pod that may reach the internet may not reach these by it.
 */
const NOT_PUBLIC = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
];

/** What a tenant's network policy reads of the cluster. */
export interface TenantCluster {
  readonly network: {
    readonly podCidr: string;
    readonly serviceCidr: string;
    /** Address of cluster DNS, and below it that of Service `kubernetes`. */
    readonly dnsServiceAddress: string;
    readonly kubernetesServiceAddress: string;
  };
  readonly machines: readonly { readonly role: MachineRole; readonly nodeAddress: string }[];
  readonly addons: { readonly ingress?: { readonly kind: keyof typeof INGRESS_NAMESPACE } };
}

/** That of Service `kubernetes`. */
const SERVICE_PORT = 443;

type PolicySpec = NonNullable<Manifest<"networking.k8s.io/v1/NetworkPolicy">["spec"]>;
type IngressRule = NonNullable<PolicySpec["ingress"]>[number];
type PolicyPeer = NonNullable<IngressRule["from"]>[number];
interface Rule {
  readonly peers: readonly PolicyPeer[];
  readonly ports: readonly OpenPort[];
}

/**
 * One policy over all pods of the tenant: what it does not open is denied, both ways. Always open, whatever stands here, is
 * what comes from the pod's own node, as the kubelet's probes do (Kubernetes documentation, "Network Policies").
 */
export function networkPolicy(tenant: Tenant, network: TenantNetwork, cluster: TenantCluster): Manifest {
  const own: Rule[] = network.sameNamespace ? [{ peers: [{ podSelector: {} }], ports: [] }] : [];
  const ingress = [...own, ...network.ingress.flatMap((opening) => rulesOf(opening, cluster))];
  const egress = [
    ...(network.dns ? [dnsRule(cluster)] : []),
    ...own,
    ...network.egress.flatMap((opening) => rulesOf(opening, cluster)),
  ];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "tenant", namespace: tenant.name },
    spec: {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: ingress.map((rule) => ({ from: rule.peers, ...portsOf(rule) })),
      egress: egress.map((rule) => ({ to: rule.peers, ...portsOf(rule) })),
    },
  };
}

/** No ports: all of them. */
function portsOf({ ports }: Rule): Pick<IngressRule, "ports"> {
  if (ports.length === 0) return {};
  return {
    ports: ports.map(({ protocol, port, endPort }) => ({
      protocol,
      port,
      ...(endPort === undefined ? {} : { endPort }),
    })),
  };
}

/**
 * Cluster DNS: its pods, a cache on the node among them, by the label both have; and the Service's address, for what looks
 * at packets before kube-proxy has rewritten them.
 */
function dnsRule({ network }: TenantCluster): Rule {
  return {
    peers: [
      {
        namespaceSelector: namespace("kube-system"),
        podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
      },
      { ipBlock: { cidr: `${network.dnsServiceAddress}/32` } },
    ],
    ports: [
      { protocol: "UDP", port: 53 },
      { protocol: "TCP", port: 53 },
    ],
  };
}

/** By the label that the API server gives every namespace: nobody can give another one this name. */
function namespace(name: string): { matchLabels: Record<string, string> } {
  return { matchLabels: { "kubernetes.io/metadata.name": name } };
}

function rulesOf({ peer, ports }: Opening, cluster: TenantCluster): Rule[] {
  switch (peer.kind) {
    case "namespace":
      return [{ peers: [{ namespaceSelector: namespace(peer.namespace) }], ports }];
    case "cidr": {
      const except = peer.except.length === 0 ? {} : { except: peer.except };
      return [{ peers: [{ ipBlock: { cidr: peer.cidr, ...except } }], ports }];
    }
    case "internet":
      return [{ peers: [{ ipBlock: { cidr: "0.0.0.0/0", except: notPublic(cluster) } }], ports }];
    case "ingressController": {
      const { ingress } = cluster.addons;
      if (ingress === undefined) return [];
      return [{ peers: [{ namespaceSelector: namespace(INGRESS_NAMESPACE[ingress.kind]) }], ports }];
    }
    case "kubernetesApi":
      // Whether a policy sees the Service's address or the one it stands for is the CNI's choice.
      return [
        {
          peers: controlPlaneMachines(cluster).map((cidr) => ({ ipBlock: { cidr } })),
          ports: [{ protocol: "TCP", port: API_PORT }],
        },
        {
          peers: [{ ipBlock: { cidr: `${cluster.network.kubernetesServiceAddress}/32` } }],
          ports: [{ protocol: "TCP", port: SERVICE_PORT }],
        },
      ];
  }
}

function controlPlaneMachines({ machines }: TenantCluster): string[] {
  return machines
    .filter((machine) => machine.role === "controlPlane")
    .map((machine) => `${machine.nodeAddress}/32`);
}

/** The cluster's own ranges too, should they be public ones. */
function notPublic({ network, machines }: TenantCluster): string[] {
  const own = [
    network.podCidr,
    network.serviceCidr,
    ...machines.map((machine) => `${machine.nodeAddress}/32`),
  ];
  return [...NOT_PUBLIC, ...own.filter((cidr) => isToken(cidr) || !isNotPublic(cidr))];
}

function isNotPublic(cidr: string): boolean {
  return NOT_PUBLIC.some((outer) => relation(range(outer), range(cidr)) !== "disjoint");
}
