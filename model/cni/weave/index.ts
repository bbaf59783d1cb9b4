import { overlaps, parseRange } from "../../network/addresses";
import { resources } from "../../settings/effect";
import type { Problems } from "../../settings/problems";
import { entriesOf } from "../../settings/prune";
import { ownPorts, type CniDomain, type CniKeys, type CniSurroundings } from "../domain";
import { ESP, FASTDP } from "./rows";
import { weaveSchema } from "./schema";
import { resolveWeave, type WeaveInput, type WeaveSettings } from "./settings";

export const weave = {
  kind: "weave",
  schema: weaveSchema,
  rows: { fastdp: FASTDP },
  charts: {},
  registries: ["docker.io"],
  crdGroups: [],
  tried: false,
  bootTurnsSourceCheckOff: false,
  traces: {
    interfaces: ["weave", "datapath", "vethwe*", "vxlan-6784"],
    unmanaged: ["weave"],
    nftTables: [],
    iptables: ["WEAVE"],
    folders: ["/var/lib/weave"],
    conflist: "10-weave.conflist",
  },
  effects: [
    resources(["cni.trustedSubnets[]"], "the CNI's pods are rolled"),
    resources(
      ["cni.encryption.password"],
      "the CNI's pods are rolled; nodes with different passwords cannot reach each other's pods until then",
    ),
  ],
  resolve: resolveWeave,
  profile: ({ encryption, networkPolicy }) => ({
    ...FASTDP,
    // manifests.ts sets the metrics' addresses; 6784 is where its router tells its state.
    ports: [
      ...FASTDP.ports,
      ...(encryption === undefined ? [] : [ESP]),
      ...ownPorts("Weave's metrics", 6781, 6782),
      ...ownPorts("Weave's status", 6784),
    ],
    networkPolicy,
  }),
  validate: validateWeave,
  advise: ({ encryption }) =>
    encryption === undefined
      ? ["weave without encryption: anybody who can reach TCP 6783 of a node can join the pod network"]
      : [],
  withoutPolicies: "weave without its controller",
  secrets: ({ encryption }) =>
    encryption === undefined
      ? []
      : [{ path: ["cni", "encryption", "password"], name: encryption.password, use: "meshPassword" }],
  lists: ({ trustedSubnets = [] }) => [[["cni", "trustedSubnets"], trustedSubnets]],
} as const satisfies CniDomain<WeaveInput, WeaveSettings>;

/** Weave's own keys. */
function validateWeave(
  { trustedSubnets, encryption }: CniKeys<WeaveInput>,
  _: WeaveSettings,
  { pods, services, refused }: CniSurroundings,
  problems: Problems,
): void {
  if (trustedSubnets === undefined) return;
  if (encryption === undefined && !refused("cni.encryption")) {
    problems.add(["cni", "trustedSubnets"], trustedSubnets, "has no effect without encryption", {
      allowed: "encryption with the name of a password, or no trustedSubnets",
    });
    return;
  }
  for (const [index, text] of entriesOf(trustedSubnets)) {
    const range = parseRange(text);
    if ("problem" in range) continue;
    const other = [pods, services].find((one) => one !== undefined && overlaps(one.range, range));
    if (other === undefined) continue;
    problems.add(
      ["cni", "trustedSubnets", index],
      text,
      `overlaps ${other.name} ${other.range.text}: no node is there`,
      { allowed: "ranges of node addresses" },
    );
  }
}
