import { hosts, resources } from "../../settings/effect";
import { ownPorts, type CniDomain } from "../domain";
import { FLANNEL_ROWS } from "./rows";
import { flannelSchema } from "./schema";
import { resolveFlannel, type FlannelInput, type FlannelSettings } from "./settings";
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
  resolve: resolveFlannel,
  profile: ({ backend, port, networkPolicy }) => {
    const row = FLANNEL_ROWS[backend];
    const enforces = networkPolicy !== "none";
    return {
      ...row,
      ports: [
        ...row.ports.map((one) => ({ ...one, port: port ?? one.port })),
        // Where kube-network-policies tells its metrics (networkPolicies.ts).
        ...(enforces ? ownPorts("kube-network-policies", 9080) : []),
      ],
      networkPolicy: enforces,
    };
  },
  validate: validateFlannel,
  advise: (_: FlannelSettings) => [],
  policyRemedy: "cni.networkPolicy: kube-network-policies does",
} as const satisfies CniDomain<FlannelInput, FlannelSettings>;
