import { cniProfile, domainOf } from "../cni";
import type { Path, Problems } from "../settings/problems";
import { entriesOf } from "../settings/prune";
import { keyProblem, LABEL_VALUE } from "../settings/schema/labels";
import { DNS_LABEL, DNS_LABEL_RULE } from "../settings/schema/primitives";
import type { GrantInput, TenantInput } from "./input";
import { reservedName } from "./names";
import type { Tenant } from "./settings";
import type { TenancySurroundings } from "./surroundings";
import { validateAmounts } from "./validateAmounts";
import { validateOpenings } from "./validateNetwork";
import { subjectName, validateSubject } from "./validateSubjects";

/** Everything about tenants that one value alone cannot tell. */
export function validateTenants(facts: TenancySurroundings, problems: Problems): void {
  const { written, settings } = facts;
  for (const resolved of settings.tenancy.tenants) {
    const { name } = resolved;
    const tenant = written.tenants?.[name] ?? {};
    const path = ["tenants", name];
    nameFits(name, path, problems);
    labelsFit(tenant, path, problems);
    validateAmounts(tenant, resolved, path, facts, problems);
    policiesAreEnforced(tenant, path, facts, problems);
    validateOpenings(name, tenant, path, facts, problems);
    membersFit(tenant, path, facts, problems);
    credentialsFit(tenant, resolved, path, facts, problems);
    externalAddressesFit(tenant, path, facts, problems);
  }
  hostsHaveOneOwner(facts, problems);
}

/** The API server's own plugin refuses them everywhere, whatever a tenant is allowed. */
function externalAddressesFit(
  tenant: TenantInput,
  path: Path,
  { written }: TenancySurroundings,
  problems: Problems,
): void {
  const [at] = entriesOf(tenant.allow).find(([, word]) => word === "externalIPs") ?? [];
  if (at === undefined) return;
  const off = written.apiServer?.extraArgs?.["disable-admission-plugins"] ?? [];
  const names = (Array.isArray(off) ? off : [off]).flatMap((one) => String(one).split(","));
  if (names.some((name) => name.trim() === "DenyServiceExternalIPs")) return;
  problems.add(
    [...path, "allow", at],
    "externalIPs",
    "has no effect: the plugin DenyServiceExternalIPs refuses external addresses in all namespaces",
    {
      allowed: "with apiServer.extraArgs.disable-admission-plugins: DenyServiceExternalIPs",
    },
  );
}

/** A host that two tenants list would be refused to neither, or to both. */
function hostsHaveOneOwner({ written }: TenancySurroundings, problems: Problems): void {
  const owners = new Map<string, string>();
  for (const [name, tenant] of Object.entries(written.tenants ?? {})) {
    for (const [at, host] of entriesOf(tenant.hosts)) {
      const owner = owners.get(host);
      if (owner !== undefined && owner !== name)
        problems.add(["tenants", name, "hosts", at], host, `is also a host of tenant ${owner}`, {
          allowed: "each host in one tenant's list",
        });
      owners.set(host, name);
    }
  }
}

function nameFits(name: string, path: Path, problems: Problems): void {
  if (!DNS_LABEL.test(name)) {
    problems.add(path, name, "is not a valid name of a namespace", { allowed: DNS_LABEL_RULE });
    return;
  }
  const reserved = reservedName(name);
  if (reserved !== undefined) {
    problems.add(path, name, reserved, { allowed: "a name of your own, such as team-shop" });
  }
}

function labelsFit(tenant: TenantInput, path: Path, problems: Problems): void {
  for (const [key, value] of Object.entries(tenant.labels ?? {})) {
    const place = [...path, "labels", key];
    const wrong = keyProblem(key);
    const domain = key.includes("/") ? (key.split("/")[0] ?? "") : "";
    if (wrong !== undefined) {
      problems.add(place, key, wrong, { allowed: "[DNS name/]name" });
    } else if (domain === "pod-security.kubernetes.io") {
      problems.add(place, value, "is determined by another setting", {
        allowed: `instead: ${path.join(".")}.podSecurity`,
      });
    } else if (/(^|\.)(kubernetes\.io|k8s\.io|pulumi-kubeadm\.github\.io)$/.test(domain)) {
      problems.add(place, value, `has a key in the reserved domain ${domain}`, {
        allowed: "a name without prefix, or a prefix of your own",
      });
    } else if (value !== "" && !LABEL_VALUE.test(value)) {
      problems.add(place, value, "is not a valid label value", {
        allowed: "empty, or at most 63 letters, digits, '-', '_', '.', a letter or digit first and last",
      });
    }
  }
}

