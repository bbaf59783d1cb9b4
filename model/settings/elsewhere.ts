/**
 * Keys that people know from kubeadm's own configuration, and from other tools, with this library's name for the same. Keys of
 * kubeadm: cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go.
 */
const KEYS: Readonly<Record<string, string>> = {
  controlPlaneEndpoint: "endpoint, such as { kind: address, host: k8s.example.com }",
  imageRepository: "images.repository",
  networking: "cni.podCidr, network.serviceCidr and network.clusterDomain",
  "networking.podSubnet": "cni.podCidr",
  podSubnet: "cni.podCidr",
  podNetworkCidr: "cni.podCidr",
  podCidr: "cni.podCidr",
  clusterCidr: "cni.podCidr",
  serviceSubnet: "network.serviceCidr",
  dnsDomain: "network.clusterDomain",
  clusterDns: "network.serviceCidr; it is the tenth address of that range",
  featureGates:
    "apiServer.extraArgs.feature-gates and the like of each component, kubelet.config.featureGates",
  nodeRegistration: "machines.<name> (labels, taints, nodeAddress), kubelet.config and ignorePreflightErrors",
  kubeletExtraArgs: "kubelet.config, machines.<name>.nodeAddress, labels and taints",
  clusterName: "name",
  certificatesDir: "leave it out: certificates stay in /etc/kubernetes/pki",
  certificateValidityPeriod: "certificates.validityDays",
  caCertificateValidityPeriod: "leave it out: CAs are made for ten years",
  encryptionAlgorithm: "leave it out: keys are ECDSA-P256",
  localAPIEndpoint: "machines.<name>.nodeAddress",
  advertiseAddress: "machines.<name>.nodeAddress",
  bootstrapTokens: "leave it out: machines join with a certificate of an hour",
  tokens: "leave it out: machines join with a certificate of an hour",
  dns: "coredns",
  timeouts: "leave it out: kubeadm's defaults apply",
  "apiServer.timeoutForControlPlane": "leave it out: kubeadm waits for four minutes",
  "apiServer.extraEnvs": "proxy",
  "controllerManager.extraEnvs": "proxy",
  "scheduler.extraEnvs": "proxy",
  "etcd.local": "etcd.extraArgs and versions.etcd",
  "etcd.external": "leave it out: etcd runs on the control-plane nodes",
  "etcd.dataDir": "leave it out: etcd keeps its data in /var/lib/etcd, where you can mount a separate disk",
  "etcd.imageTag": "versions.etcd",
  "etcd.extraVolumes": "leave it out: etcd sees /var/lib/etcd and its certificates",
  "etcd.files": "leave it out: etcd sees /var/lib/etcd and its certificates",
  kubeletConfiguration: "kubelet.config",
  kubeProxyConfiguration: "kubeProxy.config",
  registryMirrors: "images.mirrors",
  registries: "images.registries",
  "images.credentials": "images.registries.<host>.credentials",
  "network.vpcId": "network.existing.vpcId",
};

/** Values that people know from elsewhere. */
const WORDS: Readonly<Record<string, string>> = {
  master: "controlPlane",
  "control-plane": "controlPlane",
  control_plane: "controlPlane",
  "control plane": "controlPlane",
  node: "worker",
  agent: "worker",
  server: "controlPlane",
  lb: "loadBalancer",
  localproxy: "nodeLocal",
  proxymachine: "loadBalancer",
  nginx: "ingress-nginx",
};

/** What this library calls a key, as a sentence names it; undefined: it is not known from elsewhere. */
export function nameHere(path: readonly (string | number)[], key: string): string | undefined {
  const last = path.at(-1);
  const within = `${last === undefined ? "" : `${last}.`}${key}`;
  if (Object.hasOwn(KEYS, within)) return KEYS[within];
  return path.length < 2 && Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
}

/** The word of `options` that another tool's word stands for. */
export function wordHere(word: string, options: readonly string[]): string | undefined {
  const meant = WORDS[word.toLowerCase()];
  return meant !== undefined && options.includes(meant) ? meant : undefined;
}
