import { addonResolvers, type UsedAddons } from "../addons";
import type { OidcSettings, ProxySettings } from "../settings/resolved";
import { backupPort } from "./backup";
import {
  ANYWHERE,
  description,
  distinct,
  groupRules,
  groupsOf,
  hostGroups,
  range,
  type FirewallGroup,
  type GroupRule,
  type SecurityGroupsSpec,
} from "./firewall";
import { awsOf, type AwsCluster } from "./spec";

/** What security groups let out: what comes in elsewhere, and whom hosts call outside. */
export interface EgressSpec extends SecurityGroupsSpec {
  readonly addons: Partial<UsedAddons>;
  readonly downloads: { readonly mirror?: string };
  readonly images: {
    readonly repository: string;
    readonly mirrors: Readonly<Record<string, readonly string[]>>;
  };
  readonly proxy?: Pick<ProxySettings, "http" | "https">;
  readonly oidc?: Pick<OidcSettings, "issuerUrl">;
  readonly etcd?: AwsCluster["etcd"];
}

/**
 * What the groups let out. `open`: everything. `strict`: the other end of every rule, and HTTP and HTTPS for packages, images
 * and AWS' own services. EC2 filters neither its resolver nor its time service nor the metadata service (VPC User Guide,
 * "Security groups"), so there is no rule for them.
 */
export function egressRules(settings: EgressSpec): GroupRule[] {
  const groups = groupsOf(settings);
  if (awsOf(settings).egress === "open") {
    // Endpoints of services answer, and call nobody.
    return groups
      .filter((group) => group !== "endpoints")
      .map((group) => ({
        group,
        peer: range(ANYWHERE),
        protocol: "-1",
        reason: "egress is open",
      }));
  }
  const inside = groupRules(settings).flatMap((rule): GroupRule[] => {
    if (rule.peer.kind === "group")
      return [{ ...rule, group: rule.peer.group, peer: { kind: "group", group: rule.group } }];
    // Pods' own packets: nodes send to pods' addresses as well as from them.
    return rule.peer.cidr === settings.network.podCidr ? [rule] : [];
  });
  const outside = hostGroups(settings).flatMap((group) =>
    outsideCalls(settings).map((rule) => ({ ...rule, group })),
  );
  const snapshots = snapshotCalls(settings).map((rule) => ({ ...rule, group: "controlPlane" as const }));
  return distinct([...inside, ...outside, ...snapshots]);
}

/** Where control-plane nodes send snapshots of etcd: a host, or another service with the API of S3. */
export function snapshotCalls(settings: Pick<EgressSpec, "etcd">): Omit<GroupRule, "group">[] {
  const to = backupPort(settings);
  if (to === undefined) return [];
  const { cidr, port } = to;
  return [
    {
      peer: range(cidr),
      protocol: "tcp",
      ports: { from: port, to: port },
      reason: description("etcd.backup.target: snapshots of etcd"),
    },
  ];
}

/** Whom every host calls outside the cluster, besides AWS' own services. */
export function outsideCalls(settings: EgressSpec): Omit<GroupRule, "group">[] {
  const to = (cidr: string, protocol: string, port: number, reason: string): Omit<GroupRule, "group"> => ({
    peer: range(cidr),
    protocol,
    ports: { from: port, to: port },
    reason: description(reason),
  });
  const resolvers = addonResolvers(settings.addons);
  return [
    to(ANYWHERE, "tcp", 443, "HTTPS: images, downloads, services of AWS"),
    to(ANYWHERE, "tcp", 80, "HTTP: packages of the operating system, which are signed"),
    ...[...new Set(resolvers)]
      .map((resolver) => /^(\d+(?:\.\d+){3})(?::(\d+))?$/.exec(resolver))
      .filter((match) => match !== null)
      .flatMap(([, address = "", port = "53"]) =>
        ["udp", "tcp"].map((protocol) =>
          to(`${address}/32`, protocol, Number(port), "DNS: resolvers of CoreDNS"),
        ),
      ),
    ...portsOfUrls(settings).map((port) =>
      to(ANYWHERE, "tcp", port, "registries, proxies and the issuer of the settings"),
    ),
  ];
}

/** Ports, other than those of HTTP and HTTPS, that the settings' own URLs name. */
function portsOfUrls(settings: EgressSpec): number[] {
  const urls = [
    settings.downloads.mirror,
    settings.proxy?.http,
    settings.proxy?.https,
    settings.oidc?.issuerUrl,
    ...Object.values(settings.images.mirrors).flat(),
    ...(settings.images.repository === undefined ? [] : [`https://${settings.images.repository}`]),
  ];
  const ports = urls.flatMap((url) => {
    if (url === undefined || !URL.canParse(url)) return [];
    const { port } = new URL(url);
    return port === "" || port === "443" || port === "80" ? [] : [Number(port)];
  });
  return [...new Set(ports)].sort((left, right) => left - right);
}

/** How many rules each group has, for the quota. */
export function rulesPerGroup(
  settings: EgressSpec,
): Readonly<Record<FirewallGroup, { readonly ingress: number; readonly egress: number }>> {
  const count = (rules: readonly GroupRule[], group: FirewallGroup) =>
    rules.filter((rule) => rule.group === group).length;
  const ingress = groupRules(settings);
  const egress = egressRules(settings);
  const of = (group: FirewallGroup) => ({ ingress: count(ingress, group), egress: count(egress, group) });
  return {
    controlPlane: of("controlPlane"),
    worker: of("worker"),
    balancer: of("balancer"),
    publicBalancer: of("publicBalancer"),
    bastion: of("bastion"),
    endpoints: of("endpoints"),
  };
}
