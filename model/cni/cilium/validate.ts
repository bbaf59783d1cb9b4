import type { Draft } from "../../settings/pick";
import type { Problems } from "../../settings/problems";
import type { CniSurroundings } from "../domain";
import type { CiliumInput, CiliumSettings } from "./settings";

/** Cilium's own keys. */
export function validateCilium(
  input: Draft<CiliumInput>,
  { backend, kubeProxyReplacement, hubble }: Draft<CiliumSettings>,
  { kubeProxy }: CniSurroundings,
  problems: Problems,
): void {
  if (input.autoDirectNodeRoutes !== undefined && backend !== undefined && backend !== "native") {
    problems.add(
      ["cni", "autoDirectNodeRoutes"],
      input.autoDirectNodeRoutes,
      `is a setting of native routing, but the backend is ${backend}`,
      { allowed: "backend: native, or no autoDirectNodeRoutes" },
    );
  }
  if (kubeProxyReplacement === true && kubeProxy.length > 0) {
    problems.add(
      ["kubeProxy", kubeProxy[0] ?? ""],
      "a setting",
      "has no effect: Cilium replaces kube-proxy (cni.kubeProxyReplacement)",
      { allowed: "no kubeProxy, or cni.kubeProxyReplacement: false" },
    );
  }
  if (hubble?.enabled === false && hubble.relay === true) {
    problems.add(["cni", "hubble", "relay"], true, "has no effect: cni.hubble.enabled is false", {
      allowed: "cni.hubble.enabled: true, or no relay",
    });
  }
  if (hubble?.ui === true && hubble.relay === false) {
    problems.add(["cni", "hubble", "ui"], true, "shows what Hubble Relay collects, but relay is false", {
      allowed: "cni.hubble.relay: true, or no ui",
    });
  }
}
