export { auditPolicyFits } from "./audit";
export { kubeletFits } from "./kubelet";
export { kubeProxyFits } from "./kubeProxy";
