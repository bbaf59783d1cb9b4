export { validateAuditPolicy } from "./audit";
export { validateKubelet } from "./kubelet";
export { validateKubeProxy, validateKubeProxyMode } from "./kubeProxy";
