import { reservedName } from "../../tenants/names";
import type { Draft, Facts } from "../draft";
import { pick } from "../draft";
import type { Path, Problems } from "../problems";
import { TENANT_CREDENTIALS } from "../resolveTenancy";
import { DNS_LABEL, DNS_LABEL_RULE } from "../schema/primitives";
import { cniOf } from "./cni";
import { keyProblem, LABEL_VALUE } from "./labels";
import { noneStandsTwice, subjectIsKnown } from "./subjects";
import { amountsFit } from "./tenantAmounts";
import { openingsFit } from "./tenantNetwork";

export type DraftTenant = NonNullable<NonNullable<Facts["input"]["tenants"]>[string]>;

/** Everything about tenants that one value alone cannot tell. */
export function tenantsFit(facts: Facts, problems: Problems): void {
  for (const [name, tenant] of Object.entries(facts.input.tenants ?? {})) {
    const path = ["tenants", name];
    nameFits(name, path, problems);
    if (tenant === undefined) continue;
    labelsFit(tenant, path, problems);
    amountsFit(tenant, path, problems);
    policiesAreEnforced(tenant, path, facts, problems);
    openingsFit(name, tenant, path, facts, problems);
    membersFit(tenant, path, facts, problems);
    credentialsFit(tenant, path, problems);
    externalAddressesFit(tenant, path, facts, problems);
  }
  hostsHaveOneOwner(facts, problems);
}

/** The API server's own plugin refuses them everywhere, whatever a tenant is allowed. */
function externalAddressesFit(tenant: DraftTenant, path: Path, { input }: Facts, problems: Problems): void {
  const at = (tenant.allow ?? []).indexOf("externalIPs");
  if (at < 0) return;
  const off = input.apiServer?.extraArgs?.["disable-admission-plugins"] ?? [];
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
function hostsHaveOneOwner({ input }: Facts, problems: Problems): void {
  const owners = new Map<string, string>();
  for (const [name, tenant] of Object.entries(input.tenants ?? {})) {
    for (const [at, host] of (tenant?.hosts ?? []).entries()) {
      if (host === undefined) continue;
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

function labelsFit(tenant: DraftTenant, path: Path, problems: Problems): void {
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
    } else if (value !== undefined && value !== "" && !LABEL_VALUE.test(value)) {
      problems.add(place, value, "is not a valid label value", {
        allowed: "empty, or at most 63 letters, digits, '-', '_', '.', a letter or digit first and last",
      });
    }
  }
}

/** A policy that nobody enforces looks like a wall and is none. */
function policiesAreEnforced(tenant: DraftTenant, path: Path, facts: Facts, problems: Problems): void {
  if ("network" in tenant && tenant.network === undefined) return;
  const { network } = tenant;
  const cni = cniOf(facts);
  // Who would guard the policies; undefined where that was refused.
  const found = cni?.domain.enforcement(cni.settled);
  if (network?.enabled === false || found === undefined) return;
  const given = network === undefined ? undefined : pick(network, "enforced", true);
  const wanted = network === undefined || given === true;
  if (found.enforced && given === false) {
    problems.add([...path, "network", "enforced"], false, `is wrong: ${found.cni} enforces NetworkPolicy`, {
      allowed: "leave it out, or network: { enabled: false } for a tenant without policies",
    });
  }
  if (!found.enforced && wanted) {
    problems.add(
      [...path, "network", ...(network !== undefined && "enforced" in network ? ["enforced"] : [])],
      network === undefined ? undefined : given,
      `would have no effect: ${found.cni} does not enforce NetworkPolicy`,
      {
        allowed:
          "cni.networkPolicy: kube-network-policies or calico, network: { enforced: false } to create them anyway, or network: { enabled: false }",
      },
    );
  }
}

function membersFit(tenant: DraftTenant, path: Path, facts: Facts, problems: Problems): void {
  const members = (tenant.members ?? []).flatMap((member, index) =>
    member === undefined ? [] : [{ member, path: [...path, "members", index] }],
  );
  for (const { member, path: place } of members) subjectIsKnown(member, place, facts, problems);
  noneStandsTwice(
    members.map(({ member: { role: _role, ...subject }, path: place }) => ({
      path: place,
      value: subject.user ?? subject.group ?? subject.serviceAccount,
      key: JSON.stringify(subject),
    })),
    problems,
  );
}

function credentialsFit({ credentials }: DraftTenant, path: Path, problems: Problems): void {
  if (credentials === undefined || typeof credentials === "boolean") return;
  const validity = pick(credentials, "validityHours", TENANT_CREDENTIALS.validityHours);
  const before = credentials.renewBeforeHours;
  if (validity === undefined || before === undefined || before < validity) return;
  problems.add(
    [...path, "credentials", "renewBeforeHours"],
    before,
    `is not less than validityHours ${validity}: every up would create a new certificate`,
    { allowed: `less than ${validity}` },
  );
}

/** Roles of people outside tenants. */
export function rolesFit(facts: Facts, problems: Problems): void {
  const grants = (facts.input.roles ?? []).flatMap((grant, index) =>
    grant === undefined ? [] : [{ grant, path: ["roles", index] as Path }],
  );
  for (const { grant, path } of grants) {
    subjectIsKnown(grant, path, facts, problems);
    roleIsNamed(grant, path, problems);
  }
  noneStandsTwice(
    grants.map(({ grant, path }) => ({
      path,
      value: grant.user ?? grant.group ?? grant.serviceAccount,
      key: JSON.stringify({ ...grant, namespaces: [...(grant.namespaces ?? [])].sort() }),
    })),
    problems,
  );
}

type DraftGrant = NonNullable<NonNullable<Draft<Facts["input"]>["roles"]>[number]>;

function roleIsNamed(grant: DraftGrant, path: Path, problems: Problems): void {
  const named = (["role", "clusterRole"] as const).filter((key) => key in grant);
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
