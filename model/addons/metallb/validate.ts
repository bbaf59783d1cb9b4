import { type AddressRange, parseAddressRange, rangesOverlap } from "../../network/addressRanges";
import { parseAddress } from "../../network/addresses";
import type { Path, Problems } from "../../settings/problems";
import { entriesOf } from "../../settings/prune";
import { DNS_LABEL, DNS_LABEL_RULE } from "../../settings/schema/primitives";
import { nearest } from "../../text";
import { rangeHolding } from "../../cni/domain";
import type { AddonSurroundings } from "../domain";
import type { MetallbInput as Input, MetallbSettings } from "./settings";

interface PlacedPool extends AddressRange {
  readonly pool: string;
  readonly path: Path;
}

export function validateMetallb(
  metallb: Input,
  settings: MetallbSettings,
  around: AddonSurroundings,
  problems: Problems,
): void {
  platformFits(metallb, around, problems);
  const pools = poolsOf(metallb);
  poolsAreNamed(metallb, around, problems);
  poolsAreFree(around, pools, problems);
  poolsAreAdvertised(metallb, around, problems);
  peersFit(around, metallb, pools, problems);
  nodesAreChosen(around, metallb, problems);
  advertisementFits(metallb, settings, pools, problems);
}

/** Ranges of all pools that were understood. */
function poolsOf({ pools }: Input): PlacedPool[] {
  return Object.entries(pools).flatMap(([pool, { addresses }]) =>
    entriesOf(addresses).flatMap(([index, text]) => {
      const range = parseAddressRange(text);
      if ("problem" in range) return [];
      return [{ ...range, pool, path: ["metallb", "pools", pool, "addresses", index] }];
    }),
  );
}

function platformFits({ onAws }: Input, { platform }: AddonSurroundings, problems: Problems): void {
  if (platform === "aws" && onAws !== true) {
    problems.add(
      ["metallb", "onAws"],
      onAws,
      "is not true, and a VPC does not use ARP: MetalLB's addresses answer only inside the cluster",
      {
        allowed: "true, to install it anyway; ingress on AWS uses the cloud controller's load balancer",
      },
    );
  }
  if (platform !== "aws" && onAws !== undefined) {
    problems.add(["metallb", "onAws"], onAws, "applies to platform aws only", {
      allowed: "leave it out on platform machines",
    });
  }
}

function poolsAreNamed({ pools }: Input, { refused }: AddonSurroundings, problems: Problems): void {
  const names = Object.keys(pools);
  if (names.length === 0 && !refused("metallb.pools")) {
    problems.add(["metallb", "pools"], pools, "has no pools, so it could not assign an address", {
      allowed: "{default: {addresses: [10.40.0.240-10.40.0.250]}}",
    });
  }
  for (const name of names) {
    if (DNS_LABEL.test(name)) continue;
    problems.add(["metallb", "pools", name], name, "is not a valid DNS label", { allowed: DNS_LABEL_RULE });
  }
}

/** A pool may lie among the nodes, but an address has one owner. */
function poolsAreFree(around: AddonSurroundings, pools: readonly PlacedPool[], problems: Problems): void {
  const taken = takenAddresses(around);
  for (const [index, pool] of pools.entries()) {
    for (const range of [around.pods, around.services]) {
      if (range === undefined || !rangesOverlap(pool, range.range)) continue;
      problems.add(pool.path, pool.text, `overlaps ${range.name} ${range.range.text}`, {
        allowed: `addresses outside ${range.range.text}`,
      });
    }
    for (const peer of around.peers) {
      if (!rangesOverlap(pool, peer.range)) continue;
      const message = `overlaps ${peer.name} ${peer.range.text}, a network outside the cluster`;
      problems.add(pool.path, pool.text, message, { allowed: `addresses outside ${peer.range.text}` });
    }
    for (const { address, text, what } of taken) {
      if (address < pool.first || address > pool.last) continue;
      problems.add(pool.path, pool.text, `holds ${text}, ${what}`, { allowed: `a range without ${text}` });
    }
    for (const other of pools.slice(0, index)) {
      if (!rangesOverlap(pool, other)) continue;
      problems.add(pool.path, pool.text, `overlaps ${other.text} of pool ${other.pool}`, {
        allowed: "addresses that are in no other pool",
      });
    }
  }
}

function takenAddresses({ addresses, routers }: AddonSurroundings) {
  const places = [
    ...addresses,
    ...routers.map(({ address, name }) => ({ text: address, what: `the address of cni.peers' ${name}` })),
  ];
  const found = new Map<number, { address: number; text: string; what: string }>();
  for (const { text, what } of places) {
    const address = parseAddress(text);
    if (address !== undefined && !found.has(address)) found.set(address, { address, text, what });
  }
  return [...found.values()];
}

