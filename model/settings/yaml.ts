import { type YAMLParseError, parseDocument } from "yaml";

import { type Problem, SettingsError, show } from "./problems";

/**
 * Reads the `config` of a `Pulumi.<environment>.yaml`.
 *
 * @throws SettingsError for text that is no YAML, with line and column; a key that stands twice, as a machine named twice,
 * is one such: YAML keeps only the last, and the first would vanish unseen.
 */
export function readStackConfig(text: string, environment?: string): Record<string, unknown> {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true, merge: true });
  if (document.errors.length > 0) {
    throw new SettingsError(
      document.errors.map((error) => yamlProblem(text, error)),
      environment,
    );
  }
  const value: unknown = document.toJS();
  const config = (value as { config?: unknown } | null)?.config ?? {};
  if (typeof config !== "object" || Array.isArray(config)) {
    const allowed = "kubeadm:cluster and kubeadm:secrets below it";
    throw new SettingsError(
      [{ path: "config", value: show(config), message: "is no mapping", allowed }],
      environment,
    );
  }
  return config as Record<string, unknown>;
}

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
  const [message = ""] = error.message.split("\n");
  return {
    path,
    value: "the text",
    message: `is no YAML: ${message.replace(/ at line \d+, column \d+:?$/, "")}`,
  };
}

/** The key at an offset, for the report. */
function duplicateKey(text: string, offset: number): string {
  return /^["']?[^:\s{},]+/.exec(text.slice(offset))?.[0]?.replace(/^["']|["']$/g, "") ?? "a key";
}
