export { validateAuditPolicy } from "./audit";
export { validateKubelet } from "./kubelet";
export { validateKubeProxy } from "./kubeProxy";
