/** What consumers import from `pulumi-kubeadm`. */
import { refuseAsProgram } from "./components/entryPoint";

export { Cluster, type ClusterArgs } from "./components/cluster";
export { ClusterSettingsError } from "./components/settingsError";
export type { Addons } from "./components/addons";
export { CoreDns, type CoreDnsArgs } from "./components/addons/coredns";
export { GatewayApi, type GatewayApiArgs } from "./components/addons/gatewayApi";
export { Ingress, type IngressArgs } from "./components/addons/ingress";
export { IngressRules, type IngressRulesArgs } from "./components/addons/ingressRules";
export { MetalLb, type MetalLbArgs } from "./components/addons/metallb";
export { MetricsServer, type MetricsServerArgs } from "./components/addons/metricsServer";
export type { IngressBackend, IngressHost, IngressRulesSpec } from "./model/addons/ingress/rules";
export type { Cloud, CreateDnsRecords, DnsRecord, NodePool } from "./components/cloud";
export type {
  ClusterSettingsArgs,
  JumpHostArgs,
  MachineArgs,
  MachinesClusterArgs,
  PoolMachineArgs,
} from "./components/late";
export { Calico, RouteReflectors, type CalicoArgs, type RouteReflectorsArgs } from "./components/cni/calico";
export { Cilium, type CiliumArgs } from "./components/cni/cilium";
export { Flannel, type FlannelArgs } from "./components/cni/flannel";
export { Weave, type WeaveArgs } from "./components/cni/weave";
export { WorkerPool, type WorkerPoolArgs } from "./components/machines/workerPool";
export type { ControlPlane } from "./components/kubeadm/controlPlane";
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
export type * from "./model/extras/settings";
export { SMOKE_DEFAULTS, type SmokeOptions, type SmokeResult, type SmokeStep } from "./model/smoke/options";
export type * from "./model/settings/resolved";
export type * from "./model/aws/settings";
export type * from "./model/cni/types";
export type { CiliumInput } from "./model/cni/cilium/settings";
export type * from "./model/etcd/backup/input";
export type { BackupSettings, BackupTarget } from "./model/etcd/backup/settings";
export type { EtcdSettings } from "./model/etcd/settings";
export type * from "./model/maintenance/input";
export type { Day, MaintenanceSettings, MaintenanceWindow } from "./model/maintenance/settings";
export type { TenancySettings } from "./model/tenants/settings";
export type * from "./model/tenants/input";
export type { AddonSettings } from "./model/addons";
export type { CoreDnsInput, CoreDnsSettings } from "./model/addons/coredns/settings";
export type { IngressInput, IngressSettings } from "./model/addons/ingress/settings";
export type { MetallbInput, MetallbSettings } from "./model/addons/metallb/settings";
export type { MetricsServerInput, MetricsServerSettings } from "./model/addons/metricsServer/settings";
export type * from "./model/aws/input";
export type * from "./model/settings/input/cluster";
export type * from "./model/settings/input/components";
export type * from "./model/settings/input/machines";
export type * from "./model/settings/input/network";
export type * from "./model/settings/input/nodes";
export type * from "./model/settings/input/pools";

// A bundle of ES modules has no `module`.
refuseAsProgram(typeof module === "undefined" ? undefined : module.parent?.filename);
