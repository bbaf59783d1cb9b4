/** Every judgement of the doctor, one row each: a new one is a function and its row here. */
import * as backups from "./backupJudgements";
import * as cluster from "./clusterJudgements";
import type { ClusterFacts } from "./clusterFacts";
import type { ExpectedCluster } from "./expected";
import type { HostFacts } from "./facts";
import type { Finding, Judgement } from "./finding";
import * as host from "./hostJudgements";
import { rotation } from "./rotation";
import { maintenance } from "./maintenance";

export const JUDGEMENTS: readonly Judgement[] = [
  { name: "kubeadm-config", of: "cluster", judge: cluster.podRangeOfKubeadm },
  { name: "kube-proxy", of: "cluster", judge: cluster.podRangeOfKubeProxy },
  { name: "config-maps", of: "cluster", judge: cluster.configMaps },
  { name: "objects", of: "cluster", judge: cluster.objects },
  { name: "coredns", of: "cluster", judge: cluster.coreDns },
  { name: "dns-service", of: "cluster", judge: cluster.dnsService },
  { name: "node-slices", of: "cluster", judge: cluster.nodeSlices },
  { name: "nodes-ready", of: "cluster", judge: cluster.nodesReady },
  { name: "nodes-declared", of: "cluster", judge: cluster.nodesDeclared },
  { name: "labels-taints", of: "cluster", judge: cluster.labelsAndTaints },
  { name: "versions", of: "cluster", judge: cluster.versions },
  { name: "metallb-pools", of: "cluster", judge: cluster.servicePools },
  { name: "certificate-requests", of: "cluster", judge: cluster.certificateRequests },
  { name: "backups", of: "cluster", judge: backups.newest },
  { name: "files", of: "host", judge: host.files },
  { name: "links", of: "host", judge: host.links },
  { name: "units", of: "host", judge: host.units },
  { name: "sysctls", of: "host", judge: host.sysctls },
  { name: "swap", of: "host", judge: host.swap },
  { name: "hosts-file", of: "host", judge: host.hostsBlock },
  { name: "clock", of: "host", judge: host.clock },
  { name: "disks", of: "host", judge: host.disks },
  { name: "certificates", of: "host", judge: host.certificates },
  { name: "cluster-ca", of: "host", judge: host.clusterId },
  { name: "rotation", of: "host", judge: rotation },
  { name: "node-address", of: "host", judge: host.nodeAddress },
  { name: "subnet-env", of: "host", judge: host.subnetEnv },
  { name: "mtu", of: "host", judge: host.mtu },
  { name: "ports", of: "host", judge: host.ports },
  { name: "etcd", of: "host", judge: host.etcd },
  { name: "backup-runs", of: "host", judge: backups.runs },
  { name: "firewall", of: "host", judge: host.firewall },
  { name: "manifests", of: "host", judge: host.manifests },
  { name: "kubelet-config", of: "host", judge: host.kubeletConfig },
  { name: "cni-configuration", of: "host", judge: host.cniConfiguration },
  { name: "unfinished", of: "host", judge: host.unfinished },
  { name: "maintenance", of: "host", judge: maintenance },
];

/** What was seen. */
export interface Seen {
  /** Undefined: the API did not answer. */
  readonly cluster?: ClusterFacts;
  /** By the machine's name; those that answered. */
  readonly hosts: Readonly<Record<string, HostFacts>>;
}

/** Everything that is not as it should be. What could not be looked at is not judged. */
export function diagnose(expected: ExpectedCluster, seen: Seen): Finding[] {
  const { cluster: facts, hosts } = seen;
  return JUDGEMENTS.flatMap((row): Finding[] => {
    if (row.of === "cluster")
      return facts === undefined
        ? []
        : row.judge({ expected, facts, hosts }).map((one) => ({ check: row.name, where: "cluster", ...one }));
    return expected.hosts.flatMap((one) => {
      const own = hosts[one.name];
      if (own === undefined) return [];
      const node = facts?.nodes.find(({ name }) => name === one.nodeName);
      const view = { cluster: expected, expected: one, facts: own, ...(node === undefined ? {} : { node }) };
      return row.judge(view).map((found) => ({ check: row.name, where: one.name, ...found }));
    });
  });
}