/** A policy that nobody enforces looks like a wall and is none. */
function policiesAreEnforced(
  { network }: TenantInput,
  path: Path,
  { settings: { cni }, refused }: TenancySurroundings,
  problems: Problems,
): void {
  if (network?.enabled === false || refused([...path, "network", "enforced"])) return;
  if (refused("cni.kind", "cni.networkPolicy")) return;
  const enforced = cniProfile(cni).networkPolicy;
  const name = enforced ? cni.kind : (domainOf(cni.kind).withoutPolicies ?? cni.kind);
  const given = network && (network.enforced ?? true);
  if (enforced && given === false) {
    problems.add([...path, "network", "enforced"], false, `is wrong: ${name} enforces NetworkPolicy`, {
      allowed: "leave it out, or network: { enabled: false } for a tenant without policies",
    });
  }
  if (!enforced && given !== false) {
    problems.add(
      [...path, "network", ...(network?.enforced === undefined ? [] : ["enforced"])],
      given,
      `would have no effect: ${name} does not enforce NetworkPolicy`,
      {
        allowed:
          "cni.networkPolicy: kube-network-policies or calico, network: { enforced: false } to create them anyway, or network: { enabled: false }",
      },
    );
  }
}

function membersFit(
  { members }: TenantInput,
  path: Path,
  facts: TenancySurroundings,
  problems: Problems,
): void {
  for (const [index, member] of entriesOf(members))
    validateSubject(member, [...path, "members", index], facts, problems);
  problems.addTwins(members, (index) => [...path, "members", index], {
    of: subjectName,
    key: ({ role: _, ...subject }) => subjectName(subject) && JSON.stringify(subject),
  });
}

function credentialsFit(
  { credentials }: TenantInput,
  resolved: Tenant,
  path: Path,
  { refused }: TenancySurroundings,
  problems: Problems,
): void {
  const validity = resolved.credentials?.validityHours;
  const before = credentials?.renewBeforeHours;
  if (validity === undefined || before === undefined || before < validity) return;
  if (refused([...path, "credentials", "validityHours"])) return;
  problems.add(
    [...path, "credentials", "renewBeforeHours"],
    before,
    `is not less than validityHours ${validity}: every up would create a new certificate`,
    { allowed: `less than ${validity}` },
  );
}

/** Roles of people outside tenants. */
export function validateGrants(facts: TenancySurroundings, problems: Problems): void {
  const { roles } = facts.written;
  for (const [index, grant] of entriesOf(roles)) {
    const path = ["roles", index];
    validateSubject(grant, path, facts, problems);
    if (!facts.refused([...path, "role"], [...path, "clusterRole"])) roleIsNamed(grant, path, problems);
  }
  problems.addTwins(roles, (index) => ["roles", index], {
    of: subjectName,
    key: ({ namespaces = [], ...grant }) =>
      subjectName(grant) &&
      (grant.role ?? grant.clusterRole) &&
      JSON.stringify([grant, [...namespaces].sort()]),
  });
}

function roleIsNamed(grant: GrantInput, path: Path, problems: Problems): void {
  const named = (["role", "clusterRole"] as const).filter((key) => grant[key] !== undefined);
  if (named.length === 0) {
    problems.add([...path, "role"], undefined, "is missing", {
      allowed: "cluster-admin, admin, edit, view, or clusterRole: a role of your own",
    });
  }
  if (named.length === 2) {
    problems.add([...path, "clusterRole"], grant.clusterRole, "cannot be combined with role", {
      allowed: "one of them",
    });
  }
}
