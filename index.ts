/** What consumers import from `pulumi-kubeadm`. */
export { Cluster, ClusterSettingsError, type ClusterArgs } from "./components/cluster";
export { CoreDns, type CoreDnsArgs } from "./components/addons/coredns";
export { Flannel, type FlannelArgs } from "./components/cni/flannel";
export { ControlPlane, type ControlPlaneArgs } from "./components/kubeadm/controlPlane";
export type { SshKeys } from "./components/machines/hostStep";
export { LoadBalancer, type LoadBalancerArgs } from "./components/machines/loadBalancer";
export type { StepsArgs } from "./components/machines/steps";
export { WorkerPool, type WorkerPoolArgs } from "./components/machines/workerPool";
export { Authority, type AuthorityArgs } from "./components/pki/authority";
export { Pki, type PkiArgs } from "./components/pki/pki";
export { parseCluster, type ParseContext } from "./model/settings/parse";
export { SettingsError, formatProblems, type Problem } from "./model/settings/problems";
export type * from "./model/settings/resolved";
export type { ClusterInput } from "./model/settings/schema/cluster";
