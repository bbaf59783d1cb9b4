import { usedAddons } from "../../addons";
import { holds, parseAddress, rangeOf, relation, specialRangeOf } from "../../network/addresses";
import type { Checked } from "../checked";
import { entriesOf } from "../entries";
import type { PlacedRange } from "../placed";
import type { Path, Problems } from "../problems";
import type { AnyInput } from "../schema/cluster";
import { writtenMachines } from "./machines";

const RELATIONS = { equal: "is the same as", contains: "contains", within: "lies within" } as const;

/** Pods, services and peers must be disjoint, or a packet has two places to go. */
export function validateRanges(checked: Checked, problems: Problems): void {
  const { pods, services, peers } = checked;
  if (pods !== undefined && services !== undefined) {
    // Blame the range that somebody wrote; of two written ones the services', which fewer things depend on.
    const [blamed, other] = pods.given && !services.given ? [pods, services] : [services, pods];
    refuseOverlap(blamed, other, problems);
  }
  for (const own of [pods, services])
    if (own !== undefined) for (const peer of peers) refuseOverlap(own, peer, problems);
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

type BackupTarget = NonNullable<NonNullable<AnyInput["etcd"]>["backup"]>["target"];

type PlacedAddress = readonly [path: Path, text: string | undefined, what: string];

/** What stands outside the cluster must not have an address that pods or services get. */
export function validateOutsideAddresses(checked: Checked, problems: Problems): void {
  const { pods, services, peers } = checked;
  const outside = (places: readonly PlacedAddress[], ranges: readonly (PlacedRange | undefined)[]) => {
    for (const [path, text, what] of places) {
      const address = parseAddress(text ?? "");
      if (address === undefined) continue;
      for (const range of ranges) {
        if (range === undefined || !holds(range.range, address)) continue;
        problems.add(path, text, `is ${what} and lies within ${range.name} ${range.range.text}`, {
          allowed: `an address outside ${range.range.text}`,
        });
      }
    }
  };
  const nodes = writtenMachines(checked).map(({ nodeAddressPath, nodeAddress }): PlacedAddress => [
    nodeAddressPath,
    nodeAddress,
    "the node's address",
  ]);
  outside([...nodes, ...outsideAddresses(checked)], [pods, services]);
  outside(nodes, peers);
  const issuer = checked.written.oidc?.issuerUrl;
  const names: PlacedAddress[] = [[["oidc", "issuerUrl"], urlHost(issuer), "the issuer's host"]];
  for (const [path, text, what] of [...outsideAddresses(checked), ...names])
    if (text !== undefined && isServiceName(text, checked.settings.network.clusterDomain))
      problems.add(
        path,
        text,
        `is ${what} and the name of a Service, which only pods can look up: hosts do not ask cluster DNS`,
        { allowed: "a name that the hosts' own resolvers know, or an address" },
      );
}

/** Whether it is a name that cluster DNS gives to a Service or one of its pods (Kubernetes, "DNS for Services and Pods"). */
function isServiceName(host: string, clusterDomain: string): boolean {
  const name = host.toLowerCase();
  return [`.svc.${clusterDomain}`, ".svc"].some((end) => name.endsWith(end));
}

function outsideAddresses(checked: Checked): PlacedAddress[] {
  const { bastion, access, downloads, proxy, images } = checked.written;
  const hosts = writtenMachines(checked).filter(({ host, nodeAddress }) => host !== nodeAddress);
  return [
    ...hosts.map(({ path, host }): PlacedAddress => [[...path, "host"], host, "the host's SSH address"]),
    [["bastion", "host"], bastion?.host, "the bastion's address"],
    [["access", "host"], access?.host, "the API's address for people"],
    [["endpoint", "host"], checked.endpoint.host, "the API's endpoint"],
    ...usedAddons(checked.settings.addons).flatMap(({ domain, settings }) =>
      (domain.resolvers?.(settings) ?? []).map(({ path, resolver }): PlacedAddress => [
        path,
        resolver.split(":")[0],
        "a resolver",
      ]),
    ),
    [["downloads", "mirror"], urlHost(downloads?.mirror), "the mirror's address"],
    [["proxy", "http"], urlHost(proxy?.http), "the proxy's address"],
    [["proxy", "https"], urlHost(proxy?.https), "the proxy's address"],
    ...Object.entries(images?.mirrors ?? {}).flatMap(([registry, mirrors]) =>
      entriesOf(mirrors).map(([index, url]): PlacedAddress => [
        ["images", "mirrors", registry, index],
        urlHost(url),
        "a registry mirror's address",
      ]),
    ),
    [["images", "repository"], images?.repository?.split(/[/:]/)[0], "the registry's address"],
    ...backupAddress(checked.written.etcd?.backup?.target),
  ];
}

/** Where snapshots go: a restore asks for them when the cluster is gone. */
function backupAddress(target: BackupTarget | undefined): PlacedAddress[] {
  const path = ["etcd", "backup", "target"];
  if (target?.kind === "ssh") return [[[...path, "host"], target.host, "the host of backups"]];
  if (target?.kind !== "s3") return [];
  return [[[...path, "endpoint"], urlHost(target.endpoint), "the server of backups"]];
}

function urlHost(text: string | undefined): string | undefined {
  return text !== undefined && URL.canParse(text) ? new URL(text).hostname : undefined;
}

/** An address of this machine that others cannot reach, taken over from `host` or as an endpoint. */
export function validateReachableAddresses(checked: Checked, problems: Problems): void {
  const check = (path: Path, text: string | undefined, allowed: string) => {
    const address = parseAddress(text ?? "");
    const special = address === undefined ? undefined : specialRangeOf(rangeOf(address, 32));
    if (special === undefined) return;
    problems.add(path, text, `lies in ${special.range.text}, ${special.name} (${special.rfc})`, { allowed });
  };
  for (const { nodeAddressPath, nodeAddress } of writtenMachines(checked))
    check(nodeAddressPath, nodeAddress, "an address other nodes reach, under nodeAddress");
  const { host } = checked.endpoint;
  check(["endpoint", "host"], host, "an address that every node reaches");
  if (host !== undefined && /(^|\.)localhost(\.localdomain)?$/i.test(host))
    problems.add(["endpoint", "host"], host, "is each node itself (RFC 6761)", {
      allowed:
        "a name or an address that every node reaches; with endpoint.kind nodeLocal nodes balance by themselves",
    });
}
