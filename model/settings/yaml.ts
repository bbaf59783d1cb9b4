import { type Document, type YAMLParseError, parseDocument } from "yaml";

import { misplacedKeys } from "./misplaced";
import { decoded, readDifferently, wrongCharacters } from "./cliYaml";
import { type Problem, SettingsError, show } from "./problems";

/**
 * Reads the `config` of a `Pulumi.<environment>.yaml`, as text or as the bytes of the file.
 *
 * @throws SettingsError for text that is not valid YAML, with line and column, and for text that the Pulumi CLI reads
 *   differently (`cliYaml.ts`). A key that stands twice, as a machine named twice, is an error too: YAML keeps only the
 *   last, and the first would vanish unseen.
 */
export function readStackConfig(file: string | Uint8Array, environment?: string): Record<string, unknown> {
  const text = (typeof file === "string" ? file : textOf(file, environment)).replace(/^\ufeff/, "");
  const characters = wrongCharacters(text);
  if (characters.length > 0) throw new SettingsError(characters, environment);
  const document = parseDocument(text, {
    uniqueKeys: true,
    prettyErrors: true,
    merge: true,
    // A key that is a collection is reported as an unknown key, not warned about.
    logLevel: "error",
  });
  if (document.errors.length > 0) {
    throw new SettingsError(
      document.errors.map((error) => yamlProblem(text, error)),
      environment,
    );
  }
  const differences = readDifferently(text, document);
  if (differences.length > 0) throw new SettingsError(differences, environment);
  const misplaced = misplacedKeys(text, document);
  if (misplaced.length > 0) throw new SettingsError(misplaced, environment);
  const value = plainValue(document, environment);
  if (value !== null && (typeof value !== "object" || Array.isArray(value))) {
    const allowed = "a mapping with config in it, as pulumi config writes it";
    throw new SettingsError(
      [{ path: "", value: "the file", message: "is not a mapping", allowed }],
      environment,
    );
  }
  const config = (value as { config?: unknown } | null)?.config ?? {};
  if (typeof config !== "object" || Array.isArray(config)) {
    const allowed = "kubeadm:cluster and kubeadm:secrets below it";
    throw new SettingsError(
      [{ path: "config", value: show(config), message: "is not a mapping", allowed }],
      environment,
    );
  }
  return config as Record<string, unknown>;
}

function textOf(bytes: Uint8Array, environment: string | undefined): string {
  try {
    return decoded(bytes);
  } catch {
    const allowed = "UTF-8: save the file in that encoding";
    throw new SettingsError(
      [{ path: "", value: "the file", message: "has bytes that are not UTF-8", allowed }],
      environment,
    );
  }
}

/**
 * The document as plain values: references that lead nowhere, merge what is not a mapping, or hold themselves are refused.
 */
function plainValue(document: Document, environment: string | undefined): unknown {
  try {
    const value: unknown = document.toJS();
    JSON.stringify(value);
    return value;
  } catch {
    const problem = {
      path: "",
      value: "the file",
      message:
        "has a reference (*name or <<) that leads nowhere, to no mapping, to what holds it, or to too much",
      allowed: "references to an anchor (&name) that stands above; << with a mapping",
    };
    throw new SettingsError([problem], environment);
  }
}

const YAML_RULE = "YAML 1.2: indented with spaces, text with special characters in quotes";

function yamlProblem(text: string, error: YAMLParseError): Problem {
  const [start] = error.linePos ?? [];
  const path = start === undefined ? "" : `line ${start.line}, column ${start.col}`;
  if (error.code === "DUPLICATE_KEY") {
    return {
      path,
      value: show(duplicateKey(text, error.pos[0])),
      message: "stands twice in one mapping",
      allowed: "each key once; machines have different names",
    };
  }
  if (error.code === "MULTIPLE_DOCS") {
    return {
      path,
      value: "a second document (---)",
      message: "would be left out by Pulumi's CLI",
      allowed: "one document in the file",
    };
  }
  const [message = ""] = error.message.split("\n");
  return {
    path,
    value: "the text",
    message: `is not valid YAML: ${withoutText(message)}`,
    allowed: YAML_RULE,
  };
}

/** The parser's words without the place, which is the path, and without the file's own text, which may be a secret. */
function withoutText(message: string): string {
  return message.replace(/ at line \d+, column \d+:?$/, "").replace(/(resolve tag|alias[^:]*):.*$/, "$1");
}

/** The key at an offset, for the report. */
function duplicateKey(text: string, offset: number): string {
  return /^["']?[^:\s{},]+/.exec(text.slice(offset))?.[0]?.replace(/^["']|["']$/g, "") ?? "a key";
}

/**
 * The object in the JSON of a configuration value: a mapping of the stack's file, or JSON that was set as text. Undefined for anything
 * else; the text may be a secret, so it is not quoted.
 */
export function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
