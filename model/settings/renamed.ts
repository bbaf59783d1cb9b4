/**
 * Keys under their old names, and what they are called now. `*` stands for any name, `[]` for an entry of a list. A key that
 * merely got another name keeps its value.
 */
export const RENAMED: Readonly<Record<string, string>> = {
  "network.nodeMask": "network.nodeCidrMaskSize",
  "network.nodePorts": "network.nodePortRange",
  drainTimeout: "drainTimeoutSeconds",
  "machines.*.generation": "machines.*.revision",
  "workers.*.generation": "workers.*.revision",
  "controlPlane.generations": "controlPlane.revisions",
  "controlPlane.reach": "controlPlane.subnetType",
  "workers.*.reach": "workers.*.subnetType",
  "network.existing.subnets[].reach": "network.existing.subnets[].subnetType",
  "access.through": "access.connectVia",
  "access.endpoint": "access.endpointAccess",
  "workers.*.minHealthyPercent": "workers.*.maxUnavailable, the share of nodes that may be away",
  "workers.*.maxHealthyPercent": "workers.*.maxSurge, the share of nodes beyond the pool's size",
  "workers.*.joinTimeout": "workers.*.joinTimeoutSeconds",
  "certificates.leafDays": "certificates.validityDays",
  "coredns.forwarders": "coredns.upstreamServers",
  "coredns.podRecords": "coredns.pods",
  "coredns.spread": "coredns.antiAffinity",
  "metallb.bgp.peers[].asNumber": "metallb.bgp.peers[].peerASN",
  "metallb.bgp.peers[].myAsNumber": "metallb.bgp.peers[].myASN",
  "ingress.arrive": "ingress.expose, where `by` is `type` and `from` is `sourceRanges`",
  "ingress.expose.from": "ingress.expose.sourceRanges",
  "tenants.*.quota.others": "tenants.*.quota.hard",
  "tenants.*.quota.volumeClaims": "tenants.*.quota.persistentVolumeClaims",
};

/** The new key of an old one, with the names and numbers of `path` in it. */
export function renamedKey(path: readonly (string | number)[]): string | undefined {
  const row = Object.entries(RENAMED).find(([old]) => fits(partsOf(old), path));
  if (row === undefined) return undefined;
  const names = path.filter((part, index) => typeof part === "number" || partsOf(row[0])[index] === "*");
  return row[1].replace(/\*|\[\]/g, (place) => {
    const name = names.shift();
    return place === "*" ? String(name) : `[${name}]`;
  });
}

function partsOf(key: string): string[] {
  return key.replaceAll("[]", ".[]").split(".");
}

function fits(parts: readonly string[], path: readonly (string | number)[]): boolean {
  const same = (part: string, index: number) =>
    part === "[]" ? typeof path[index] === "number" : part === "*" || part === path[index];
  return parts.length === path.length && parts.every(same);
}
