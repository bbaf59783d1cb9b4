import { z } from "zod";

import { TENANT_REFUSALS } from "./settings";
import {
  accessRange,
  cidr,
  dnsLabel,
  matching,
  port,
  quantity,
  switched,
  text,
} from "../settings/schema/primitives";

// RBAC takes any text for a name; white space at its ends or a line break is a slip.
const subjectName = text((value) => {
  if (value === "" || value !== value.trim() || /[\r\n\0]/.test(value))
    return {
      message: "is not a valid name",
      allowed: "text without white space around it, such as alice@example.com",
    };
  return undefined;
});

const serviceAccount = matching(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
  "namespace and name separated by a slash, such as ci/deployer",
);

const subjectShape = {
  user: subjectName.optional(),
  group: subjectName.optional(),
  serviceAccount: serviceAccount.optional(),
  /** Where the name comes from: the issuer of `oidc`, or a client certificate that says it as it stands. */
  source: z.enum(["oidc", "certificate"]).optional(),
};

const TENANT_ROLES = ["admin", "edit", "view"] as const;
const tenantRole = z.enum(TENANT_ROLES);

const amounts = z
  .strictObject({
    cpu: quantity.optional(),
    memory: quantity.optional(),
    ephemeralStorage: quantity.optional(),
  })
  .optional();

const count = z.number().int().min(0).max(1_000_000).optional();

const quota = z.strictObject({
  cpu: quantity.optional(),
  memory: quantity.optional(),
  ephemeralStorage: quantity.optional(),
  /** The sum of what pods may use at most; `cpu` and `memory` above are the sum of what they ask for. */
  limits: amounts,
  /** The sum of what volume claims ask for. */
  storage: quantity.optional(),
  pods: count,
  services: count,
  loadBalancers: count,
  nodePorts: count,
  persistentVolumeClaims: count,
  secrets: count,
  configMaps: count,
  /** Names as ResourceQuota has them, as `requests.nvidia.com/gpu` or `count/jobs.batch`. */
  hard: z.record(z.string(), z.union([quantity, z.number().int().min(0)])).optional(),
});

const openPort = z.union([
  port,
  z.strictObject({
    port,
    endPort: port.optional(),
    protocol: z.enum(["TCP", "UDP", "SCTP"]).optional(),
  }),
]);

const peerShape = {
  tenant: z.string().optional(),
  namespace: dnsLabel.optional(),
  cidr: accessRange.optional(),
  except: z.array(cidr).optional(),
  internet: z.literal(true).optional(),
  ports: z.array(openPort).min(1).optional(),
};

const network = switched({
  /** `false`: the policies are made although nothing enforces them. */
  enforced: z.boolean().optional(),
  dns: z.boolean().optional(),
  sameNamespace: z.boolean().optional(),
  ingress: z
    .array(z.strictObject({ ...peerShape, ingressController: z.literal(true).optional() }))
    .optional(),
  egress: z.array(z.strictObject({ ...peerShape, kubernetesApi: z.literal(true).optional() })).optional(),
});

const hours = z
  .number()
  .int()
  .min(1)
  .max(365 * 24);

// networking/v1 Ingress: a DNS name in lower case, or one wildcard as its first label.
const hostName = matching(
  /^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/,
  "a DNS name in lower case, such as shop.example.com or *.shop.example.com",
);

const priorityClass = matching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "the name of a PriorityClass");

export const tenantSchema = z.strictObject({
  labels: z.record(z.string(), z.string()).optional(),
  quota: quota.optional(),
  limits: switched({ default: amounts, defaultRequest: amounts, max: amounts, min: amounts }).optional(),
  network: network.optional(),
  podSecurity: z.enum(["privileged", "baseline", "restricted"]).optional(),
  allow: z.array(z.enum(TENANT_REFUSALS)).optional(),
  hosts: z.array(hostName).optional(),
  priorityClasses: z.array(priorityClass).optional(),
  members: z.array(z.strictObject({ ...subjectShape, role: tenantRole })).optional(),
  credentials: switched({
    role: tenantRole.optional(),
    validityHours: hours.optional(),
    renewBeforeHours: hours.optional(),
  }).optional(),
  protect: z.boolean().optional(),
});

/** Roles that every cluster has for people (Kubernetes documentation, "Using RBAC Authorization: User-facing roles"). */
const PEOPLES_ROLES = ["cluster-admin", "admin", "edit", "view"] as const;

export const grantSchema = z.strictObject({
  ...subjectShape,
  role: z.enum(PEOPLES_ROLES).optional(),
  // Path segment names: all but '/' and '%', and neither '.' nor '..' (apimachinery, api/validation/path/name.go).
  clusterRole: matching(/^(?!\.{1,2}$)[^/%\s]+$/, "the name of a ClusterRole").optional(),
  namespaces: z.array(dnsLabel).min(1).optional(),
});

/** Settings of who uses the cluster: tenants and roles. */
export const tenancyShape = {
  tenants: z.record(z.string(), tenantSchema).optional(),
  roles: z.array(grantSchema).optional(),
};
