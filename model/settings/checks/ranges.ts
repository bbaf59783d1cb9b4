import { usedAddons } from "../../addons";
import { type Range, holds, parseAddress, rangeOf, relation, specialRangeOf } from "../../network/addresses";
import type { Facts, PlacedRange } from "../draft";
import type { Path, Problems } from "../problems";

const RELATIONS = { equal: "is the same as", contains: "contains", within: "lies within" } as const;

/** Pods, services and peers must be disjoint, or a packet has two places to go. */
export function validateRanges(facts: Facts, problems: Problems): void {
  const { pods, services, peers } = facts;
  if (pods !== undefined && services !== undefined) {
    // Blame the range that somebody wrote; of two written ones the services', which fewer things depend on.
    const [blamed, other] = pods.given && !services.given ? [pods, services] : [services, pods];
    refuseOverlap(blamed, other, problems);
  }
  for (const own of [pods, services]) {
    if (own === undefined) continue;
    for (const peer of peers) refuseOverlap(own, peer, problems);
  }
  peers.forEach((peer, index) => {
    const other = peers.slice(0, index).find(({ range }) => relation(range, peer.range) !== "disjoint");
    if (other !== undefined) refuseOverlap(peer, other, problems);
  });
}

export function refuseOverlap(blamed: PlacedRange, other: PlacedRange, problems: Problems): void {
  const lies = relation(blamed.range, other.range);
  if (lies === "disjoint") return;
  problems.add(blamed.path, blamed.range.text, `${RELATIONS[lies]} ${other.name} ${other.range.text}`, {
    allowed: `a range disjoint from ${other.range.text}`,
  });
}

interface PlacedAddress {
  readonly path: Path;
  readonly text: string;
  readonly what: string;
}

/** What stands outside the cluster must not have an address that pods or services get. */
export function validateOutsideAddresses(facts: Facts, problems: Problems): void {
  for (const place of outsideAddresses(facts)) {
    const address = parseAddress(place.text);
    if (address === undefined) continue;
    for (const range of [facts.pods, facts.services]) {
      if (range !== undefined && holds(range.range, address)) refuseAddress(place, range, problems);
    }
  }
  for (const machine of facts.machines) {
    const address = parseAddress(machine.nodeAddress ?? "");
    if (address === undefined) continue;
    for (const peer of facts.peers) {
      if (!holds(peer.range, address)) continue;
      const place = {
        path: machine.nodeAddressPath,
        text: machine.nodeAddress ?? "",
        what: "the node's address",
      };
      refuseAddress(place, peer, problems);
    }
  }
}

function refuseAddress(place: PlacedAddress, range: PlacedRange, problems: Problems): void {
  problems.add(place.path, place.text, `is ${place.what} and lies within ${range.name} ${range.range.text}`, {
    allowed: `an address outside ${range.range.text}`,
  });
}

function outsideAddresses({ input, machines, endpoint, settings }: Facts): PlacedAddress[] {
  const places: { path: Path; text: string | undefined; what: string }[] = [];
  for (const machine of machines) {
    places.push({ path: machine.nodeAddressPath, text: machine.nodeAddress, what: "the node's address" });
    if (machine.host !== machine.nodeAddress) {
      places.push({ path: [...machine.path, "host"], text: machine.host, what: "the host's SSH address" });
    }
  }
  places.push({ path: ["bastion", "host"], text: input.bastion?.host, what: "the bastion's address" });
  places.push({ path: ["access", "host"], text: input.access?.host, what: "the API's address for people" });
  places.push({ path: ["endpoint", "host"], text: endpoint.host, what: "the API's endpoint" });
  for (const { domain, settings: addon } of usedAddons(settings.addons)) {
    for (const { path, resolver } of domain.resolvers?.(addon) ?? [])
      places.push({ path, text: resolverHost(resolver), what: "a resolver" });
  }
  const urls: [Path, string | undefined, string][] = [
    [["downloads", "mirror"], input.downloads?.mirror, "the mirror's address"],
    [["proxy", "http"], input.proxy?.http, "the proxy's address"],
    [["proxy", "https"], input.proxy?.https, "the proxy's address"],
  ];
  for (const [registry, mirrors] of Object.entries(input.images?.mirrors ?? {})) {
    for (const [index, text] of (mirrors ?? []).entries()) {
      urls.push([["images", "mirrors", registry, index], text, "a registry mirror's address"]);
    }
  }
  for (const [path, text, what] of urls) places.push({ path, text: urlHost(text), what });
  places.push({
    path: ["images", "repository"],
    text: input.images?.repository?.split(/[/:]/)[0],
    what: "the registry's address",
  });
  return places.filter((place): place is PlacedAddress => place.text !== undefined);
}

function resolverHost(text: string | undefined): string | undefined {
  return text?.split(":")[0];
}

function urlHost(text: string | undefined): string | undefined {
  return text !== undefined && URL.canParse(text) ? new URL(text).hostname : undefined;
}

/** An address of this machine that others cannot reach, taken over from `host` or as an endpoint. */
export function validateReachableAddresses(facts: Facts, problems: Problems): void {
  const check = (path: Path, text: string | undefined, allowed: string) => {
    const address = parseAddress(text ?? "");
    const special = address === undefined ? undefined : specialRangeOf(single(address));
    if (special === undefined) return;
    problems.add(path, text, `lies in ${special.range.text}, ${special.name} (${special.rfc})`, { allowed });
  };
  for (const machine of facts.machines) {
    check(machine.nodeAddressPath, machine.nodeAddress, "an address other nodes reach, under nodeAddress");
  }
  check(["endpoint", "host"], facts.endpoint.host, "an address that every node reaches");
}

function single(address: number): Range {
  return rangeOf(address, 32);
}
