import { hosts, resources } from "../../settings/effect";
import type { CniDomain } from "../domain";
import { FLANNEL_ROWS } from "./rows";
import { flannelSchema } from "./schema";
import { settleFlannel, type FlannelInput, type FlannelSettings } from "./settings";
import { validateFlannel } from "./validate";

export const flannel = {
  kind: "flannel",
  schema: flannelSchema,
  rows: FLANNEL_ROWS,
  charts: {},
  registries: ["ghcr.io"],
  crdGroups: [],
  tried: true,
  bootTurnsSourceCheckOff: false,
  traces: {
    interfaces: ["cni0", "flannel*"],
    unmanaged: ["flannel*", "cni*", "veth*"],
    nftTables: ["flannel-[^ ]+", "kube-network-policies"],
    iptables: ["FLANNEL", "CNI-"],
    folders: ["/run/flannel"],
    conflist: "10-flannel.conflist",
  },
  effects: [
    resources(
      ["cni.vni"],
      "flannel's pods are rolled and delete the old VXLAN interface; until then, packets between nodes with the old and the new number are lost",
    ),
    hosts(
      ["cni.port", "cni.windows"],
      ["preflight", "setup everywhere"],
      "the CNI's pods are rolled; until then, packets between changed and unchanged nodes are lost",
    ),
  ],
  settle: settleFlannel,
  facts: (cni) => {
    const row = FLANNEL_ROWS[cni.backend];
    return {
      ...row,
      // Nobody knows a port that was rejected.
      ports:
        "port" in cni && cni.port === undefined
          ? []
          : row.ports.map((fact) => ({ ...fact, port: cni.port ?? fact.port })),
      networkPolicy: cni.networkPolicy !== "none",
    };
  },
  validate: validateFlannel,
  advise: (_: FlannelSettings) => [],
  policyRemedy: "cni.networkPolicy: kube-network-policies does",
  secrets: () => [],
  // Where kube-network-policies tells its metrics (networkPolicies.ts).
  hostPorts: ({ networkPolicy }) =>
    networkPolicy === "kube-network-policies" ? [{ owner: "kube-network-policies", ports: [9080] }] : [],
  enforcement: ({ networkPolicy }) =>
    networkPolicy === undefined ? undefined : { cni: "flannel", enforced: networkPolicy !== "none" },
  routers: () => [],
} as const satisfies CniDomain<FlannelInput, FlannelSettings>;
