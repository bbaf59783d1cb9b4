import { type Document, parseDocument } from "yaml";

import { located } from "./excerpt";
import { misplacedKeys } from "./misplaced";
import { decoded, readDifferently, wrongCharacters } from "./cliYaml";
import { type Problem, SettingsError, show } from "./problems";
import { syntaxProblems } from "./syntax";

/** A stack's file. */
export interface StackConfig {
  /** What is under `config`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The problems of the settings with the lines of the file that they are about. */
  readonly locate: (problems: readonly Problem[]) => readonly Problem[];
}

/**
 * Reads the `config` of a `Pulumi.<environment>.yaml`, as text or as the bytes of the file.
 *
 * @throws SettingsError for text that is not valid YAML, with its lines, and for text that the Pulumi CLI reads differently
 * (`cliYaml.ts`). A duplicate key, such as a machine named twice, is an error too: YAML keeps only the last, and the first would
 * vanish unseen.
 */
export function readStackFile(file: string | Uint8Array, environment?: string): StackConfig {
  const text = (typeof file === "string" ? file : textOf(file, environment)).replace(/^\ufeff/, "");
  const refuse = (problems: readonly Problem[]): void => {
    if (problems.length > 0) throw new SettingsError(problems, environment);
  };
  refuse(wrongCharacters(text));
  const document = parseDocument(text, {
    uniqueKeys: true,
    prettyErrors: true,
    merge: true,
    // A key that is a collection is reported as an unknown key, not warned about.
    logLevel: "error",
  });
  refuse(syntaxProblems(text, document));
  refuse(readDifferently(text, document));
  refuse(misplacedKeys(text, document));
  const value = plainValue(document, environment);
  if (value !== null && (typeof value !== "object" || Array.isArray(value))) {
    const allowed = "a mapping with the key config";
    refuse([{ path: "", value: "the file", message: "is not a mapping", allowed }]);
  }
  const config = (value as { config?: unknown } | null)?.config ?? {};
  if (typeof config !== "object" || Array.isArray(config)) {
    const allowed = "kubeadm:cluster and kubeadm:secrets below it";
    refuse([{ path: "config", value: show(config), message: "is not a mapping", allowed }]);
  }
  return {
    config: config as Record<string, unknown>,
    locate: (problems) => located(problems, text, document),
  };
}

/** The `config` of a stack's file. @throws SettingsError as `readStackFile` */
export function readStackConfig(
  file: string | Uint8Array,
  environment?: string,
): Readonly<Record<string, unknown>> {
  return readStackFile(file, environment).config;
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
        "has a reference (*name or <<) that does not resolve, resolves to something that is not a mapping, contains itself, or expands to too much",
      allowed: "references to an anchor (&name) defined earlier; << with a mapping",
    };
    throw new SettingsError([problem], environment);
  }
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
