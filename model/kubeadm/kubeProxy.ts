import type { KubeProxySettings } from "../settings/resolved";
import { mergeConfig } from "../core/merge";

/** What kube-proxy is configured by. */
export interface KubeProxySpec {
  readonly kubeProxy: KubeProxySettings;
  readonly network: { readonly podCidr: string };
}

/**
 * KubeProxyConfiguration with the settings' `kubeProxy.config` laid over it. Each node's own address kube-proxy takes from
 * its Node object; kubeadm passes the node's name on the command line.
 */
export function kubeProxyConfiguration(settings: KubeProxySpec): Record<string, unknown> {
  const base = {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: settings.kubeProxy.mode,
    clusterCIDR: settings.network.podCidr,
  };
  return mergeConfig(base, settings.kubeProxy.config);
}
