/** What consumers import from `pulumi-kubeadm`. */
import { refuseAsProgram } from "./components/entryPoint";

export { Cluster, type ClusterArgs } from "./components/cluster";
export { ClusterSettingsError } from "./components/settingsError";
export { createAddons, type Addons, type AddonsArgs } from "./components/addons";
export { CoreDns, type CoreDnsArgs } from "./components/addons/coredns";
export { GatewayApi, type GatewayApiArgs } from "./components/addons/gatewayApi";
export { Ingress, type IngressArgs } from "./components/addons/ingress";
export { IngressRules, type IngressRulesArgs } from "./components/addons/ingressRules";
export { MetalLb, type MetalLbArgs } from "./components/addons/metallb";
export { MetricsServer, type MetricsServerArgs } from "./components/addons/metricsServer";
export type { IngressBackend, IngressHost, IngressRulesSpec } from "./model/addons/ingress/rules";
export { WindowsNodes, type WindowsNodesArgs } from "./components/addons/windows";
export type { Cloud, CreateDnsRecords, DnsRecord, NodePool } from "./components/cloud";
export type { ClusterSettingsArgs, JumpHostArgs, MachineArgs, MachinesClusterArgs } from "./components/late";
export * from "./components/cni";
export { helmRelease, type HelmReleaseArgs } from "./components/kubernetes/release";
export { ControlPlane, type ControlPlaneArgs } from "./components/kubeadm/controlPlane";
export type { SshKeys } from "./components/machines/hostStep";
export { LoadBalancer, type LoadBalancerArgs } from "./components/machines/loadBalancer";
export type { StepsArgs } from "./components/machines/steps";
export { WorkerPool, type WorkerPoolArgs } from "./components/machines/workerPool";
export { Authority, type AuthorityArgs } from "./components/pki/authority";
export { Pki, type PkiArgs } from "./components/pki/pki";
export { Extras, type ExtrasArgs } from "./components/extras/extras";
export { projectFiles } from "./components/extras/projectFiles";
export { SmokeTest, type SmokeTestArgs } from "./components/smoke/smokeTest";
export { Access, TenantRoles, type AccessArgs, type TenantRolesArgs } from "./components/tenants/access";
export { Tenant, type TenantArgs } from "./components/tenants/tenant";
export { parseCluster, readCluster, type ParseContext } from "./model/settings/parse";
export { SettingsError, formatProblems, type Problem } from "./model/settings/problems";
export type { ProjectFiles } from "./model/extras/files";
export { SMOKE_DEFAULTS, type SmokeOptions, type SmokeResult, type SmokeStep } from "./model/smoke/options";
export type * from "./model/settings/resolved";
export type * from "./model/settings/resolvedAws";
export type * from "./model/cni/types";
export type * from "./model/settings/resolvedExtras";
export type * from "./model/settings/resolvedTenancy";
export type * from "./model/addons/settings";
export type * from "./model/settings/input/aws";
export type * from "./model/settings/input/cluster";
export type * from "./model/settings/input/components";
export type * from "./model/settings/input/machines";
export type * from "./model/settings/input/network";
export type * from "./model/settings/input/nodes";

// A bundle of ES modules has no `module`.
refuseAsProgram(typeof module === "undefined" ? undefined : module.parent?.filename);
