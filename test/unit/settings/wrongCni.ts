import { type Change, all, moveNodes, set } from "./edit";
import { PEM, type Row, type Wrong, cases } from "./wrong";

/** Settings of another CNI; pods and services stay where environment metal has them. */
const cni = (settings: object): Change => set("cni", { podCidr: "10.244.0.0/16", ...settings });
const weave = (more: object = {}) => cni({ kind: "weave", ...more });
const calico = (backend: string, more: object = {}) => cni({ kind: "calico", backend, ...more });
const bgp = (more: object) => calico("bgp", more);
const peer = (over: object = {}) => ({ name: "tor-1", address: "10.40.0.1", asNumber: 64601, ...over });
const rack = (machine: string, name: string) => set(`machines.${machine}.labels`, { rack: name });
const reflectors = { nodeSelector: { "route-reflector": "true" } };
const reflecting = set("machines.w1.labels", { "route-reflector": "true" });

const FLANNEL: readonly Row[] = [
  [
    "VNI on wireguard",
    all(set("cni.backend", "wireguard"), set("cni.vni", 7)),
    "cni.vni",
    /setting of VXLAN/,
  ],
  [
    "no room for WireGuard",
    all(set("cni.backend", "wireguard"), set("network.mtu", 1500), set("cni.mtu", 1450)),
    "cni.mtu",
    /1450 .*less 80 bytes that wireguard takes.*at most 1420/,
  ],
  [
    "WireGuard among node ports",
    all(set("cni.backend", "wireguard"), set("network.nodePortRange", "50000-52000")),
    "network.nodePortRange",
    /51820, the UDP port of WireGuard.*or another cni\.port/,
  ],
  ["policy by itself", set("cni.networkPolicy", true), "cni.networkPolicy", /kube-network-policies, none/],
  [
    "policy by a misspelt controller",
    set("cni.networkPolicy", "kube-network-policy"),
    "cni.networkPolicy",
    /kube-network-policies$/,
  ],
];

const WINDOWS: readonly Row[] = [
  [
    "on wireguard",
    all(set("cni.backend", "wireguard"), set("cni.windows", true)),
    "cni.backend",
    /flannel wireguard.*cannot be combined with Windows nodes.*flannel vxlan/,
  ],
  [
    "on host-gw",
    all(set("cni.backend", "host-gw"), set("cni.windows", true)),
    "cni.backend",
    /cannot be combined with Windows nodes/,
  ],
  ["identifier too small", all(set("cni.windows", true), set("cni.vni", 1)), "cni.vni", /4096 or more/],
  ["Linux' port", all(set("cni.windows", true), set("cni.port", 8472)), "cni.port", /do not support.*4789/],
  ["a word", set("cni.windows", "yes"), "cni.windows", /is text.*true or false/],
];

const WEAVE: readonly Row[] = [
  [
    "nftables",
    all(weave(), set("kubeProxy.mode", "nftables")),
    "kubeProxy.mode",
    /rules are iptables'.*iptables/,
  ],
  ["encryption without password", weave({ encryption: {} }), "cni.encryption.password", /is missing/],
  [
    "password that is not there",
    weave({ encryption: { password: "weave" } }),
    "cni.encryption.password",
    /is not in kubeadm:secrets.*config set --secret.*kubeadm:secrets\.weave/,
    { operator: PEM },
  ],
  [
    "password as a value",
    weave({ encryption: { password: { secure: "v1:abc" } } }),
    "cni.encryption.password",
    /encrypted value; put secrets in kubeadm:secrets/,
  ],
  [
    "ranges trusted for nothing",
    weave({ trustedSubnets: ["10.40.0.0/24"] }),
    "cni.trustedSubnets",
    /no effect without encryption/,
  ],
  [
    "pods trusted",
    weave({ encryption: { password: "weave" }, trustedSubnets: ["10.40.0.0/24", "10.244.0.0/20"] }),
    "cni.trustedSubnets[1]",
    /overlaps the pod range/,
  ],
  ["MTU that is not a multiple of 4", weave({ mtu: 1414 }), "cni.mtu", /multiple of 4.*1412/],
  ["no room", all(set("network.mtu", 1500), weave({ mtu: 1420 })), "cni.mtu", /84 bytes.*at most 1416/],
  ["a backend", weave({ backend: "vxlan" }), "cni.backend", /unknown key/],
  [
    "control among node ports",
    all(weave(), set("network.nodePortRange", "6700-6783")),
    "network.nodePortRange",
    /6783, the TCP port of Weave's control/,
  ],
];

