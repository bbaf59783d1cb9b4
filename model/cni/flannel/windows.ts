/**
 * The one VXLAN network that Windows nodes can be on. flannel refuses there another port and identifiers below 4096
 * (flannel pkg/backend/vxlan/vxlan_windows.go); `network` is the name of the HNS network, which the CNI configuration of
 * Windows nodes has to have as its own (win-overlay finds the network by it).
 */
export const WINDOWS_VXLAN = { network: "vxlan0", vni: 4096, port: 4789 } as const;
