/** Resources whose bodies hold credentials: never more than who touched them and when. */
const confidential = [
  { group: "", resources: ["secrets", "configmaps", "serviceaccounts/token"] },
  { group: "authentication.k8s.io", resources: ["tokenreviews"] },
];

/** Groups whose changes decide who may do what: written whole. */
const decisive = [
  { group: "rbac.authorization.k8s.io" },
  { group: "admissionregistration.k8s.io" },
  { group: "certificates.k8s.io" },
  { group: "networking.k8s.io" },
];

/**
 * The library's audit policy (audit.k8s.io/v1). The first rule that fits decides, so what the cluster does by itself many
 * times a second comes first and is left out.
 */
export const defaultAuditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  omitManagedFields: true,
  rules: [
    { level: "None", nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*"] },
    { level: "None", resources: [{ group: "", resources: ["events"] }, { group: "events.k8s.io" }] },
    { level: "None", resources: [{ group: "coordination.k8s.io", resources: ["leases"] }] },
    { level: "Metadata", resources: confidential },
    {
      level: "None",
      users: ["system:kube-scheduler", "system:kube-controller-manager", "system:apiserver"],
      verbs: ["get", "list", "watch"],
    },
    {
      level: "None",
      userGroups: ["system:nodes", "system:serviceaccounts:kube-system"],
      verbs: ["get", "list", "watch"],
    },
    {
      level: "None",
      userGroups: ["system:nodes"],
      resources: [{ group: "", resources: ["nodes/status", "pods/status"] }],
    },
    { level: "Metadata", verbs: ["get", "list", "watch"] },
    { level: "RequestResponse", resources: decisive },
    {
      level: "Request",
      resources: [{ group: "" }, { group: "apps" }, { group: "batch" }, { group: "policy" }],
    },
    { level: "Metadata" },
  ],
} as const;
