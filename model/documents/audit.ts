import type { DocumentTypes } from "./types";

/** An audit policy, field by field. Source: k8s.io/apiserver pkg/apis/audit/v1/types.go at v0.34.4, v0.35.8, v0.36.4 and v0.37.1. */
export const AUDIT_TYPES: DocumentTypes = {
  Policy: { rules: "[]PolicyRule", omitStages: "[]string", omitManagedFields: "bool" },
  PolicyRule: {
    level: "string",
    users: "[]string",
    userGroups: "[]string",
    verbs: "[]string",
    resources: "[]GroupResources",
    namespaces: "[]string",
    nonResourceURLs: "[]string",
    omitStages: "[]string",
    omitManagedFields: "bool",
  },
  GroupResources: { group: "string", resources: "[]string", resourceNames: "[]string" },
};
