import { DEFAULT_KUBERNETES_VERSION } from "../versions";
import { CNI_FACTS } from "../cni/facts";

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
  nodePorts: "30000-32767",
  cni: {
    kind: "flannel",
    backend: "vxlan",
    // As upstream's own manifest (flannel Documentation/kube-flannel.yml).
    resources: { requests: { cpu: "100m", memory: "50Mi" } },
  },
  // flannel Documentation/kube-flannel.yml.
  podCidr: "10.244.0.0/16",
  nodeMask: CNI_FACTS["flannel/vxlan"].defaultNodeMask,
  sshPort: 22,
  pool: "default",
  architecture: "amd64",
  generation: 1,
  apiPort: 6443,
  localProxyPort: 7443,
  kubeProxyMode: "nftables",
  imageRepository: "registry.k8s.io",
  encryption: { provider: "secretbox", keys: ["generated"] },
  audit: { maxAge: 30, maxBackup: 10, maxSize: 100 },
  podSecurity: { enforce: "baseline", audit: "restricted", warn: "restricted" },
  certificates: { leafDays: 365, renewBeforeDays: 30 },
  firewall: "none",
  coredns: { replicas: 2, forwarders: ["/etc/resolv.conf"], cache: 30 },
  drainTimeout: 120,
  protect: true,
  oidcUsernameClaim: "sub",
} as const;
