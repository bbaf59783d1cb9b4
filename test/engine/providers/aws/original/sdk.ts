/** The arguments of a type in the installed @pulumi/aws, read from its declarations. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { StoredName } from "../kinds";

/** By name; true where the argument is required. */
export function sdkArguments(name: StoredName): ReadonlyMap<string, boolean> {
  const [module = "", type = ""] = name.split(".");
  const file = `${type.charAt(0).toLowerCase()}${type.slice(1)}.d.ts`;
  const folder = path.dirname(require.resolve("@pulumi/aws/package.json"));
  const text = readFileSync(path.join(folder, module, file), "utf8");
  const [, body] = new RegExp(`export interface ${type}Args \\{\\n([^]*?)\\n\\}`).exec(text) ?? [];
  if (body === undefined) throw new Error(`@pulumi/aws has no arguments of ${name} in ${file}`);
  const found = body.matchAll(/^ {4}(\w+)(\??): /gm);
  return new Map([...found].map(([, argument = "", optional]) => [argument, optional === ""] as const));
}
