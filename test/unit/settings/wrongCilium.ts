import { type Change, all, set } from "./edit";
import { type Row, type Wrong, cases } from "./wrong";

const cilium = (more: object = {}): Change =>
  set("cni", { kind: "cilium", podCidr: "10.244.0.0/16", ...more });

const ROWS: readonly Row[] = [
  ["another CNI's backend", cilium({ backend: "ipip" }), "cni.backend", /another CNI \(calico\)/],
  [
    "direct routes through a tunnel",
    cilium({ autoDirectNodeRoutes: true }),
    "cni.autoDirectNodeRoutes",
    /setting of native routing, but the backend is vxlan/,
  ],
  [
    "kube-proxy's mode beside the replacement",
    all(cilium({ kubeProxyReplacement: true }), set("kubeProxy", { mode: "iptables" })),
    "kubeProxy.mode",
    /no effect: Cilium replaces kube-proxy/,
  ],
  [
    "nftables beside Cilium's iptables",
    all(cilium(), set("kubeProxy.mode", "nftables")),
    "kubeProxy.mode",
    /rules are iptables'/,
  ],
  ["IPsec", cilium({ encryption: { type: "ipsec" } }), "cni.encryption.type", /wireguard/],
  [
    "a relay without Hubble",
    cilium({ hubble: { enabled: false, relay: true } }),
    "cni.hubble.relay",
    /cni\.hubble\.enabled is false/,
  ],
  [
    "an MTU that WireGuard leaves no room for",
    all(set("network.mtu", 1500), cilium({ mtu: 1450, encryption: { type: "wireguard" } })),
    "cni.mtu",
    /1500 less 130 bytes/,
  ],
  [
    "node ports over WireGuard's",
    all(set("network.nodePortRange", "51800-51900"), cilium({ encryption: { type: "wireguard" } })),
    "network.nodePortRange",
    /51871, the UDP port of Cilium's WireGuard/,
  ],
  ["a page without a relay", cilium({ hubble: { ui: true } }), "cni.hubble.ui", /Hubble Relay/],
  ["no operator", cilium({ operatorReplicas: 0 }), "cni.operatorReplicas", /at least 1/],
  ["no room", all(set("network.mtu", 1500), cilium({ mtu: 1451 })), "cni.mtu", /50 bytes.*at most 1450/],
  [
    "health checks among node ports",
    all(cilium(), set("network.nodePortRange", "4000-4240")),
    "network.nodePortRange",
    /4240, the TCP port of Cilium's health checks/,
  ],
];

export const WRONG_CILIUM: readonly Wrong[] = cases("cilium", ROWS);
