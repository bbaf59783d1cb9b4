import type { Facts } from "../draft";
import type { Path, Problems } from "../problems";

type Owner = Readonly<Record<string, string>>;

const KUBEADM = "kubeadm and the library's PKI own it";

/** Flags whose value follows from another setting: one source for each fact. Names: Kubernetes command line reference. */
const OWNED_ARGS: Record<"apiServer" | "controllerManager" | "scheduler" | "etcd", Owner> = {
  apiServer: {
    "service-cluster-ip-range": "network.serviceCidr",
    "service-node-port-range": "network.nodePorts",
    "advertise-address": "machines.<name>.nodeAddress",
    "secure-port": "endpoint.port; API servers listen on 6443",
    "encryption-provider-config": "encryption",
    "audit-policy-file": "audit.policy",
    "audit-log-path": "audit",
    "audit-log-maxage": "audit.maxAge",
    "audit-log-maxbackup": "audit.maxBackup",
    "audit-log-maxsize": "audit.maxSize",
    "oidc-issuer-url": "oidc.issuerUrl",
    "oidc-client-id": "oidc.clientId",
    "oidc-username-claim": "oidc.usernameClaim",
    "oidc-username-prefix": "oidc.usernamePrefix",
    "oidc-groups-claim": "oidc.groupsClaim",
    "oidc-groups-prefix": "oidc.groupsPrefix",
    "oidc-ca-file": "oidc.ca",
    "admission-control-config-file": "podSecurity",
    "authorization-mode": KUBEADM,
    "allow-privileged": KUBEADM,
    "etcd-servers": KUBEADM,
    "etcd-cafile": KUBEADM,
    "etcd-certfile": KUBEADM,
    "etcd-keyfile": KUBEADM,
    "client-ca-file": KUBEADM,
    "tls-cert-file": KUBEADM,
    "tls-private-key-file": KUBEADM,
    "kubelet-client-certificate": KUBEADM,
    "kubelet-client-key": KUBEADM,
    "kubelet-certificate-authority": KUBEADM,
    "proxy-client-cert-file": KUBEADM,
    "proxy-client-key-file": KUBEADM,
    "requestheader-client-ca-file": KUBEADM,
    "service-account-key-file": KUBEADM,
    "service-account-signing-key-file": KUBEADM,
  },
  controllerManager: {
    "cluster-cidr": "cni.podCidr",
    "service-cluster-ip-range": "network.serviceCidr",
    "node-cidr-mask-size": "network.nodeMask",
    "node-cidr-mask-size-ipv4": "network.nodeMask",
    "node-cidr-mask-size-ipv6": "network.nodeMask; this version builds IPv4 clusters",
    "allocate-node-cidrs": "cni.podCidr",
    "cluster-name": "name",
    "cluster-signing-cert-file": KUBEADM,
    "cluster-signing-key-file": KUBEADM,
    "root-ca-file": KUBEADM,
    "client-ca-file": KUBEADM,
    "requestheader-client-ca-file": KUBEADM,
    "service-account-private-key-file": KUBEADM,
    kubeconfig: KUBEADM,
    "authentication-kubeconfig": KUBEADM,
    "authorization-kubeconfig": KUBEADM,
    controllers: KUBEADM,
  },
  scheduler: {
    kubeconfig: KUBEADM,
    "authentication-kubeconfig": KUBEADM,
    "authorization-kubeconfig": KUBEADM,
  },
  etcd: {
    name: KUBEADM,
    "data-dir": KUBEADM,
    "initial-cluster": KUBEADM,
    "initial-cluster-state": KUBEADM,
    "initial-advertise-peer-urls": KUBEADM,
    "advertise-client-urls": KUBEADM,
    "listen-client-urls": KUBEADM,
    "listen-peer-urls": KUBEADM,
    "cert-file": KUBEADM,
    "key-file": KUBEADM,
    "trusted-ca-file": KUBEADM,
    "client-cert-auth": KUBEADM,
    "peer-cert-file": KUBEADM,
    "peer-key-file": KUBEADM,
    "peer-trusted-ca-file": KUBEADM,
    "peer-client-cert-auth": KUBEADM,
  },
};

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

const FLAG = /^[a-z][a-z0-9-]*$/;

/** Extra arguments and configuration say nothing that a setting says. */
export function nothingIsSaidTwice({ input }: Facts, problems: Problems): void {
  for (const component of ["apiServer", "controllerManager", "scheduler", "etcd"] as const) {
    const args = input[component]?.extraArgs ?? {};
    for (const key of Object.keys(args)) {
      const path = [component, "extraArgs", key];
      if (!FLAG.test(key)) {
        const bare = key.replace(/^-+/, "").split("=")[0] ?? "";
        problems.add(path, key, "is no name of a flag", {
          allowed: "the name without dashes in front, the value on the other side of the colon",
          nearest: FLAG.test(bare) ? bare : undefined,
        });
      } else {
        refuse(OWNED_ARGS[component], path, key, args[key], problems);
      }
    }
  }
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

function refuse(owned: Owner, path: Path, key: string, value: unknown, problems: Problems): void {
  const setting = Object.hasOwn(owned, key) ? owned[key] : undefined;
  if (setting === undefined) return;
  problems.add(path, value, "is not taken here: it follows from another setting", {
    allowed: `instead: ${setting}`,
  });
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
