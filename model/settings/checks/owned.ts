import type { Facts } from "../draft";
import type { Problems } from "../problems";
import { refuse } from "./flags";
import { KUBEADM, type Owner } from "./flags/owned";

/** Keys of KubeletConfiguration (kubelet.config.k8s.io/v1beta1) that follow from other settings. */
const OWNED_KUBELET: Owner = {
  apiVersion: KUBEADM,
  kind: KUBEADM,
  clusterDNS: "network.serviceCidr, whose tenth address it is",
  clusterDomain: "network.clusterDomain",
  maxPods: "network.podsPerNode",
  podCIDR: "cni.podCidr",
  staticPodPath: KUBEADM,
  registerWithTaints: "machines.<name>.taints",
  authentication: "it stays certificates and webhook",
  authorization: "it stays Webhook",
  readOnlyPort: "it stays closed",
  serverTLSBootstrap: "the library's approver signs serving certificates",
  rotateCertificates: "certificates are renewed",
  containerRuntimeEndpoint: "the library's containerd",
};

/** Keys of KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) that follow from other settings. */
const OWNED_KUBE_PROXY: Owner = {
  apiVersion: KUBEADM,
  kind: KUBEADM,
  clusterCIDR: "cni.podCidr",
  mode: "kubeProxy.mode",
  clientConnection: KUBEADM,
  hostnameOverride: "the machine's key under machines",
};

/** Configuration says nothing that a setting says. */
export function nothingIsSaidTwice({ input }: Facts, problems: Problems): void {
  for (const [path, document, owned] of [
    [["kubelet", "config"], input.kubelet?.config, OWNED_KUBELET],
    [["kubeProxy", "config"], input.kubeProxy?.config, OWNED_KUBE_PROXY],
  ] as const) {
    for (const [key, value] of Object.entries(document ?? {})) {
      const near = Object.keys(owned).find((own) => own.toLowerCase() === key.toLowerCase());
      refuse(owned, [...path, key], near ?? key, value, problems);
    }
  }
}

/** `all` would hide every check of kubeadm, the next version's too. */
export function preflightIsNotSwitchedOff({ input }: Facts, problems: Problems): void {
  for (const [index, name] of (input.ignorePreflightErrors ?? []).entries()) {
    if (name?.toLowerCase() !== "all") continue;
    problems.add(["ignorePreflightErrors", index], name, "switches off every preflight check of kubeadm", {
      allowed: "names of single checks, as SystemVerification",
    });
  }
}
