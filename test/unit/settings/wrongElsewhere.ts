import { set } from "./edit";
import { type Row, type Wrong, cases } from "./wrong";

const top = (key: string, value: unknown, text: RegExp): Row => [key, set(key, value), key, text];
const dropIn = (name: string, text: string, path: string, said: RegExp): Row => [
  name,
  set("containerd.dropIn", text),
  `containerd.dropIn${path}`,
  said,
];

const IMAGES = "io.containerd.cri.v1.images";
const RUNTIME = "io.containerd.cri.v1.runtime";

export const WRONG_ELSEWHERE: readonly Wrong[] = [
  ...cases("known from elsewhere: kubeadm's keys", [
    top("controlPlaneEndpoint", "k8s.example.com:6443", /instead: endpoint/),
    top("imageRepository", "k8s.example.com", /instead: images\.repository/),
    top("networking", { podSubnet: "10.1.0.0/16" }, /instead: cni\.podCidr, network\.serviceCidr/),
    top("featureGates", { RootlessControlPlane: true }, /kubelet\.config\.featureGates/),
    top("nodeRegistration", { taints: [] }, /instead: machines\.<name>/),
    top("clusterName", "x", /instead: name/),
    top("certificatesDir", "/etc/pki", /^(?!.*instead).*leave it out: certificates stay/),
    [
      "apiServer.timeoutForControlPlane",
      set("apiServer.timeoutForControlPlane", "20m"),
      "apiServer.timeoutForControlPlane",
      /four minutes/,
    ],
    ["apiServer.certSANs", set("apiServer.certSANs", ["a.example.com"]), "apiServer.certSANs", /certSans$/],
    ["etcd.local", set("etcd.local", { dataDir: "/data" }), "etcd.local", /versions\.etcd/],
    ["etcd.dataDir", set("etcd.dataDir", "/data"), "etcd.dataDir", /\/var\/lib\/etcd/],
    [
      "network.podSubnet",
      set("network.podSubnet", "10.1.0.0/16"),
      "network.podSubnet",
      /instead: cni\.podCidr/,
    ],
    [
      "network.dnsDomain",
      set("network.dnsDomain", "a.local"),
      "network.dnsDomain",
      /instead: network\.clusterDomain/,
    ],
  ]),
  ...cases("known from elsewhere: words", [
    ["role master", set("machines.w1.role", "master"), "machines.w1.role", /controlPlane$/],
    ["role control-plane", set("machines.w1.role", "control-plane"), "machines.w1.role", /controlPlane$/],
    ["ingress nginx", set("ingress", { kind: "nginx" }), "ingress.kind", /ingress-nginx$/],
    ["8GB", set("coredns.resources.limits", { memory: "8GB" }), "coredns.resources.limits.memory", /8G$/],
    ["8 Gi", set("coredns.resources.limits", { memory: "8 Gi" }), "coredns.resources.limits.memory", /8Gi$/],
    [
      "an address for a range",
      set("network.serviceCidr", "10.96.0.0"),
      "network.serviceCidr",
      /as 10\.96\.0\.0\/16$/,
    ],
  ]),
  ...cases("a switch as it was written before", [
    top("metricsServer", true, /true is a yes or no.*\{ enabled: true \}/),
    top("gatewayApi", false, /false is a yes or no.*\{ enabled: false \}/),
    ["nodeLocal", set("coredns.nodeLocal", true), "coredns.nodeLocal", /\{ enabled: true \}/],
  ]),
  ...cases("containerd.dropIn", [
    dropIn("not TOML", "[plugins", "", /is not TOML/),
    dropIn(
      "an unknown key",
      "[debg]\nlevel = 'debug'",
      ".debg",
      /unknown key, which containerd would ignore.*debug$/,
    ),
    dropIn(
      "an unknown plugin",
      "[plugins.'io.containerd.cri.v1.image']\nsnapshotter = 'native'",
      '.plugins["io.containerd.cri.v1.image"]',
      /io\.containerd\.cri\.v1\.images$/,
    ),
    dropIn(
      "containerd 1's registries",
      "[plugins.'io.containerd.grpc.v1.cri'.registry.mirrors]",
      '.plugins["io.containerd.grpc.v1.cri"].registry',
      /instead: images\.mirrors/,
    ),
    dropIn(
      "containerd 1's runtimes",
      "[plugins.'io.containerd.grpc.v1.cri'.containerd]\ndefault_runtime_name = 'x'",
      '.plugins["io.containerd.grpc.v1.cri"].containerd',
      /containerd 1 read it.*cri\.v1\.runtime/,
    ),
    dropIn(
      "mirrors beside config_path",
      `[plugins.'${IMAGES}'.registry.mirrors.'docker.io']\nendpoint = ['a']`,
      `.plugins["${IMAGES}"].registry.mirrors`,
      /images\.mirrors/,
    ),
    dropIn(
      "a misspelt key of images",
      `[plugins.'${IMAGES}']\nmax_concurrent_download = 6`,
      `.plugins["${IMAGES}"].max_concurrent_download`,
      /max_concurrent_downloads$/,
    ),
    dropIn(
      "the cgroup driver",
      `[plugins.'${RUNTIME}'.containerd.runtimes.runc.options]\nSystemdCgroup = false`,
      `.plugins["${RUNTIME}"].containerd.runtimes.runc.options.SystemdCgroup`,
      /kubelet\.config\.cgroupDriver/,
    ),
    dropIn(
      "a misspelt key of a runtime",
      `[plugins.'${RUNTIME}'.containerd.runtimes.kata]\nruntimetype = 'x'`,
      `.plugins["${RUNTIME}"].containerd.runtimes.kata.runtimetype`,
      /runtime_type$/,
    ),
    dropIn("version 2", "version = 2\n", ".version", /3: the tables of containerd 2/),
    dropIn("another folder", "root = '/data'\n", ".root", /\/var\/lib\/containerd/),
    dropIn(
      "no CRI",
      "disabled_plugins = ['io.containerd.grpc.v1.cri']\n",
      ".disabled_plugins",
      /kubelets need to start pods/,
    ),
    dropIn(
      "a password",
      `[plugins.'${IMAGES}'.registry.configs.'a.example'.auth]\nusername = 'robot'\npassword = 'hunter2'`,
      "",
      /^\[hidden\] holds a password.*images\.registries/,
    ),
    dropIn(
      "a token",
      `[plugins.'${IMAGES}'.registry.headers]\nAuthorization = ['Bearer abc']`,
      "",
      /^\[hidden\] holds a password/,
    ),
  ]),
];
