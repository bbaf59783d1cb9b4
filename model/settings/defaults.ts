/** Defaults that more than one place reads; the others stand in the schema. */
export const DEFAULTS = {
  serviceCidr: "10.96.0.0/16",
  maxNodes: 256,
  clusterDomain: "cluster.local",
  // Kubernetes' own documentation and flannel's take it.
  podCidr: "10.244.0.0/16",
  pool: "default",
  kubeProxyMode: "nftables",
  protect: true,
  oidcUsernameClaim: "sub",
} as const;
