import type { ClusterSettings } from "../model/settings/resolved";

/** One question that somebody who reviews a cluster asks, and what the settings answer. */
export interface SecurityFact {
  readonly name: string;
  readonly value: string;
}

/** The settings that decide who may do what. */
export function securityOf(settings: ClusterSettings): SecurityFact[] {
  const { encryption, audit, podSecurity, oidc, certificates, tenancy } = settings;
  const { enforce, exemptNamespaces } = podSecurity;
  const rows: [string, string | undefined][] = [
    ["Who reaches the API", listed(settings.aws?.access.api ?? settings.firewallAccess.api, settings)],
    ["Who reaches SSH", listed(settings.aws?.access.ssh ?? settings.firewallAccess.ssh, settings)],
    ["Host firewall", settings.firewall === "nftables" ? "nftables, by the flows" : "none"],
    [
      "Secrets in etcd",
      `encrypted by ${encryption.provider}, key ${encryption.keys[0]}${encryption.keys.length > 1 ? `; also read with ${encryption.keys.slice(1).join(", ")}` : ""}`,
    ],
    [
      "Pod Security",
      `enforces ${enforce}, audits ${podSecurity.audit}, warns of ${podSecurity.warn}` +
        (exemptNamespaces.length === 0 ? "" : `; exempt: ${exemptNamespaces.join(", ")}`),
    ],
    [
      "Audit log",
      `${audit.policy === undefined ? "the library's policy" : "a policy of your own"}; ${audit.maxBackup} files of ${audit.maxSize} MiB, ${audit.maxAge} days`,
    ],
    ["Single sign-on", oidc === undefined ? "none" : `${oidc.issuerUrl}, audience ${oidc.clientId}`],
    ["Cluster roles of people", grants(tenancy.roles)],
    [
      "Certificates of kubeadm",
      `valid ${certificates.validityDays} days, renewed ${certificates.renewBeforeDays} days before they expire`,
    ],
    ["Deletion protection", settings.protect ? "on" : "off"],
  ];
  return rows.map(([name, value]) => ({ name, value: value ?? "" }));
}

function listed(ranges: readonly string[], { platform, firewall }: ClusterSettings): string {
  if (ranges.length > 0) return ranges.join(", ");
  return platform === "machines" && firewall === "none"
    ? "everybody your network lets through: the hosts have no firewall"
    : "nobody but the machines";
}

function grants(roles: ClusterSettings["tenancy"]["roles"]): string {
  const each = roles.map(
    ({ role, subject, namespaces }) =>
      `${subject.kind} ${subject.name}: ${role}${namespaces.length === 0 ? "" : ` in ${namespaces.join(", ")}`}`,
  );
  return each.join("; ") || "none";
}
