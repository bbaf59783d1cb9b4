import { ownPorts, type CniProfile } from "../domain";
import { CILIUM_ROWS, HUBBLE, WIREGUARD, WIREGUARD_OVERHEAD } from "./rows";
import type { CiliumSettings } from "./settings";

/** The backend's row with what the settings make of it. */
export function ciliumProfile(cni: CiliumSettings): CniProfile {
  const row = CILIUM_ROWS[cni.backend];
  const encrypted = cni.encryption !== undefined;
  return {
    ...row,
    overhead: row.overhead + (encrypted ? WIREGUARD_OVERHEAD : 0),
    ports: [
      ...row.ports,
      ...(cni.hubble.enabled ? [HUBBLE] : []),
      ...(encrypted ? [WIREGUARD] : []),
      // Cilium documentation, "System Requirements": ports that should be available on each node.
      ...ownPorts("Cilium's agent", 9878, 9879, 9890, 9901, 9964),
      ...ownPorts("Cilium's operator", 9234, 9891, 9963),
    ],
    needsOneSegment: cni.autoDirectNodeRoutes,
    routesSlicesToNodes: cni.autoDirectNodeRoutes,
    replacesKubeProxy: cni.kubeProxyReplacement,
    kernelModules: [...row.kernelModules, ...(encrypted ? (["wireguard"] as const) : [])],
    interfaces: {
      ...row.interfaces,
      overlay: [...row.interfaces.overlay, ...(encrypted ? ["cilium_wg0"] : [])],
    },
  };
}
