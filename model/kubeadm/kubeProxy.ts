import type { ClusterSettings } from "../settings/resolved";
import { mergeConfig } from "./merge";

/**
 * KubeProxyConfiguration with the settings' `kubeProxy.config` laid over it. Each node's own address kube-proxy takes from
 * its Node object; kubeadm passes the node's name on the command line.
 */
export function kubeProxyConfiguration(settings: ClusterSettings): Record<string, unknown> {
  const base = {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: settings.kubeProxy.mode,
    clusterCIDR: settings.network.podCidr,
  };
  return mergeConfig(base, settings.kubeProxy.config);
}
