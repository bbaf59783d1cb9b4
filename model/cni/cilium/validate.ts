import type { Problems } from "../../settings/problems";
import type { CniKeys, CniSurroundings } from "../domain";
import type { CiliumInput, CiliumSettings } from "./settings";

/** Cilium's own keys. */
export function validateCilium(
  input: CniKeys<CiliumInput>,
  { backend, kubeProxyReplacement, hubble }: CiliumSettings,
  { kubeProxy, refused }: CniSurroundings,
  problems: Problems,
): void {
  if (input.autoDirectNodeRoutes !== undefined && backend !== "native" && !refused("cni.backend")) {
    problems.add(
      ["cni", "autoDirectNodeRoutes"],
      input.autoDirectNodeRoutes,
      `is a setting of native routing, but the backend is ${backend}`,
      { allowed: "backend: native, or no autoDirectNodeRoutes" },
    );
  }
  if (kubeProxyReplacement && kubeProxy.length > 0) {
    problems.add(
      ["kubeProxy", kubeProxy[0] ?? ""],
      "a setting",
      "has no effect: Cilium replaces kube-proxy (cni.kubeProxyReplacement)",
      { allowed: "no kubeProxy, or cni.kubeProxyReplacement: false" },
    );
  }
  if (!hubble.enabled && hubble.relay) {
    problems.add(["cni", "hubble", "relay"], true, "has no effect: cni.hubble.enabled is false", {
      allowed: "cni.hubble.enabled: true, or no relay",
    });
  }
  if (hubble.ui && !hubble.relay && !refused("cni.hubble.relay")) {
    problems.add(["cni", "hubble", "ui"], true, "shows what Hubble Relay collects, but relay is false", {
      allowed: "cni.hubble.relay: true, or no ui",
    });
  }
}
