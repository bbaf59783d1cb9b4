import { ENCAPSULATED, type CniProfile, type CniPort } from "../domain";

// rajch/weave website/faq.md (ports), website/tasks/manage/fastdp.md (84 to 87 bytes, MTU divisible by 4; ESP when
// encrypted), website/kubernetes/kube-addon.md (iptables: its rules hook in before kube-proxy's), net/bridge.go (interface
// names).
export const FASTDP: CniProfile = {
  ...ENCAPSULATED,
  overhead: 84,
  mtuMultiple: 4,
  ports: [
    { protocol: "tcp", port: 6783, name: "Weave's control", reason: "Weave Net control" },
    { protocol: "udp", port: 6783, name: "Weave's sleeve", reason: "Weave Net data, sleeve" },
    { protocol: "udp", port: 6784, name: "Weave's fast datapath", reason: "Weave Net data, fast datapath" },
  ],
  networkPolicy: true,
  windows: false,
  kubeProxyModes: ["iptables"],
  slices: false,
  namespaces: ["kube-system"],
  // Open vSwitch's datapath is loaded by the kernel when Weave asks for it; without it Weave takes sleeve.
  kernelModules: [],
  interfaces: { pods: ["weave"], overlay: [] },
};

// rajch/weave website/faq.md: the encrypted fast datapath is IPsec; where ESP is stopped, Weave falls back to sleeve.
export const ESP: CniPort = {
  protocol: "esp",
  name: "Weave's IPsec",
  reason: "Weave Net data, encrypted fast datapath",
};
