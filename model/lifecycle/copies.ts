import type { ScriptVariables } from "../core/script";

/** Where kubeadm keeps what it moves aside (constants.go, KubernetesDir and TempDir). */
const COPIES = "/etc/kubernetes/tmp";

/** What kubeadm leaves there: constants.CreateTimestampDir and MkdirTemp of phases/upgrade/staticpods.go and postupgrade.go. */
const KINDS = [
  "kubeadm-backup-etcd",
  "kubeadm-backup-manifests",
  "kubeadm-upgraded-manifests",
  "kubeadm-kubelet-config",
] as const;

/**
 * For `keep-copies.sh`: each `kubeadm upgrade` of a control-plane node copies all of etcd first, whether or not anything of it changes, and
 * nobody takes the copies away (kubernetes/kubernetes#125357). The newest stays: kubeadm puts it back when an upgrade of etcd fails.
 */
export const copyVariables: ScriptVariables = { copies: COPIES, copy_kinds: KINDS };
