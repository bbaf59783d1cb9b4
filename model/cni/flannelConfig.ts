import type { ClusterSettings, FlannelSettings } from "../settings/resolved";
import { cniFacts, CNI_FACTS } from "./facts";
import { WINDOWS_VXLAN } from "./windows";

type Json = Readonly<Record<string, unknown>>;

/** @throws RangeError when the cluster's CNI is another */
export function flannelOf(settings: ClusterSettings): FlannelSettings {
  if (settings.cni.kind !== "flannel") throw new RangeError(`the CNI is ${settings.cni.kind}, not flannel`);
  return settings.cni;
}

/**
 * flannel's `net-conf.json` (flannel Documentation/configuration.md, backends.md). The node's slice is not here: with
 * `--kube-subnet-mgr` flannel takes the `podCIDR` that kube-controller-manager gave the node.
 */
export function netConf(settings: ClusterSettings): Json {
  return {
    Network: settings.network.podCidr,
    // One firewall tool on a host: iptables' rules beside kube-proxy's nftables would be a second place to look.
    EnableNFTables: settings.kubeProxy.mode === "nftables",
    Backend: backend[flannelOf(settings).backend](settings, flannelOf(settings)),
  };
}

/**
 * Each backend's own keys. vxlan: flannel writes no checksums wrongly, but a kernel or NAT that does is cured on the host
 * with `ethtool -K flannel.1 tx-checksum-ip-generic off` (flannel Documentation/troubleshooting.md, "NAT").
 */
const backend: Record<FlannelSettings["backend"], (settings: ClusterSettings, cni: FlannelSettings) => Json> =
  {
    vxlan: (settings, cni) => ({
      Type: "vxlan",
      VNI: cni.vni ?? 1,
      Port: cni.port ?? CNI_FACTS["flannel/vxlan"].ports[0].port,
      // Read on Windows only. The name in cni-conf.json is Linux' and stays: host-local keeps a node's leases by it, and under
      // another name it would give addresses of living pods away again.
      ...(cni.windows ? { Name: WINDOWS_VXLAN.network } : {}),
      ...backendMtu(settings),
    }),
    "host-gw": () => ({ Type: "host-gw" }),
    wireguard: (settings, cni) => ({
      Type: "wireguard",
      ListenPort: cni.port ?? CNI_FACTS["flannel/wireguard"].ports[0].port,
      ...backendMtu(settings),
    }),
  };

/** `MTU` of a backend is that of the nodes' network: flannel takes the overhead off itself. */
function backendMtu(settings: ClusterSettings): { MTU?: number } {
  const overhead = cniFacts(settings.cni).overhead;
  const mtu = settings.cni.mtu === undefined ? settings.network.mtu : settings.cni.mtu + overhead;
  return mtu === undefined ? {} : { MTU: mtu };
}

/** The chain that the runtime runs for each pod. */
export function cniConf(settings: ClusterSettings): Json {
  // host-gw has no MTU of its own in net-conf.json, so a wanted one is the bridge's.
  const mtu = settings.cni.backend === "host-gw" ? (settings.cni.mtu ?? settings.network.mtu) : undefined;
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
