import { isDnsName } from "./primitives";

export const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

/** Why a label or taint key is none (Kubernetes documentation, "Labels and Selectors: Syntax and character set"). */
export function keyProblem(key: string): string | undefined {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  if (prefix !== undefined && !isDnsName(prefix)) return "has a prefix that is not a valid DNS name";
  return LABEL_VALUE.test(key.slice(slash + 1)) ? undefined : "is not a valid label name";
}