const CALICO: readonly Row[] = [
  [
    "flannel's backend",
    calico("host-gw"),
    "cni.backend",
    /another CNI \(flannel\).*vxlan, vxlan-cross-subnet/,
  ],
  ["Calico's backend on flannel", set("cni.backend", "ipip"), "cni.backend", /another CNI \(calico\)/],
  ["misspelt backend", calico("vxlan-crosssubnet"), "cni.backend", /not allowed.*vxlan-cross-subnet$/],
  [
    "blocks larger than the pods",
    all(cni({ kind: "calico", podCidr: "10.244.0.0/21", blockSize: 20 }), set("network.maxNodes", 8)),
    "cni.blockSize",
    /larger than the pod range \/21.*21 to 32/,
  ],
  [
    "fewer blocks than nodes",
    calico("vxlan", { blockSize: 23 }),
    "cni.blockSize",
    /128 blocks of \/23, but network\.maxNodes is 256.*24 or more/,
  ],
  ["blocks beyond what there is", calico("vxlan", { blockSize: 16 }), "cni.blockSize", /at least 20/],
  [
    "addresses for all pods",
    all(calico("vxlan"), set("network.podsPerNode", 500)),
    "cni.podCidr",
    /65536 addresses for 256 nodes of 500 pods/,
  ],
  ["no replica", calico("vxlan", { controlPlaneReplicas: 0 }), "cni.controlPlaneReplicas", /at least 1/],
  [
    "Typha among node ports",
    all(calico("vxlan"), set("network.nodePortRange", "5000-5473")),
    "network.nodePortRange",
    /5473, the TCP port of Calico's Typha.*without 5473$/,
  ],
  [
    "no room for IP-in-IP",
    all(set("network.mtu", 1500), calico("ipip", { mtu: 1481 })),
    "cni.mtu",
    /at most 1480/,
  ],
];

const BGP: readonly Row[] = [
  ["AS on vxlan", calico("vxlan", { asNumber: 64512 }), "cni.asNumber", /does not use BGP.*bgp or ipip/],
  [
    "reflectors on vxlan-cross-subnet",
    all(calico("vxlan-cross-subnet", { routeReflectors: reflectors }), reflecting),
    "cni.routeReflectors",
    /is a BGP setting/,
  ],
  ["peers on vxlan", calico("vxlan", { peers: [peer()] }), "cni.peers", /is a BGP setting/],
  ["AS 0", bgp({ asNumber: 0 }), "cni.asNumber", /too small.*at least 1/],
  [
    "AS that Calico cannot hold",
    bgp({ asNumber: 4200000000 }),
    "cni.asNumber",
    /too large.*at most 2147483647/,
  ],
  ["AS in dots", bgp({ asNumber: "64.512" }), "cni.asNumber", /is text.*a number/],
  [
    "mesh beside reflectors",
    all(bgp({ routeReflectors: reflectors, nodeToNodeMesh: true }), reflecting),
    "cni.nodeToNodeMesh",
    /replace the mesh/,
  ],
  [
    "neither mesh nor others",
    bgp({ nodeToNodeMesh: false }),
    "cni.nodeToNodeMesh",
    /no way for nodes to exchange routes/,
  ],
  [
    "reflectors without a node",
    bgp({ routeReflectors: reflectors }),
    "cni.routeReflectors.nodeSelector",
    /selects no node/,
  ],
  [
    "reflectors by no label",
    bgp({ routeReflectors: { nodeSelector: {} } }),
    "cni.routeReflectors.nodeSelector",
    /names no label/,
  ],
  [
    "cluster id of five parts",
    all(bgp({ routeReflectors: { ...reflectors, clusterId: "244.0.0.0.1" } }), reflecting),
    "cni.routeReflectors.clusterId",
    /244\.0\.0\.1/,
  ],
];

const PEERS: readonly Row[] = [
  [
    "in the pod range",
    bgp({ peers: [peer({ address: "10.244.1.1" })] }),
    "cni.peers[0].address",
    /lies within the pod range/,
  ],
  [
    "in the service range",
    bgp({ peers: [peer({ address: "10.96.0.1" })] }),
    "cni.peers[0].address",
    /lies within the service range/,
  ],
  [
    "a node",
    all(
      moveNodes("10.40.0"),
      set("machines.w1.nodeAddress", "10.40.0.99"),
      bgp({ peers: [peer({ address: "10.40.0.99" })] }),
    ),
    "cni.peers[0].address",
    /is machine w1/,
  ],
  [
    "twice",
    bgp({ peers: [peer(), peer({ name: "tor-2" })] }),
    "cni.peers[1].address",
    /is also the address of peer tor-1/,
  ],
  [
    "one name",
    bgp({ peers: [peer(), peer({ address: "10.40.0.2" })] }),
    "cni.peers[1].name",
    /is listed twice/,
  ],
  [
    "a rack without machines",
    bgp({ peers: [peer({ rack: "r1" })] }),
    "cni.peers[0].rack",
    /selects no machine/,
  ],
  [
    "rack and selector",
    all(rack("w1", "r1"), bgp({ peers: [peer({ rack: "r1", nodeSelector: { rack: "r1" } })] })),
    "cni.peers[0].rack",
    /both select nodes/,
  ],
  [
    "by name",
    bgp({ peers: [peer({ address: "tor.example.com" })] }),
    "cni.peers[0].address",
    /is not a valid IPv4 address/,
  ],
  ["without AS", bgp({ peers: [peer({ asNumber: undefined })] }), "cni.peers[0].asNumber", /is missing/],
  [
    "password too long for TCP MD5",
    bgp({ peers: [peer({ password: "tor" })] }),
    "kubeadm:secrets.tor",
    /too long.*80/,
    { operator: PEM, tor: "x".repeat(81) },
  ],
];

export const WRONG_CNI: readonly Wrong[] = [
  ...cases("flannel's own settings", FLANNEL),
  ...cases("Windows nodes on a network they do not know", WINDOWS),
  ...cases("weave", WEAVE),
  ...cases("calico", CALICO),
  ...cases("calico's routes", BGP),
  ...cases("calico's peers", PEERS),
];
