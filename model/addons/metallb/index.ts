import { parseAddressRange, rangesOverlap } from "../../network/addressRanges";
import { range } from "../../network/addresses";
import { resources } from "../../settings/effect";
import type { Path } from "../../settings/problems";
import { entriesOf } from "../../settings/prune";
import type { AddonCluster, AddonDomain, AddonPort, ServicePool } from "../domain";
import { metallbNamespace } from "./manifests";
import { metallbSchema } from "./schema";
import { resolveMetallb, type MetallbInput, type MetallbSettings } from "./settings";
import { validateMetallb } from "./validate";

export const metallb = {
  schema: metallbSchema,
  parts: {
    "": {
      namespace: metallbNamespace,
      charts: {
        // metallb v0.16.1, website/content/installation/_index.md; images: charts/metallb/values.yaml.
        metallb: {
          version: "0.16.1",
          appVersion: "v0.16.1",
          repository: "https://metallb.github.io/metallb",
          release: "metallb",
          registries: ["quay.io"],
        },
      },
      crdGroups: ["metallb.io", "frrk8s.metallb.io"],
    },
  },
  effects: [
    resources(
      ["metallb.**"],
      "its objects and its release; changes hosts only when `firewall` is nftables and ports open or close",
    ),
  ],
  resolve: resolveMetallb,
  validate: validateMetallb,
  advise,
  secrets: ({ bgp }) =>
    entriesOf(bgp?.peers).flatMap(([index, { password }]) =>
      password === undefined
        ? []
        : [{ path: ["metallb", "bgp", "peers", index, "password"], name: password }],
    ),
  lists: ({ l2, bgp, pools }: MetallbInput): [Path, readonly string[]][] => [
    [["metallb", "l2", "interfaces"], l2?.interfaces ?? []],
    [["metallb", "bgp", "communities"], bgp?.communities ?? []],
    ...Object.entries(pools).map(([pool, { namespaces = [] }]): [Path, readonly string[]] => [
      ["metallb", "pools", pool, "namespaces"],
      namespaces,
    ]),
  ],
  summary: ({ pools, l2, bgp }) => ({
    name: "MetalLB",
    addresses: Object.values(pools).flatMap(({ addresses }) => addresses),
    about: [
      ...Object.entries(pools).map(([name, { addresses }]) => `pool ${name}: ${addresses.join(", ")}`),
      ...(l2 === undefined ? [] : [`answers ARP for ${l2.pools.join(", ")}`]),
      ...(bgp === undefined ? [] : [`BGP to ${bgp.peers.map(({ address }) => address).join(", ")}`]),
    ],
  }),
  ports,
  pools: (metallb): ServicePool[] =>
    Object.entries(metallb.pools).map(([name, { addresses, ...pool }]) => ({
      name,
      ...pool,
      ranges: addresses.flatMap((text) => {
        const found = parseAddressRange(text);
        return "problem" in found ? [] : [found];
      }),
    })),
} as const satisfies AddonDomain<MetallbInput, MetallbSettings>;

const SPEAKERS = "MetalLB's speakers";

function ports({ bgp }: MetallbSettings): AddonPort[] {
  const own = (owner: string, ...all: number[]): AddonPort[] =>
    all.map((port) => ({ protocol: "tcp", port, owner }));
  const members = (protocol: "tcp" | "udp"): AddonPort => ({
    protocol,
    // metallb v0.16.1, charts/metallb/values.yaml, speaker.memberlist.mlBindPort.
    port: 7946,
    owner: SPEAKERS,
    calledBy: { from: "node", reason: "MetalLB speakers discover each other" },
  });
  const frr: AddonPort[] = [
    // frr-k8s 0.0.25, charts/frr-k8s/values.yaml and templates/controller.yaml.
    ...own("MetalLB's frr-k8s", 7572, 7573, 9140, 9141),
    {
      protocol: "tcp",
      // frr-k8s 0.0.25, charts/frr-k8s: webhookPort of values.yaml, on the host's network of one node (templates/
      // status-cleaner.yaml). The API server asks it at each of its objects, and without its answer takes none.
      port: 19443,
      owner: "MetalLB's frr-k8s",
      calledBy: {
        from: "controlPlane",
        reason: "API servers call the webhook of frr-k8s, MetalLB's BGP backend",
      },
    },
  ];
  return [
    members("tcp"),
    members("udp"),
    // metallb v0.16.1, charts/metallb/values.yaml: metricsPort, and the probes' port.
    ...own(SPEAKERS, 9120, 17472),
    ...(bgp?.backend === "frr-k8s" ? frr : []),
  ];
}

function advise(metallb: MetallbSettings, { platform, aws }: AddonCluster): string[] {
  const found: string[] = [];
  if (platform === "aws") {
    found.push(
      "metallb on AWS: a VPC answers no ARP for addresses it did not assign, so nothing outside the cluster reaches the " +
        `pools' addresses; Services ask for MetalLB by loadBalancerClass ${metallb.loadBalancerClass ?? ""}`,
    );
  }
  for (const [name, { addresses }] of Object.entries(metallb.pools)) {
    const subnet = (aws?.vpc.subnets ?? []).find(({ cidr }) =>
      addresses.some((text) => {
        const pool = parseAddressRange(text);
        return !("problem" in pool) && rangesOverlap(pool, range(cidr));
      }),
    );
    if (subnet === undefined) continue;
    found.push(
      `metallb.pools.${name} lies in subnet ${subnet.cidr}, whose addresses EC2 assigns to instances; ` +
        "a subnet CIDR reservation of type explicit keeps them free",
    );
  }
  for (const peer of metallb.bgp?.peers ?? []) {
    if (peer.password === undefined) {
      found.push(
        `metallb.bgp peer ${peer.name} has no password: anybody who spoofs ${peer.address} may end the session`,
      );
    }
  }
  return found;
}
