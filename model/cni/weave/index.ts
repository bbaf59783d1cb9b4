import { overlaps, parseRange } from "../../network/addresses";
import { resources } from "../../settings/effect";
import type { Draft } from "../../settings/pick";
import type { Problems } from "../../settings/problems";
import type { CniDomain, CniSurroundings } from "../domain";
import { ESP, FASTDP } from "./rows";
import { weaveSchema } from "./schema";
import { settleWeave, type WeaveInput, type WeaveSettings } from "./settings";

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
  settle: settleWeave,
  facts: ({ encryption, networkPolicy }) => ({
    ...FASTDP,
    ports: encryption === undefined ? FASTDP.ports : [...FASTDP.ports, ESP],
    networkPolicy: networkPolicy !== false,
  }),
  validate: validateWeave,
  advise: ({ encryption }) =>
    encryption === undefined
      ? ["weave without encryption: anybody who can reach TCP 6783 of a node can join the pod network"]
      : [],
  secrets: ({ encryption }) => [
    { path: ["cni", "encryption", "password"], name: encryption?.password, use: "meshPassword" },
  ],
  // manifests.ts sets the metrics' addresses; 6784 is where its router tells its state.
  hostPorts: () => [
    { owner: "Weave's metrics", ports: [6781, 6782] },
    { owner: "Weave's status", ports: [6784] },
  ],
  enforcement: ({ networkPolicy }) =>
    networkPolicy === undefined
      ? undefined
      : { cni: networkPolicy ? "weave" : "weave without its controller", enforced: networkPolicy },
  routers: () => [],
} as const satisfies CniDomain<WeaveInput, WeaveSettings>;

/** Weave's own keys. */
function validateWeave(
  input: Draft<WeaveInput>,
  _: Draft<WeaveSettings>,
  { pods, services }: CniSurroundings,
  problems: Problems,
): void {
  const { trustedSubnets } = input;
  if (trustedSubnets === undefined) return;
  if (!("encryption" in input)) {
    problems.add(["cni", "trustedSubnets"], trustedSubnets, "has no effect without encryption", {
      allowed: "encryption with the name of a password, or no trustedSubnets",
    });
    return;
  }
  trustedSubnets.forEach((text, index) => {
    const range = text === undefined ? undefined : parseRange(text);
    if (range === undefined || "problem" in range) return;
    const other = [pods, services].find((one) => one !== undefined && overlaps(one.range, range));
    if (other === undefined) return;
    problems.add(
      ["cni", "trustedSubnets", index],
      text,
      `overlaps ${other.name} ${other.range.text}: no node is there`,
      { allowed: "ranges of node addresses" },
    );
  });
}
