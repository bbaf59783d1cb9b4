import { SettingsError, UNKNOWN_KEY, type Problem } from "../model/settings/problems";
import { NOT_A_SETTING } from "../model/settings/plain";

const ofFiles = new WeakSet<object>();

/** Arguments that a stack's file has, and no program: reports name the file's keys. */
export function ofStackFile<T extends object>(args: T): T {
  ofFiles.add(args);
  return args;
}

export function isOfStackFile(args: object | undefined): boolean {
  return args !== undefined && ofFiles.has(args);
}

/**
 * What `read` returns; in a report the arguments of a program stand in place of a stack file's keys.
 *
 * @throws SettingsError as `read`
 */
export function inProgram<T>(title: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new SettingsError(error.problems.map(worded), title);
  }
}

const REGION = "aws:region";

/** What people write among the arguments, and Pulumi takes beside them. */
const RESOURCE_OPTIONS = new Set([
  "aliases",
  "deletedWith",
  "dependsOn",
  "ignoreChanges",
  "parent",
  "protect",
  "provider",
  "providers",
  "retainOnDelete",
  "transformations",
  "transforms",
]);

function worded(problem: Problem): Problem {
  const { path, message, allowed } = problem;
  if (RESOURCE_OPTIONS.has(path) && [UNKNOWN_KEY, NOT_A_SETTING].includes(message))
    return {
      path,
      value: "a resource option",
      message: "is not an argument",
      allowed: `in the third argument: (name, args, { ${path} })`,
    };
  const program = {
    ...problem,
    message: named(message),
    ...(allowed === undefined ? {} : { allowed: named(allowed) }),
  };
  if (path !== REGION) return program;
  const config = `region: new pulumi.Config("aws").require("region")`;
  return {
    ...program,
    path: "region",
    ...(allowed?.startsWith("pulumi config") === true ? { allowed: config } : {}),
  };
}

function named(text: string): string {
  return text.replaceAll("kubeadm:secrets", "`secrets`").replaceAll("kubeadm:cluster", "the settings");
}
