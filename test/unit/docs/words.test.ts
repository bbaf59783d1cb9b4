/**
 * Phrases that went, in what users read: strings of the product and doc comments of what it exports, scripts on hosts,
 * documents. Each with the better one.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const ROOT = path.resolve(__dirname, "../../..");
const PRODUCT = ["bin", "components", "host", "model", "plan", "policy", "smoke", "stacks", "testing"];
const DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs"];

/** What is refused, what to write, and why. */
const PHRASES: readonly (readonly [RegExp, string, string])[] = [
  [/\bis under an? (unknown|renamed|key)\b/, "unknown key", "the key is wrong, nothing is under it"],
  [/\bstands? twice\b/, "is set twice, is listed twice", "text stands, a key is set"],
  [/\bcomes? too late\b/, "must be a plain value", "says what to do"],
  [
    /(?<!there )\b(is|are) no (?!longer|more|less|fewer|other|one\b|reason|need|problem)[a-z]/,
    "is not a",
    "'is no X' is not how English negates",
  ],
  [/\bis none of\b/, "is not one of", "plain"],
  [/\bof (its|their|one's) own\b/, "its own X, separate", "the possessive is shorter"],
  [/\ball the same\b/, "anyway", "one word"],
  [/\btaken for (gone|dead)\b/, "treated as", "the field's word"],
  [/\bsays? nothing (of|about)\b/, "does not mention, does not set", "settings do not speak"],
  [/\b(it|that|which|traffic|what) goes by\b/, "uses", "names what happens"],
  [/\bis left as it is\b/, "was not changed", "names what happened"],
  [/\b(machines?|hosts?|VPC) that exists?\b/, "your own machines, an existing VPC", "adjectives come first"],
  [/\bhas no say\b/, "has no effect", "plain"],
  [/\bwith (a|an) (dash|hyphen|slash) between\b/, "separated by", "verb first"],
  [/\bthe whole log\b/, "the full log", "the usual word"],
  [/\bpass(es|ed)? over\b/, "ignores, skips", "the field's word"],
  [/\bcomes? from nowhere\b/, "has no source", "plain"],
  [/\bwalls? that nobody\b/, "has no effect", "no pictures"],
  [/\bnothing here (makes|defines)\b/, "nothing creates, nothing defines", "where is here?"],
  [/\bis (not )?known here\b/, "this library does not know", "who knows?"],
  [/\bbeside it\b/, "as well", "beside is a place"],
  [/\blets? in whom\b/, "is open to", "says the effect"],
  [/\bmade anew\b|\bbegun anew\b/, "created again, restarted", "anew is a poem's word"],
  [/\bbear(s)? (no more|one) loss/, "survives the loss of", "plain"],
  [/\bgoes? on without\b/, "continues without", "plain"],
  [/\bput (that|it) right\b/, "fix that", "plain"],
  [/\bcannot be asked\b/, "does not answer", "names what was seen"],
  [/\bmemberships?\b/i, "node, join", "nobody knows the word"],
  [/\bmasters?\b(?!:)/i, "control-plane node", "the field's word since 2020"],
];

/** The same in doc comments, which editors show next to a name. */
const COMMENTS: readonly (readonly [RegExp, string, string])[] = [
  ...PHRASES,
  [/^Of /, "Name of, Version of, Requests of", "hover text is read without the name"],
  [/\bpeople's own\b|\bpeople bring\b/, "your own", "the reader is the one who has them"],
  [/\blogs? on (to|by)\b/, "log in", "the usual verb"],
  [/\bmade anew\b|\banew\b/, "again, replaced", "anew is a poem's word"],
  [
    /\bFixed once (the cluster is )?made\b/,
    "Cannot change once the cluster exists",
    "says who cannot do what",
  ],
  [/\bWhich CNI\b|\bWhether there is one\b/, "what each value does", "says nothing about this key"],
];

/** Where a phrase is right, or is somebody else's. */
const MAY: readonly (readonly [RegExp, RegExp])[] = [
  [
    /./,
    /leader-elect|system:masters|odd-masters|`Masters`|workers\.master|\/master|`master`|`memberships`|^master(-count)?$|master-(count|service)/,
  ],
];

function filesBelow(folder: string, pattern: RegExp): string[] {
  const absolute = path.join(ROOT, folder);
  if (fs.statSync(absolute).isFile()) return [folder];
  return fs
    .readdirSync(absolute, { recursive: true, encoding: "utf8" })
    .filter((name) => pattern.test(name) && !name.includes("node_modules"))
    .map((name) => path.join(folder, name));
}

const sources = new Map<string, ts.SourceFile>();

/** Parsed once: its strings and its comments are looked at in turn. */
function sourceOf(text: string): ts.SourceFile {
  const known = sources.get(text) ?? ts.createSourceFile("a.ts", text, ts.ScriptTarget.Latest, true);
  sources.set(text, known);
  return known;
}

/** Strings of a program, each with its line. */
function strings(text: string): [number, string][] {
  const source = sourceOf(text);
  const found: [number, string][] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddle(node) ||
      ts.isTemplateTail(node)
    )
      found.push([source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1, node.text]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Doc comments of what a program exports, and of everything in it, each with its line. */
function comments(text: string): [number, string][] {
  const source = sourceOf(text);
  const found: [number, string][] = [];
  const visit = (node: ts.Node): void => {
    for (const comment of ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)) {
      if (comment.parent !== node) continue;
      const words = ts.getTextOfJSDocComment(comment.comment) ?? "";
      const line = source.getLineAndCharacterOfPosition(comment.getStart()).line + 1;
      found.push([line, words.replace(/\s+/g, " ")]);
    }
    if (!ts.isBlock(node)) ts.forEachChild(node, visit);
  };
  source.statements.filter(isExported).forEach(visit);
  return found;
}

function isExported(node: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(node) &&
    (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

const lines = (text: string): [number, string][] => text.split("\n").map((line, index) => [index + 1, line]);

/** A document without its code blocks and tables of CRDs, whose text is other people's. */
function prose(text: string): [number, string][] {
  let code = false;
  return lines(text).filter(([, line]) => {
    if (/^\s*```/.test(line)) code = !code;
    return !code;
  });
}

function read(file: string): [number, string][] {
  const text = fs.readFileSync(path.join(ROOT, file), "utf8");
  if (file.endsWith(".md")) return prose(text);
  if (/\.(ts|cjs)$/.test(file)) return strings(text);
  return lines(text).filter(([, line]) => !/^\s*(#|")/.test(line));
}

function found(file: string, texts = read(file), phrases = PHRASES): string[] {
  return texts.flatMap(([line, text]) =>
    phrases.flatMap(([phrase, better, why]) => {
      const match = phrase.exec(text);
      if (match === null) return [];
      const excepted = MAY.some(([what, where]) => what.test(text) && where.test(text));
      return excepted ? [] : [`${file}:${line}: "${match[0]}": write "${better}" (${why})`];
    }),
  );
}

describe("plain English", () => {
  it("is in strings of the product", () => {
    const files = PRODUCT.flatMap((folder) => filesBelow(folder, /\.(ts|cjs|sh|py|ps1)$/));
    expect(files.length).toBeGreaterThan(300);
    expect(files.flatMap((file) => found(file))).toEqual([]);
  });

  it("is in doc comments of what the product exports", () => {
    const files = PRODUCT.flatMap((folder) => filesBelow(folder, /\.ts$/));
    const all = files.map((file) => ({
      file,
      texts: comments(fs.readFileSync(path.join(ROOT, file), "utf8")),
    }));
    expect(all.flatMap(({ texts }) => texts).length).toBeGreaterThan(3000);
    expect(all.flatMap(({ file, texts }) => found(file, texts, COMMENTS))).toEqual([]);
  });

  it("is in README and docs", () => {
    expect(DOCUMENTS.flatMap((folder) => filesBelow(folder, /\.md$/)).flatMap((file) => found(file))).toEqual(
      [],
    );
  });

  it("is asked of comments of keys, and not of those in functions", () => {
    const text = [
      "export interface Input {",
      "  /** Of each pod. */",
      "  readonly resources?: string;",
      "}",
      "/** Of nobody else. */",
      "const inner = 1;",
      "export function f(): number {",
      "  /** Of the loop. */",
      "  return inner;",
      "}",
    ].join("\n");
    expect(comments(text)).toEqual([[2, "Of each pod."]]);
    expect(found("a.ts", comments(text), COMMENTS)).toEqual([
      expect.stringContaining('a.ts:2: "Of "') as string,
    ]);
  });

  it.each([
    ["a string", "a.ts", 'const a = "machnes: {} is under an unknown key";', 1],
    ["a template", "a.ts", "// stands twice\nconst a = `${name} stands twice`;", 2],
  ])("is asked of %s and not of comments", (_, _file, text, line) => {
    const hits = strings(text).filter(([, value]) => PHRASES.some(([phrase]) => phrase.test(value)));
    expect(hits.map(([at]) => at)).toEqual([line]);
  });
});
