import { CNI_FACTS, cniVariant } from "../../cni/facts";
import type { Facts } from "../draft";
import { DEFAULTS } from "../defaults";
import { pick } from "../draft";
import type { Problems } from "../problems";

/** Largest MTU an IPv4 interface can have: the total length field has 16 bits (RFC 791). */
const LARGEST_MTU = 65535;

export function cniFits({ backend, input }: Facts, problems: Problems): void {
  if (backend === undefined) return;
  const facts = CNI_FACTS[cniVariant({ kind: "flannel", backend })];
  const mode = pick(input.kubeProxy ?? {}, "mode", DEFAULTS.kubeProxyMode);
  if (mode !== undefined && !facts.kubeProxyModes.includes(mode)) {
    problems.add(["kubeProxy", "mode"], mode, `does not work with flannel ${backend}`, {
      allowed: facts.kubeProxyModes.join(", "),
    });
  }
  const mtu = input.cni?.mtu;
  const outer = input.network?.mtu;
  const largest = (outer ?? LARGEST_MTU) - facts.overhead;
  if (mtu !== undefined && mtu > largest) {
    const of = outer === undefined ? "the largest there is" : `network.mtu ${outer}`;
    problems.add(
      ["cni", "mtu"],
      mtu,
      `is more than ${of} less ${facts.overhead} bytes that ${backend} takes`,
      {
        allowed: `at most ${largest}`,
      },
    );
  }
  for (const key of ["vni", "port"] as const) {
    const value = input.cni?.[key];
    if (value === undefined || backend === "vxlan" || (key === "port" && backend === "wireguard")) continue;
    problems.add(["cni", key], value, `is a setting of VXLAN, the backend is ${backend}`, {
      allowed: `backend: vxlan, or no ${key}`,
    });
  }
}
