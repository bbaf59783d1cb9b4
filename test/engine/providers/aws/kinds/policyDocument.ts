/** Policies as IAM and S3 take them: their form, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. */
import { accountId } from "../account";
import { isObject, type Value, type Values } from "../../shared/values";
import { object, refuse, text, type Scope } from "../scope";

/** `identity`: what a role may do, without principals; `trust`, `resource`: who may, with them. */
export type PolicyUse = "identity" | "trust" | "resource";

const code: Record<PolicyUse, string> = {
  identity: "MalformedPolicyDocument",
  trust: "MalformedPolicyDocument",
  resource: "MalformedPolicy",
};
const parts = [
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
];

export function statementsOf(document: string): Values[] {
  try {
    const parsed = JSON.parse(document) as Value;
    const statements = isObject(parsed) ? parsed["Statement"] : undefined;
    return [statements ?? []].flat().filter(isObject);
  } catch {
    return [];
  }
}

/** IAM's quotas do not count white space. */
export function compactLength(document: string): number {
  return document.replace(/\s/g, "").length;
}

export function checkPolicy(scope: Scope, call: string, document: string, use: PolicyUse): void {
  const wrong = (what: string): never => refuse(call, code[use], what);
  let parsed: Value;
  try {
    parsed = JSON.parse(document) as Value;
  } catch {
    return wrong("This policy contains invalid Json");
  }
  const { Version: version } = object(parsed);
  if (version !== undefined && version !== "2012-10-17" && version !== "2008-10-17")
    wrong("The policy must contain a valid version string");
  const statements = statementsOf(document);
  if (statements.length === 0) wrong("Syntax errors in policy: no statement");
  const ids = statements.map((statement) => text(statement["Sid"])).filter((sid) => sid !== "");
  if (new Set(ids).size !== ids.length) wrong("Statement IDs (SID) in a single policy must be unique.");
  for (const statement of statements) {
    if (use !== "resource" && !/^[A-Za-z0-9]*$/.test(text(statement["Sid"])))
      wrong("Statement IDs (SID) must be alpha-numeric.");
    const strange = Object.keys(statement).find((name) => !parts.includes(name));
    if (strange !== undefined) wrong(`Syntax errors in policy: ${strange}`);
    if (!["Allow", "Deny"].includes(text(statement["Effect"]))) wrong("Syntax errors in policy: Effect");
    const has = (...names: string[]): boolean => names.some((name) => statement[name] !== undefined);
    if (!has("Action", "NotAction")) wrong("Policy statement must contain actions.");
    if (use !== "trust" && !has("Resource", "NotResource")) wrong("Policy statement must contain resources.");
    if (use === "trust" && has("Resource", "NotResource")) wrong("Has prohibited field Resource");
    if (use === "identity" && has("Principal", "NotPrincipal"))
      wrong("Policy document should not specify a principal.");
    if (use !== "identity" && !has("Principal", "NotPrincipal")) wrong("Missing required field Principal");
    for (const action of actionsOf(statement)) {
      if (!/^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/.test(action))
        wrong(`Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: ${action}`);
    }
    checkPrincipals(scope, wrong, statement["Principal"]);
  }
}

function actionsOf(statement: Values): string[] {
  return [statement["Action"] ?? [], statement["NotAction"] ?? []].flat().map(text);
}

function checkPrincipals(scope: Scope, wrong: (what: string) => never, principal: Value | undefined): void {
  if (principal === undefined || principal === "*") return;
  if (!isObject(principal)) return wrong(`Invalid principal in policy`);
  for (const [kind, values] of Object.entries(principal)) {
    for (const value of [values].flat().map(text)) {
      const isFine =
        (kind === "Service" && /^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(value)) ||
        (kind === "AWS" &&
          /^(\*|\d{12}|arn:[\w-]+:(iam|sts)::\d{12}:.+)$/.test(value) &&
          !isMissingPrincipal(scope, value)) ||
        (kind === "Federated" && isFederated(scope, value));
      if (!isFine) wrong(`Invalid principal in policy: "${kind.toUpperCase()}":"${value}"`);
    }
  }
}

function isFederated(scope: Scope, value: string): boolean {
  if (!value.startsWith("arn:")) return /^[a-z0-9.-]+$/.test(value);
  return !value.includes(":oidc-provider/") || scope.find("iam.OpenIdConnectProvider", value) !== undefined;
}

/** Whether an ARN names somebody of this account who is not there. */
function isMissingPrincipal(scope: Scope, arn: string): boolean {
  const [, kind, name] =
    new RegExp(`^arn:[\\w-]+:iam::${accountId}:(role|user)/(?:.*/)?([^/]+)$`).exec(arn) ?? [];
  if (kind === undefined) return false;
  return kind === "user" || scope.where("iam.Role", { name }).length === 0;
}
