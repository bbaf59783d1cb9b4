import type { Manifest, PolicyRule } from "../core/manifest";
import type { Grant, Subject, TenancySettings, Tenant, TenantRole } from "./settings";
import { tenantGroup } from "./names";
import { bindingSubject } from "./subjects";

const RBAC = "rbac.authorization.k8s.io";

/** Library's ClusterRoles for tenants. `view` is Kubernetes' own, with all that others have added to it. */
const TENANT_CLUSTER_ROLES: Record<TenantRole, string> = {
  view: "view",
  edit: "pulumi-kubeadm:tenant-edit",
  admin: "pulumi-kubeadm:tenant-admin",
};

const WRITE = ["create", "update", "patch", "delete", "deletecollection"];

/**
 * What Kubernetes' role `edit` adds to `view` (plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go,
 * system:aggregate-to-edit), but for NetworkPolicies: policies only ever add, so who may write one can open any wall.
 */
const EDIT: readonly PolicyRule[] = [
  {
    apiGroups: [""],
    resources: ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"],
    verbs: ["get", "list", "watch"],
  },
  {
    apiGroups: [""],
    resources: ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"],
    verbs: WRITE,
  },
  { apiGroups: [""], resources: ["pods/eviction", "serviceaccounts/token"], verbs: ["create"] },
  {
    apiGroups: [""],
    resources: [
      "configmaps",
      "events",
      "persistentvolumeclaims",
      "replicationcontrollers",
      "replicationcontrollers/scale",
      "secrets",
      "serviceaccounts",
      "services",
      "services/proxy",
    ],
    verbs: WRITE,
  },
  {
    apiGroups: ["apps"],
    resources: [
      "daemonsets",
      "deployments",
      "deployments/rollback",
      "deployments/scale",
      "replicasets",
      "replicasets/scale",
      "statefulsets",
      "statefulsets/scale",
    ],
    verbs: WRITE,
  },
  { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: WRITE },
  { apiGroups: ["batch"], resources: ["cronjobs", "jobs"], verbs: WRITE },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs: WRITE },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: WRITE },
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "list", "watch", ...WRITE] },
];

/** What `admin` adds to `edit`: letting others in, with no more than one has oneself (RBAC's escalation check). */
const ADMIN: readonly PolicyRule[] = [
  { apiGroups: [RBAC], resources: ["roles", "rolebindings"], verbs: ["get", "list", "watch", ...WRITE] },
  { apiGroups: ["authorization.k8s.io"], resources: ["localsubjectaccessreviews"], verbs: ["create"] },
];

/** ClusterRoles that tenants' bindings refer to; none without tenants. */
export function tenantClusterRoles({ tenants }: Pick<TenancySettings, "tenants">): Manifest[] {
  if (tenants.length === 0) return [];
  const role = (name: string, rules: readonly PolicyRule[]): Manifest => ({
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRole",
    metadata: { name },
    rules,
  });
  return [role(TENANT_CLUSTER_ROLES.edit, EDIT), role(TENANT_CLUSTER_ROLES.admin, ADMIN)];
}

/** Each role holds the one below it. */
const HOLDS: Record<TenantRole, readonly TenantRole[]> = {
  view: ["view"],
  edit: ["view", "edit"],
  admin: ["view", "edit", "admin"],
};

/** Who may do what in a tenant's namespace: a binding for each role that somebody has. */
export function tenantBindings({ name, members, credentials }: Tenant): Manifest[] {
  const own: { subject: Subject; role: TenantRole }[] =
    credentials === undefined
      ? []
      : [{ subject: { kind: "Group", name: tenantGroup(name) }, role: credentials.role }];
  const all = [...own, ...members];
  return (["view", "edit", "admin"] as const).flatMap((role) => {
    const subjects = all
      .filter((member) => HOLDS[member.role].includes(role))
      .map((member) => member.subject);
    if (subjects.length === 0) return [];
    return [roleBinding(`tenant-${role}`, TENANT_CLUSTER_ROLES[role], subjects, name)];
  });
}

function roleBinding(name: string, role: string, subjects: readonly Subject[], namespace?: string): Manifest {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: namespace === undefined ? "ClusterRoleBinding" : "RoleBinding",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
    subjects: subjects.map(bindingSubject),
  };
}

/** Roles of people: one binding for each role everywhere, and for each role in each namespace. */
export function grantBindings(roles: readonly Grant[]): Manifest[] {
  const places = new Map<string, { role: string; namespace: string | undefined; subjects: Subject[] }>();
  for (const { role, subject, namespaces } of roles) {
    for (const namespace of namespaces.length === 0 ? [undefined] : namespaces) {
      const key = `${namespace ?? ""}/${role}`;
      const place = places.get(key) ?? { role, namespace, subjects: [] };
      places.set(key, place);
      place.subjects.push(subject);
    }
  }
  return [...places.values()].map(({ role, namespace, subjects }) =>
    roleBinding(`pulumi-kubeadm:people:${role}`, role, subjects, namespace),
  );
}
