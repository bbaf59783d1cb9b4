/**
 * Whether a role may do what it asks for: the documents that the account has for it (inline and customer managed), by "Policy
 * evaluation logic" of the IAM User Guide. An operator that is not in the table matches nothing, so that a statement which
 * needs it does not pass by accident. Not simulated: permissions boundaries, organizations, session and resource policies, and
 * AWS' own managed policies, which allow nothing here.
 */
import { accountId, type AccountData } from "../../engine/providers/aws/account";
import { text } from "../../engine/providers/aws/scope";
import { objectsOf } from "./account";
import { Refusal } from "./refusal";

export interface Asked {
  /** `ec2:DescribeInstances`. */
  readonly action: string;
  /** ARN; `*` where the action has no resource. */
  readonly resource: string;
  /** Keys of conditions beyond the global ones, such as `aws:ResourceTag/NAME`. */
  readonly keys?: Readonly<Record<string, string>>;
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

const list = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

/** `*` and `?` as IAM reads them. */
export function fits(pattern: string, value: string, anyCase = false): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, anyCase ? "i" : "").test(value);
}

type Operator = (wanted: string, found: string) => boolean;

const operators: Readonly<Record<string, Operator>> = {
  StringEquals: (wanted, found) => wanted === found,
  StringEqualsIgnoreCase: (wanted, found) => wanted.toLowerCase() === found.toLowerCase(),
  StringLike: (wanted, found) => fits(wanted, found),
  ArnEquals: (wanted, found) => fits(wanted, found),
  ArnLike: (wanted, found) => fits(wanted, found),
  Bool: (wanted, found) => wanted.toLowerCase() === found.toLowerCase(),
};

function holds(statement: Statement, keys: Readonly<Record<string, string>>): boolean {
  return Object.entries(statement.Condition ?? {}).every(([operator, wanted]) =>
    Object.entries(wanted).every(([key, values]) => {
      const found = keys[key];
      const compare = operators[operator];
      if (found === undefined || compare === undefined) return false;
      return list(values).some((value) => compare(filled(value, keys), found));
    }),
  );
}

/** Policy variables, `${aws:PrincipalAccount}`. */
function filled(value: string, keys: Readonly<Record<string, string>>): string {
  return value.replace(/\$\{([^}]+)\}/g, (_, key: string) => keys[key] ?? "");
}

/** Every statement that a role has, its own and those of policies that are attached to it. */
export function statementsOf(account: AccountData, role: string): Statement[] {
  const inline = Object.values(objectsOf(account, "iam.RolePolicy")).filter((one) => one["role"] === role);
  const attached = Object.values(objectsOf(account, "iam.RolePolicyAttachment"))
    .filter((one) => one["role"] === role)
    .map((one) => objectsOf(account, "iam.Policy")[text(one["policyArn"])]);
  return [...inline, ...attached].flatMap((one) => {
    const document = JSON.parse(text(one?.["policy"]) || "{}") as { Statement?: Statement | Statement[] };
    return document.Statement === undefined ? [] : [document.Statement].flat();
  });
}

export function allows(statements: readonly Statement[], asked: Asked): boolean {
  return allowing(statements, asked).length > 0;
}

/** The statements that allow it; none where one denies it. */
export function allowing(statements: readonly Statement[], asked: Asked): Statement[] {
  const keys = {
    "aws:PrincipalAccount": accountId,
    "aws:ResourceAccount": accountId,
    ...asked.keys,
  };
  const meant = statements.filter(
    (one) =>
      list(one.Action).some((action) => fits(action, asked.action, true)) &&
      list(one.Resource).some((resource) => fits(filled(resource, keys), asked.resource)) &&
      holds(one, keys),
  );
  return meant.some((one) => one.Effect === "Deny") ? [] : meant.filter((one) => one.Effect === "Allow");
}

/**
 * The ids of the statements that allow it.
 *
 * @throws Refusal in the words of AWS where none does
 */
export function authorize(account: AccountData, role: string, asked: Asked): string[] {
  const found = allowing(statementsOf(account, role), asked);
  if (found.length > 0) return found.map(({ Sid }) => Sid ?? "");
  const who = `arn:aws:sts::${accountId}:assumed-role/${role}`;
  const code = asked.action.startsWith("ec2:") ? "UnauthorizedOperation" : "AccessDeniedException";
  const what = `User: ${who} is not authorized to perform: ${asked.action} on resource: ${asked.resource}`;
  throw new Refusal(403, code, `${what} because no identity-based policy allows the ${asked.action} action`);
}
