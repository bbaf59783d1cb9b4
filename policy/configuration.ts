import type { PolicyConfigSchema } from "@pulumi/policy";

/** Configuration of a policy that lets some through. */
export interface Allowing {
  /** Names, ranges or ends of keys, as the policy's schema says. */
  readonly allow: readonly string[];
}

/** Nobody has been let through yet. */
export const NONE_ALLOWED: Allowing = { allow: [] };

/** The schema of a list of texts; what people write replaces the default. */
export function listOf(
  description: string,
  defaults: readonly string[] = [],
): PolicyConfigSchema["properties"][string] {
  return { type: "array", items: { type: "string" }, default: [...defaults], description };
}

/** Configuration of a policy over its defaults. */
export function configured<T extends object>(
  args: { getConfig<C extends object>(): C },
  defaults: Readonly<T>,
): T {
  return { ...defaults, ...args.getConfig<Partial<T>>() };
}
