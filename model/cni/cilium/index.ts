import { hosts, refused, resources } from "../../settings/effect";
import type { CniDomain } from "../domain";
import { ciliumProfile } from "./profile";
import { CILIUM_ROWS } from "./rows";
import { ciliumSchema } from "./schema";
import { resolveCilium, type CiliumInput, type CiliumSettings } from "./settings";
import { validateCilium } from "./validate";
import { CILIUM_NAMESPACE } from "./values";

export const cilium = {
  kind: "cilium",
  schema: ciliumSchema,
  rows: CILIUM_ROWS,
  charts: {
    // https://helm.cilium.io; the chart has Cilium's version.
    cilium: {
      version: "1.19.6",
      appVersion: "v1.19.6",
      repository: "https://helm.cilium.io",
      release: "cilium",
      registries: ["quay.io"],
    },
  },
  chartNamespace: CILIUM_NAMESPACE,
  crdGroups: ["cilium.io"],
  tried: false,
  bootTurnsSourceCheckOff: true,
  traces: {
    // Pods' interfaces (lxc and twelve digits) go with them; a bridge of LXC, lxcbr0, is none of Cilium's.
    interfaces: ["cilium_*", "lxc_health"],
    unmanaged: ["cilium_*", "lxc*"],
    nftTables: [],
    iptables: ["CILIUM_", "cilium"],
    // Pinned links of programs end with their file.
    pins: ["/sys/fs/bpf/cilium", "/sys/fs/bpf/tc/globals/cilium_*"],
    folders: ["/run/cilium", "/sys/fs/bpf/cilium", "/sys/fs/bpf/tc/globals/cilium_*"],
    conflist: "05-cilium.conflist",
  },
  effects: [
    refused(
      ["cni.kubeProxyReplacement"],
      "kubeadm would leave kube-proxy and its rules on the nodes, or not install it",
    ),
    hosts(
      ["cni.autoDirectNodeRoutes"],
      ["preflight"],
      "Cilium's pods are rolled; until the network routes the slices, nodes do not reach each other's pods",
    ),
    hosts(
      ["cni.encryption.type"],
      ["preflight", "setup everywhere"],
      "Cilium's pods are rolled; nodes with and without encryption reach each other's pods during the change",
    ),
    hosts(
      ["cni.hubble.enabled"],
      ["preflight", "setup everywhere"],
      "Cilium's pods are rolled; with `firewall: nftables` TCP 4244 opens or closes",
    ),
    resources(["cni.hubble.relay", "cni.hubble.ui", "cni.operatorReplicas"], "a Helm upgrade"),
  ],
  resolve: resolveCilium,
  profile: ciliumProfile,
  validate: validateCilium,
  advise: ({ kubeProxyReplacement, hubble }) => [
    ...(kubeProxyReplacement
      ? ["cni.kubeProxyReplacement: Cilium's pods reach the API by the endpoint, before any Service answers"]
      : []),
    ...(hubble.ui
      ? ["cni.hubble.ui shows every flow of the cluster to anybody who can reach its Service"]
      : []),
  ],
} as const satisfies CniDomain<CiliumInput, CiliumSettings>;
