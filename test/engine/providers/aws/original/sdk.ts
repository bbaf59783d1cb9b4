/** What the installed @pulumi/aws says of a type, read from its declarations. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { StoredName } from "../kinds";

const folder = path.dirname(require.resolve("@pulumi/aws/package.json"));

/** By name; true where the argument is required. */
export function sdkArguments(name: StoredName): ReadonlyMap<string, boolean> {
  return new Map([...argumentTypes(name)].map(([argument, { optional }]) => [argument, !optional] as const));
}

/** What is in the outputs whether or not somebody gave it: optional arguments that the provider or AWS computes. */
export interface SdkFact {
  readonly required: boolean;
  readonly computed: boolean;
}

/** Of the argument at a path such as `healthCheck.interval`; undefined where there is none. */
export function sdkFact(name: StoredName, argument: string): SdkFact | undefined {
  const [top = "", ...rest] = argument.split(".");
  let given = argumentTypes(name).get(top);
  let there = outputTypes(name).get(top);
  for (const part of rest) {
    given = given && membersOf("input", given.type)?.get(part);
    there = there && membersOf("output", there.type)?.get(part);
  }
  if (given === undefined || there === undefined) return undefined;
  return { required: !given.optional, computed: given.optional && !there.optional };
}

/** Outputs that are secret because of the type alone. */
export function sdkSecrets(name: StoredName): readonly string[] {
  const [, list = ""] = /additionalSecretOutputs: \[(.*?)\]/.exec(read(name, "js")) ?? [];
  return [...list.matchAll(/"(\w+)"/g)].map(([, output = ""]) => output);
}

interface Member {
  readonly optional: boolean;
  readonly type: string;
}

type Members = ReadonlyMap<string, Member>;

function argumentTypes(name: StoredName): Members {
  const [, type = ""] = name.split(".");
  const [, body] =
    new RegExp(`export interface ${type}Args \\{\\n([^]*?)\\n\\}`).exec(read(name, "d.ts")) ?? [];
  if (body === undefined) throw new Error(`@pulumi/aws has no arguments of ${name}`);
  return membersIn(body, 4);
}

function outputTypes(name: StoredName): Members {
  const [, type = ""] = name.split(".");
  const start = `export declare class ${type} extends [^{]*\\{\\n`;
  const [, body = ""] = new RegExp(`${start}([^]*?)\\n\\}`).exec(read(name, "d.ts")) ?? [];
  const found = body.matchAll(/^ {4}readonly (\w+): pulumi\.Output<([^]*?)>;$/gm);
  return new Map(
    [...found].map(([, output = "", text = ""]) => [
      output,
      { optional: text.endsWith("| undefined"), type: text },
    ]),
  );
}

/** Of the block that a type such as `inputs.ec2.InstanceRootBlockDevice` names. */
function membersOf(side: "input" | "output", type: string): Members | undefined {
  const [, module = "", block = ""] = new RegExp(`${side}s\\.(\\w+)\\.(\\w+)`).exec(type) ?? [];
  if (block === "") return undefined;
  const [, body] =
    new RegExp(`interface ${block} \\{\\n([^]*?)\\n {4}\\}`).exec(namespace(side, module)) ?? [];
  return body === undefined ? undefined : membersIn(body, 8);
}

function membersIn(body: string, indent: number): Members {
  const found = body.matchAll(new RegExp(`^ {${indent}}(\\w+)(\\??): ([^]*?);$`, "gm"));
  return new Map(
    [...found].map(([, member = "", optional = "", type = ""]) => [
      member,
      { optional: optional !== "", type },
    ]),
  );
}

const texts = new Map<string, string>();

function read(name: StoredName, ending: "d.ts" | "js"): string {
  const [module = "", type = ""] = name.split(".");
  return textOf(path.join(module, `${type.charAt(0).toLowerCase()}${type.slice(1)}.${ending}`));
}

function namespace(side: "input" | "output", module: string): string {
  const text = textOf(path.join("types", `${side}.d.ts`));
  const start = text.indexOf(`export declare namespace ${module} {`);
  const next = text.indexOf("\nexport declare namespace ", start + 1);
  return text.slice(start, next < 0 ? undefined : next);
}

function textOf(file: string): string {
  const known = texts.get(file) ?? readFileSync(path.join(folder, file), "utf8");
  texts.set(file, known);
  return known;
}
