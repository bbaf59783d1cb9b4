/**
 * Admission plugins that every API server runs beside Kubernetes' defaults. kubeadm's own flag names NodeRestriction alone, and
 * a list in the settings replaces kubeadm's (kubeadm, app/util/arguments.go), so both names have to be in every list.
 *
 * - `NodeRestriction`: a kubelet changes its own Node and pods, and gives itself no label that another relies on.
 * - `DenyServiceExternalIPs`: who may write a Service may otherwise take the traffic of any address (CVE-2020-8554).
 */
export const ADMISSION_PLUGINS = ["NodeRestriction", "DenyServiceExternalIPs"] as const;
