import { mendedVersion } from "../../core/mended";
import { refused, resources } from "../../settings/effect";
import { entriesOf } from "../../settings/prune";
import type { CniDomain, CniNetwork } from "../domain";
import { CALICO_ROWS } from "./rows";
import { calicoSchema } from "./schema";
import { resolveCalico, type CalicoInput, type CalicoSettings } from "./settings";
import { validateCalico } from "./validate";

// tigera/operator's Helm documentation, https://docs.tigera.io/calico/latest/getting-started/kubernetes/helm; charts and
// operator have Calico's version.
const CHART = {
  version: "v3.32.0",
  appVersion: "v3.32.0",
  repository: "https://docs.tigera.io/calico/charts",
} as const;

export const calico = {
  kind: "calico",
  schema: calicoSchema,
  rows: CALICO_ROWS,
  charts: {
    // Calico's and its operator's CRDs, in a chart of their own since 3.32 (charts/crd.projectcalico.org.v1/README.md; release
    // notes of v3.32.2 list it): Helm does not upgrade CRDs of the chart that needs them.
    "crd.projectcalico.org.v1": { ...CHART, release: "calico-crds", registries: [] },
    "tigera-operator": { ...CHART, release: "calico", registries: ["quay.io"] },
  },
  chartNamespace: "tigera-operator",
  crdGroups: ["crd.projectcalico.org", "projectcalico.org", "operator.tigera.io", "policy.networking.k8s.io"],
  tried: false,
  // Felix could do it for its node, but would need a permission that nothing ties to one instance
  // (ec2:ModifyNetworkInterfaceAttribute) and is not Ready without it.
  bootTurnsSourceCheckOff: true,
  traces: {
    interfaces: ["cali*", "vxlan.calico", "vxlan-v6.calico", "wireguard.cali"],
    unmanaged: ["cali*", "tunl*", "vxlan.calico"],
    nftTables: ["calico"],
    iptables: ["cali-"],
    folders: ["/var/lib/calico", "/run/calico"],
    conflist: "10-calico.conflist",
  },
  effects: [
    refused(["cni.blockSize"], "Calico cannot change it in an address pool that is in use"),
    resources(["cni.natOutgoing", "cni.controlPlaneReplicas", "cni.apiServer"], "the CNI's pods are rolled"),
    resources(
      [
        "cni.asNumber",
        "cni.nodeToNodeMesh",
        "cni.advertiseServices",
        "cni.routeReflectors.**",
        "cni.peers[].**",
      ],
      "the affected BGP sessions restart",
    ),
  ],
  resolve: resolveCalico,
  profile: ({ backend }) => CALICO_ROWS[backend],
  validate: validateCalico,
  advise: adviseCalico,
  secrets: ({ peers }) =>
    entriesOf(peers).flatMap(([index, { password }]) =>
      password === undefined
        ? []
        : [{ path: ["cni", "peers", index, "password"], name: password, use: "bgpPassword" as const }],
    ),
  routers: ({ bgp }) => bgp?.peers ?? [],
} as const satisfies CniDomain<CalicoInput, CalicoSettings>;

/** From so many nodes Calico's documentation advises against the full mesh ("Configure BGP peering", topologies). */
const MESH_NODES = 100;

/** Sessions of a full mesh: every node with every other. */
export function meshSessions(nodes: number): number {
  return (nodes * (nodes - 1)) / 2;
}

/** Calico's own nft crashes as older kube-proxies' does: what mended it is in these patches (projectcalico/calico issues 11750, 13068). */
const MENDED: Readonly<Record<string, number>> = { "3.31": 6, "3.32": 1 };

function adviseCalico(
  { bgp }: CalicoSettings,
  { maxNodes, oldNftCrash, chartVersions }: CniNetwork,
): string[] {
  const found: string[] = [];
  const version = (chartVersions["tigera-operator"] ?? CHART.version).replace(/^v/, "");
  const mended = mendedVersion(version, MENDED);
  if (oldNftCrash !== undefined && mended !== undefined) {
    found.push(
      `cni.kind calico: Calico ${version} ${oldNftCrash}; ${mended} does not (helm.versions of tigera-operator ` +
        "and crd.projectcalico.org.v1, or kubeProxy.mode iptables)",
    );
  }
  if (bgp?.nodeToNodeMesh === true && maxNodes >= MESH_NODES) {
    found.push(
      `calico's full mesh has ${meshSessions(maxNodes)} BGP sessions with network.maxNodes ${maxNodes}: ` +
        "they grow with the square of the number of nodes; use cni.routeReflectors, or lower network.maxNodes if the cluster stays small",
    );
  }
  if (bgp?.routeReflectors?.nodes.length === 1) {
    const [only] = bgp.routeReflectors.nodes;
    found.push(
      `cni.routeReflectors: ${only.machine} is the only route reflector: while it is down, nodes learn no new routes`,
    );
  }
  return found;
}
