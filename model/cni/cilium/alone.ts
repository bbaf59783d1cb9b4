import { SettingsError } from "../../settings/problems";
import { cilium } from ".";
import { parseCniAlone, type CniAround } from "../alone";
import type { CiliumSpec } from "./spec";
import type { CiliumInput, CiliumSettings } from "./settings";

/** Cilium on a cluster of which nothing else is known. */
export interface CiliumAloneInput extends Omit<CiliumInput, "kind">, Pick<CniAround, "networkMtu"> {
  /** Where nodes reach the API server; needed, and read, with `kubeProxyReplacement`. */
  endpoint?: { host: string; port: number };
}

/** @throws SettingsError with every problem */
export function parseCilium(given: CiliumAloneInput, title: string): CiliumSpec {
  const { cni, network, endpoint } = parseCniAlone<CiliumInput, CiliumSettings>(
    cilium,
    ["networkMtu", "endpoint"],
    given,
    title,
  );
  if (!cni.kubeProxyReplacement) return { cni, network };
  if (endpoint !== undefined) return { cni, network, endpoint };
  const message = "is missing: without kube-proxy Cilium finds the API server by no Service";
  const allowed = "host and port of the API server: {host: 10.0.0.10, port: 6443}";
  throw new SettingsError([{ path: "endpoint", value: "nothing", message, allowed }], title);
}
