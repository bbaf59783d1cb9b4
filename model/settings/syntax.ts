import { isScalar, visit, type Document, type YAMLParseError } from "yaml";
import { excerptOf, lineAt } from "./excerpt";
import { show, type Problem } from "./problems";

/**
 * What makes a text invalid YAML. One slip makes a parser stumble over much of what follows, so only the first is reported; all
 * duplicate keys are reported.
 */
export function syntaxProblems(text: string, document: Document): Problem[] {
  const errors = [...document.errors].sort((a, b) => a.pos[0] - b.pos[0]);
  const [first] = errors.filter(({ code }) => code !== "DUPLICATE_KEY");
  if (first === undefined) return errors.map((error) => duplicate(text, error));
  return [tabBefore(text, first) ?? syntaxProblem(text, document, first, errors)];
}

interface Slip {
  /** Number of the line. */
  readonly line: number;
  /** Lines around it that belong to it. */
  readonly beside?: number;
  readonly value: string;
  readonly message: string;
  readonly allowed: string;
}

function problem(text: string, { line, beside, value, message, allowed }: Slip): Problem {
  const lines = [...new Set([line, beside ?? line - 1])].filter((one) => one > 0).sort((a, b) => a - b);
  return { path: `line ${line}`, value, message, allowed, excerpt: excerptOf(text, lines) };
}

function tabBefore(text: string, { pos }: YAMLParseError): Problem | undefined {
  const end = text.indexOf("\n", pos[0]);
  const [tab] = text.slice(0, end < 0 ? undefined : end).matchAll(/^ *\t/gm);
  if (tab === undefined) return undefined;
  const line = lineAt(text, tab.index);
  return problem(text, { line, value: "the line", message: "begins with a tab", allowed: "spaces" });
}

const RULE = "YAML 1.2: indented with spaces, text with special characters in quotes";

function syntaxProblem(
  text: string,
  document: Document,
  error: YAMLParseError,
  errors: readonly YAMLParseError[],
): Problem {
  const line = lineAt(text, error.pos[0]);
  const slip = (value: string, message: string, allowed: string, beside?: number): Problem =>
    problem(text, { line, value, message, allowed, ...(beside === undefined ? {} : { beside }) });
  const bracket = unclosedBracket(text, document, errors);
  if (bracket !== undefined)
    return problem(text, {
      line: bracket.line,
      value: bracket.opens,
      message: "is not closed",
      allowed: `${bracket.opens === "[" ? "]" : "}"} after the last entry`,
    });
  const code: string = error.code;
  switch (code) {
    case "BAD_INDENT":
      return slip(
        "the line",
        "is indented differently from the keys above it",
        "keys of one mapping at the same indentation, nested keys further to the right",
      );
    case "BLOCK_AS_IMPLICIT_KEY": {
      const spread = errors.some(
        (one) => one.code === "MULTILINE_IMPLICIT_KEY" && one.pos[0] === error.pos[0],
      );
      return spread
        ? slip(
            `line ${line + 1}`,
            "is indented deeper than the line above, whose key already has a value",
            "the same indentation for both, or no value above it",
            line + 1,
          )
        : slip(
            "the line",
            "is indented differently from the lines above, or has two keys",
            "one key per line",
          );
    }
    case "MULTILINE_IMPLICIT_KEY":
      return slip("the line", "has no colon with a space after it", "key: value", line + 1);
    case "MULTIPLE_DOCS":
      return slip("a second document (---)", "would be ignored by Pulumi's CLI", "one document in the file");
    case "MISSING_CHAR": {
      const open = unclosedQuote(text, document);
      if (open !== undefined)
        return problem(text, {
          line: open,
          value: "a quote",
          message: "is not closed",
          allowed: "a quote at its end",
        });
      return slip("the text", `is not valid YAML: ${ownWords(error)}`, RULE);
    }
    default:
      return slip("the text", `is not valid YAML: ${ownWords(error)}`, RULE);
  }
}

/** Line of the quote that reaches to the end of the text. */
function unclosedQuote(text: string, document: Document): number | undefined {
  let found: number | undefined;
  visit(document, {
    Scalar: (_, node) => {
      const [start, end] = node.range ?? [];
      if (
        isScalar(node) &&
        node.type?.startsWith("QUOTE") === true &&
        end !== undefined &&
        end >= text.trimEnd().length
      )
        found = lineAt(text, start ?? 0);
    },
  });
  return found;
}

/** The bracket of a list or mapping in brackets that misses its other one, which everything below is then taken for. */
function unclosedBracket(
  text: string,
  document: Document,
  errors: readonly YAMLParseError[],
): { readonly line: number; readonly opens: string } | undefined {
  const missed = errors.some(({ message }) => /\bflow (map|sequence)\b/i.test(message));
  // It is there, and not indented enough.
  const comes = errors.some(({ message }) => /flow-(map|seq)-end/.test(message));
  let found: { line: number; opens: string } | undefined;
  visit(document, {
    Collection: (_, { flow, range }) => {
      const [start = 0, end = 0] = range ?? [];
      if (!missed || comes || flow !== true || !/^[[{]([^]*[^\]}])?$/.test(text.slice(start, end))) return;
      found = { line: lineAt(text, start), opens: text.charAt(start) };
    },
  });
  return found;
}

/** The parser's words without the place, which is the path, and without the file's own text, which may be a secret. */
function ownWords({ message }: YAMLParseError): string {
  const [first = ""] = message.split("\n");
  return first.replace(/ at line \d+, column \d+:?$/, "").replace(/(resolve tag|alias[^:]*):.*$/, "$1");
}

function duplicate(text: string, { pos, linePos }: YAMLParseError): Problem {
  const [start] = linePos ?? [];
  const key = /^["']?[^:\s{},]+/.exec(text.slice(pos[0]))?.[0]?.replace(/^["']|["']$/g, "") ?? "a key";
  return {
    path: start === undefined ? "" : `line ${start.line}, column ${start.col}`,
    value: show(key),
    message: "is set twice in one mapping",
    allowed: "each key once; machines have different names",
  };
}
