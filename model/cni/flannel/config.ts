import type { FlannelSettings } from "./settings";
import type { FlannelSpec } from "./spec";
import { FLANNEL_ROWS } from "./rows";
import { WINDOWS_VXLAN } from "./windows";

type Json = Readonly<Record<string, unknown>>;

/**
 * flannel's `net-conf.json` (flannel Documentation/configuration.md, backends.md). The node's slice is not here: with
 * `--kube-subnet-mgr` flannel takes the `podCIDR` that kube-controller-manager gave the node.
 */
export function netConf(spec: FlannelSpec): Json {
  return {
    Network: spec.network.podCidr,
    // One firewall tool on a host: iptables' rules beside kube-proxy's nftables would be a second place to look.
    EnableNFTables: spec.kubeProxy.mode === "nftables",
    Backend: backend[spec.cni.backend](spec),
  };
}

/**
 * Each backend's own keys. vxlan: flannel writes no checksums wrongly, but a kernel or NAT that does is cured on the host
 * with `ethtool -K flannel.1 tx-checksum-ip-generic off` (flannel Documentation/troubleshooting.md, "NAT").
 */
const backend: Record<FlannelSettings["backend"], (spec: FlannelSpec) => Json> = {
  vxlan: ({ cni, ...spec }) => ({
    Type: "vxlan",
    VNI: cni.vni ?? 1,
    Port: cni.port ?? FLANNEL_ROWS.vxlan.ports[0].port,
    // Read on Windows only. The name in cni-conf.json is Linux' and stays: host-local keeps a node's leases by it, and under
    // another name it would give addresses of living pods away again.
    ...(cni.windows ? { Name: WINDOWS_VXLAN.network } : {}),
    ...backendMtu({ cni, ...spec }),
  }),
  "host-gw": () => ({ Type: "host-gw" }),
  wireguard: ({ cni, ...spec }) => ({
    Type: "wireguard",
    ListenPort: cni.port ?? FLANNEL_ROWS.wireguard.ports[0].port,
    ...backendMtu({ cni, ...spec }),
  }),
};

/** `MTU` of a backend is that of the nodes' network: flannel takes the overhead off itself. */
function backendMtu(spec: FlannelSpec): { MTU?: number } {
  const overhead = FLANNEL_ROWS[spec.cni.backend].overhead;
  const mtu = spec.cni.mtu === undefined ? spec.network.mtu : spec.cni.mtu + overhead;
  return mtu === undefined ? {} : { MTU: mtu };
}

/** The chain that the runtime runs for each pod. */
export function cniConf(spec: FlannelSpec): Json {
  // host-gw has no MTU of its own in net-conf.json, so a wanted one is the bridge's.
  const mtu = spec.cni.backend === "host-gw" ? (spec.cni.mtu ?? spec.network.mtu) : undefined;
  return {
    name: "cbr0",
    cniVersion: "0.3.1",
    plugins: [
      {
        type: "flannel",
        delegate: { hairpinMode: true, isDefaultGateway: true, ...(mtu === undefined ? {} : { mtu }) },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}
