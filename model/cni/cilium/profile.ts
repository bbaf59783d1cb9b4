import type { Draft } from "../../settings/pick";
import type { CniProfile } from "../domain";
import { CILIUM_ROWS, HUBBLE, WIREGUARD, WIREGUARD_OVERHEAD } from "./rows";
import type { CiliumSettings } from "./settings";

/** The backend's row with what the settings make of it. */
export function ciliumProfile(cni: Draft<CiliumSettings> & Pick<CiliumSettings, "backend">): CniProfile {
  const row = CILIUM_ROWS[cni.backend];
  const encrypted = cni.encryption !== undefined;
  return {
    ...row,
    overhead: row.overhead + (encrypted ? WIREGUARD_OVERHEAD : 0),
    ports: [
      ...row.ports,
      ...(cni.hubble?.enabled === true ? [HUBBLE] : []),
      ...(encrypted ? [WIREGUARD] : []),
    ],
    needsOneSegment: cni.autoDirectNodeRoutes === true,
    routesSlicesToNodes: cni.autoDirectNodeRoutes === true,
    replacesKubeProxy: cni.kubeProxyReplacement === true,
    kernelModules: [...row.kernelModules, ...(encrypted ? (["wireguard"] as const) : [])],
    interfaces: {
      ...row.interfaces,
      overlay: [...row.interfaces.overlay, ...(encrypted ? ["cilium_wg0"] : [])],
    },
  };
}
