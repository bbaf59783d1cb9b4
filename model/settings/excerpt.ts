import { isAlias, isMap, isScalar, isSeq, type Document } from "yaml";
import type { Problem } from "./problems";

/**
 * Lines of a stack's file for a report: indentation and key of each, which is what goes wrong, and never a value, which may be a
 * secret.
 */
export function excerptOf(text: string, lines: readonly number[]): string {
  const all = text.split(/\r?\n/);
  const width = String(Math.max(...lines)).length;
  return lines
    .filter((line) => all[line - 1] !== undefined)
    .map((line) => `${String(line).padStart(width)} | ${withoutValue(all[line - 1] ?? "")}`)
    .join("\n");
}

/** Number of the line that an offset is in. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

const KEY = /^([^\S\n]*(?:- +)*)("[^"]{1,60}"|'[^']{1,60}'|[A-Za-z0-9_./:-]{1,60}?):(?:[^\S\n]+(.*))?$/;

function withoutValue(line: string): string {
  const [, before = "", name, rest = ""] = KEY.exec(line) ?? [];
  if (name !== undefined)
    return `${visible(before)}${name}:${rest === "" || rest.startsWith("#") ? "" : " ..."}`;
  const [, space = "", text = ""] = /^([^\S\n]*(?:- +)*)(.*)$/.exec(line) ?? [];
  return `${visible(space)}${text === "" ? "" : "..."}`;
}

/** Indentation with what is not a space spelt out. */
function visible(indentation: string): string {
  return [...indentation]
    .map((one) => {
      if (one === " " || one === "-") return one;
      if (one === "\t") return "<tab>";
      return `<U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`;
    })
    .join("");
}

/**
 * Adds to each problem of the settings the line of the stack's file that it is about, or that what it misses belongs below.
 */
export function located(problems: readonly Problem[], text: string, document: Document): Problem[] {
  return problems.map((problem) => {
    const line = problem.excerpt === undefined ? lineOf(problem.path, text, document) : undefined;
    return line === undefined ? problem : { ...problem, excerpt: excerptOf(text, [line]) };
  });
}

/** Keys of a path as reports write it: `machines.cp1.taints[0]`, `labels["a/b"]`. */
function keysOf(path: string): string[] {
  return [...path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)].map(
    ([, index, quoted, plain]) =>
      index ?? (quoted === undefined ? plain : (JSON.parse(quoted) as string)) ?? "",
  );
}

function lineOf(path: string, text: string, document: Document): number | undefined {
  const keys = keysOf(path);
  const inCluster = keys[0] === "kubeadm:secrets" ? keys : ["kubeadm:cluster", ...keys];
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const key of ["config", ...inCluster]) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (pair === undefined || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0];
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(key)] as { readonly range?: readonly number[] | null } | undefined;
      if (item === undefined) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return offset === undefined ? undefined : lineAt(text, offset);
}
