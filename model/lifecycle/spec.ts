/** What a node is joined, configured and removed by. A setting that is not named here changes no node. */
import type { AwsControlPlaneSpec } from "../aws/node/spec";
import type { BackupSpec } from "../etcd/backup/files";
import type { ApiServerFilesSpec } from "../kubeadm/apiServerFiles";
import type { ServingApproverSpec } from "../kubeadm/approver";
import type { InitSpec, RegistrationSpec } from "../kubeadm/documents";
import type { KubeletSpec } from "../kubeadm/kubelet";
import type { ClusterMachine } from "../machine";
import type { MaintenanceSpec } from "../maintenance/files";
import type { Taint } from "../settings/resolved";
import type { ExtraStaticPod } from "../extras/settings";

/** A machine as its Node is registered. */
export interface NodeMachine extends ClusterMachine {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

/** What only control-plane nodes are configured by: kubeadm's documents, the API server's files, and what their platform needs. */
export type ControlPlaneNodeSpec = InitSpec &
  ApiServerFilesSpec &
  ServingApproverSpec &
  AwsControlPlaneSpec &
  BackupSpec & {
    readonly certificates: { readonly renewBeforeDays: number };
  };

/** What one machine is a node by. */
export interface NodeSpec extends RegistrationSpec, KubeletSpec, MaintenanceSpec {
  readonly machine: NodeMachine;
  /** x.y.z. */
  readonly kubernetesVersion: string;
  readonly drainTimeoutSeconds: number;
  /** Your own pods that its kubelet runs from files. */
  readonly staticPods: readonly Pick<ExtraStaticPod, "name" | "pod">[];
  /** undefined: a worker. */
  readonly controlPlane?: ControlPlaneNodeSpec;
}
