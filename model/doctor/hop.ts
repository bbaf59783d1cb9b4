/** Judgements of the doctor that a cluster passes before its control plane goes on to another version. */
import type { ImmutableSettings } from "../immutableSettings";
import type { ClusterFacts } from "./clusterFacts";
import type { ExpectedCluster } from "./expected";
import type { Finding } from "./finding";
import { diagnose } from "./judgements";

/** What kubeadm would spread with the next version, and what says that the cluster does not run as it did. */
export const HOP_JUDGEMENTS = [
  "kubeadm-config",
  "kube-proxy",
  "dns-service",
  "node-slices",
  "nodes-ready",
  "coredns",
] as const;

/** What the step of a control-plane node knows of the cluster. */
export interface HopExpectation {
  readonly cluster: string;
  readonly fixed: ImmutableSettings;
  readonly dnsAddress: string;
  /** x.y.z that the control plane has; "": whichever it has. */
  readonly version: string;
}

const COREDNS = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: "kube-system",
  name: "coredns",
} as const;

/** As far as these judgements read it: they look at all Nodes, whoever declared them. */
export function expectedBetweenHops({
  cluster,
  fixed,
  dnsAddress,
  version,
}: HopExpectation): ExpectedCluster {
  return {
    id: cluster,
    fixed,
    kubernetesVersion: version,
    dnsAddress,
    hosts: [],
    objects: [COREDNS],
    renewBeforeDays: 0,
    pools: true,
  };
}

/** What stands against the next version. */
export function hopFindings(expectation: HopExpectation, facts: ClusterFacts): Finding[] {
  const { kubeadm } = facts;
  const version =
    expectation.version === "" ? (kubeadm?.version ?? "").replace(/^v/, "") : expectation.version;
  const seen = {
    ...facts,
    // A node may be cordoned, by people or by a run that was cut off: no pods of the control plane wait for it.
    nodes: facts.nodes.map((node) => ({ ...node, unschedulable: false })),
  };
  const names: readonly string[] = HOP_JUDGEMENTS;
  return diagnose(expectedBetweenHops({ ...expectation, version }), { cluster: seen, hosts: {} }).filter(
    ({ check }) => names.includes(check),
  );
}
