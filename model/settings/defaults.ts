import { DEFAULT_KUBERNETES_VERSION } from "../versions";

/** Every default that does not depend on another setting. */
export const DEFAULTS = {
  domain: "internal",
  kubernetesVersion: DEFAULT_KUBERNETES_VERSION,
  // Half a hundred thousand Services, and no more than a /16 of somebody's address plan.
  serviceCidr: "10.96.0.0/16",
  maxNodes: 256,
  // kubelet's own default (KubeletConfiguration, maxPods).
  podsPerNode: 110,
  clusterDomain: "cluster.local",
  // kube-apiserver's default --service-node-port-range.
  nodePortRange: "30000-32767",
  // flannel Documentation/kube-flannel.yml.
  podCidr: "10.244.0.0/16",
  // kube-controller-manager's default --node-cidr-mask-size-ipv4.
  nodeCidrMaskSize: 24,
  sshPort: 22,
  pool: "default",
  architecture: "amd64",
  revision: 1,
  removal: "safe",
  apiPort: 6443,
  localProxyPort: 7443,
  kubeProxyMode: "nftables",
  imageRepository: "registry.k8s.io",
  encryption: { provider: "secretbox", keys: ["generated"] },
  audit: { maxAge: 30, maxBackup: 10, maxSize: 100 },
  podSecurity: { enforce: "baseline", audit: "restricted", warn: "restricted" },
  certificates: { validityDays: 365, renewBeforeDays: 30 },
  firewall: "none",
  rollout: { maxUnavailable: "10%" },
  drainTimeoutSeconds: 120,
  protect: true,
  oidcUsernameClaim: "sub",
  // As the examples of Kubernetes' documentation ("OpenID Connect Tokens", --oidc-groups-prefix) have it.
  oidcGroupsPrefix: "oidc:",
  extraVolume: { readOnly: true, pathType: "Directory" },
} as const;