/** Advertisements name pools that there are, and a pool that nobody advertises answers nobody. */
function poolsAreAdvertised(metallb: Input, { refused }: AddonSurroundings, problems: Problems): void {
  const names = Object.keys(metallb.pools);
  const advertised = new Set<string>();
  let slipped = false;
  for (const way of ["l2", "bgp"] as const) {
    const advertisement = metallb[way];
    if (advertisement === undefined) continue;
    for (const name of advertisement.pools ?? names) advertised.add(name);
    for (const [index, name] of entriesOf(advertisement.pools)) {
      if (names.includes(name) || refused(["metallb", "pools", name])) continue;
      slipped = true;
      problems.add(["metallb", way, "pools", index], name, "is not a pool of these settings", {
        allowed: names.join(", "),
        nearest: nearest(name, names),
      });
    }
  }
  if (metallb.l2 === undefined && metallb.bgp === undefined) return;
  // The pool that nobody advertises may be the one whose name was mistyped.
  if (slipped || refused("metallb.l2", "metallb.bgp")) return;
  for (const name of names) {
    if (advertised.has(name)) continue;
    problems.add(["metallb", "pools", name], name, "is not advertised, so its addresses would not answer", {
      allowed: "its name under l2.pools or bgp.pools",
    });
  }
}

function peersFit(
  around: AddonSurroundings,
  { bgp }: Input,
  pools: readonly PlacedPool[],
  problems: Problems,
): void {
  problems.addTwins(bgp?.peers, (index) => ["metallb", "bgp", "peers", index, "name"], {
    of: ({ name }) => name,
  });
  for (const [index, peer] of entriesOf(bgp?.peers)) {
    const path: Path = ["metallb", "bgp", "peers", index];
    if (peer.multiHop === true && peer.peerASN === peer.myASN) {
      problems.add([...path, "multiHop"], true, "applies to peers in another AS only", {
        allowed: "false, or two AS numbers",
      });
    }
    const address = parseAddress(peer.address);
    if (address === undefined) continue;
    const add = (what: string) =>
      problems.add([...path, "address"], peer.address, what, { allowed: "the address of a router" });
    const range = rangeHolding(around, address);
    const node = around.machines.find(({ nodeAddress, host }) => [nodeAddress, host].includes(peer.address));
    const router = around.routers.find((one) => one.address === peer.address);
    const pool = pools.find((one) => one.first <= address && address <= one.last);
    if (range !== undefined) add(`lies within ${range}`);
    else if (node !== undefined) add(`is the address of machine ${node.name}`);
    else if (router !== undefined)
      add(
        `is also the address of ${router.name} under cni.peers: a router keeps one session per node, and the CNI uses it`,
      );
    else if (pool !== undefined) add(`lies within pool ${pool.pool}, whose addresses are for Services`);
  }
}

/** Nodes that answer, and nodes that speak with a router. */
function nodesAreChosen({ checkSelector }: AddonSurroundings, { l2, bgp }: Input, problems: Problems): void {
  checkSelector(l2?.nodes, ["metallb", "l2", "nodes"], "no node would answer for an address", problems);
  for (const [index, peer] of entriesOf(bgp?.peers)) {
    const path = ["metallb", "bgp", "peers", index, "nodes"];
    checkSelector(peer.nodes, path, "no node would peer with it", problems);
  }
}

/** What MetalLB's webhook refuses (metallb v0.16.1, internal/config: validateBGPAdvPerPool, peersCanRunOnSameNode). */
function advertisementFits(
  input: Input,
  { bgp }: MetallbSettings,
  pools: readonly PlacedPool[],
  problems: Problems,
): void {
  if (bgp === undefined) return;
  const { aggregationLength: length } = bgp;
  const small = pools.find(
    (pool) => length !== undefined && bgp.pools.includes(pool.pool) && widest(pool) > length,
  );
  if (small !== undefined) {
    const message = `is wider than pool ${small.pool} (${small.text}): routers would learn addresses outside the pool`;
    problems.add(["metallb", "bgp", "aggregationLength"], length, message, {
      allowed: `${widest(small)} to 32`,
    });
  }
  const native = bgp.backend === "native";
  for (const [index, community] of entriesOf(input.bgp?.communities)) {
    if (!native || !community.startsWith("large:")) continue;
    problems.add(
      ["metallb", "bgp", "communities", index],
      community,
      "is a large community, which backend native does not support",
      {
        allowed: "two numbers, such as 64512:100, or backend: frr-k8s",
      },
    );
  }
  if (native) return;
  const places = entriesOf(input.bgp?.peers).map(([index]) => index);
  for (const [at, peer] of bgp.peers.entries()) {
    const path: Path = ["metallb", "bgp", "peers", places[at] ?? at];
    const before = bgp.peers.slice(0, at);
    const earlier = before.find((other) => JSON.stringify(other.nodes) === JSON.stringify(peer.nodes));
    if (earlier === undefined) continue;
    const twin = before.find((other) => other.address === peer.address && other.port === peer.port);
    if (twin !== undefined) {
      problems.add(
        [...path, "address"],
        peer.address,
        `is also the address of peer ${twin.name} for the same nodes`,
        {
          allowed: "each router once for the same nodes",
        },
      );
    }
    if (peer.myASN === earlier.myASN) continue;
    const message = `differs from ${earlier.myASN} of peer ${earlier.name}: with frr-k8s a node has one AS number`;
    problems.add([...path, "myASN"], peer.myASN, message, {
      allowed: `${earlier.myASN}, different nodes for each, or backend: native`,
    });
  }
}

/** Prefix length of the widest CIDR that lies within the range: MetalLB takes a range apart into them. */
function widest({ first, last }: AddressRange): number {
  for (let prefix = 0; prefix < 32; prefix += 1) {
    const size = 2 ** (32 - prefix);
    if (Math.ceil(first / size) * size + size - 1 <= last) return prefix;
  }
  return 32;
}
