import { isMapping, listOf, type Mapping } from "../../core/tree";
import { AUDIT_TYPES } from "../audit";
import { type DocumentRules, checkDocument } from "../check";
import { type Checked, minorIn } from "../../settings/checked";
import { nearest } from "../../text";
import type { Path, Problems } from "../../settings/problems";
import { isDnsName } from "../../settings/schema/primitives";
import { report } from "./report";

const STAGES = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"];
const LEVELS = ["None", "Metadata", "Request", "RequestResponse"];

/** Words: k8s.io/apiserver pkg/apis/audit/validation/validation.go. */
const RULES: DocumentRules = {
  types: AUDIT_TYPES,
  root: "Policy",
  except: ["apiVersion", "kind", "metadata"],
  words: {
    "Policy.omitStages": STAGES,
    "PolicyRule.omitStages": STAGES,
    "PolicyRule.level": LEVELS,
  },
};

const BASE: Path = ["audit", "policy"];

/** What the API server refuses of an audit policy keeps it from starting, so it is refused here. */
export function validateAuditPolicy(checked: Checked, problems: Problems): void {
  const policy = checked.written.audit?.policy;
  if (policy === undefined) return;
  validateKind(policy, BASE, { apiVersion: "audit.k8s.io/v1", kind: "Policy" }, problems);
  const minor = minorIn(checked);
  report(BASE, checkDocument(RULES, policy, minor), problems);
  const { rules } = policy;
  if (rules === undefined || (Array.isArray(rules) && rules.length === 0)) {
    problems.add(
      [...BASE, "rules"],
      rules,
      "has no rules, and the API server rejects a policy without rules",
      {
        allowed: "a list of rules, such as [{ level: Metadata }]",
      },
    );
  }
  listOf(rules).forEach((rule, index) => {
    if (isMapping(rule)) validateRule(rule, [...BASE, "rules", index], problems);
  });
}

/** The two keys that say what a document is. */
export function validateKind(
  document: Mapping,
  base: Path,
  wanted: { readonly apiVersion: string; readonly kind: string },
  problems: Problems,
): void {
  for (const key of ["apiVersion", "kind"] as const) {
    const value = document[key];
    if (value === wanted[key]) continue;
    problems.add([...base, key], value, value === undefined ? "is missing" : "is not supported", {
      allowed: wanted[key],
    });
  }
}

function validateRule(rule: Mapping, base: Path, problems: Problems): void {
  if (rule.level === undefined)
    problems.add([...base, "level"], undefined, "is missing", { allowed: LEVELS.join(", ") });
  const urls = listOf(rule.nonResourceURLs);
  urls.forEach((url, index) => {
    if (typeof url !== "string" || url === "*" || /^\/[^*]*\*?$/.test(url)) return;
    problems.add([...base, "nonResourceURLs", index], url, "is not a path the API server accepts", {
      allowed: "a path that begins with /, with * at its end at most",
    });
  });
  if (urls.length > 0 && (listOf(rule.resources).length > 0 || listOf(rule.namespaces).length > 0)) {
    problems.add([...base, "nonResourceURLs"], urls, "cannot be in one rule with resources or namespaces", {
      allowed: "a rule for each",
    });
  }
  listOf(rule.resources).forEach((entry, index) => {
    if (!isMapping(entry)) return;
    const { group, resources, resourceNames } = entry;
    const place = [...base, "resources", index];
    if (typeof group === "string" && group !== "" && group !== "*" && !isDnsName(group)) {
      const bare = group.split("/")[0] ?? "";
      const near = /^v\d/.test(bare)
        ? '""'
        : isDnsName(bare)
          ? bare
          : nearest(group, ["apps", "batch", "policy"]);
      problems.add([...place, "group"], group, "is not an API group", {
        allowed: 'a group without its version, such as apps, or "" for that of pods',
        nearest: near,
      });
    }
    if (listOf(resourceNames).length > 0 && listOf(resources).length === 0) {
      problems.add([...place, "resourceNames"], resourceNames, "needs resources", {
        allowed: "resources as well, such as [secrets]",
      });
    }
  });
}
