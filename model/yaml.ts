import { Document, Scalar, type Tags, visit } from "yaml";

/** Without the merge key of YAML 1.1, which is written bare whatever its style. */
const STYLE = {
  version: "1.1",
  aliasDuplicateObjects: false,
  lineWidth: 0,
  indentSeq: false,
  customTags: (tags: Tags): Tags =>
    tags.filter((tag) => typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:merge"),
} as const;

/**
 * One YAML stream of the documents given, the same bytes for the same values, keys in the order of the objects.
 *
 * Kubernetes reads YAML 1.1 (sigs.k8s.io/yaml on go-yaml), where a bare `yes`, `on`, `0644` or `1:30` is not a string, so
 * strings are quoted by that schema; what is written reads the same by YAML 1.2. Aliases and folded lines are left
 * out, because people grep these files. A key whose value is undefined is left out.
 */
export function toYaml(...documents: readonly unknown[]): string {
  return documents.map(write).join("---\n");
}

function write(value: unknown): string {
  const document = new Document(value, STYLE);
  const text = document.toString(STYLE);
  // The walk takes an eighth of the time, and no document of Kubernetes has such a key.
  if (!text.includes("<<")) return text;
  visit(document, {
    Pair: (_, pair) => {
      // Bare, readers of YAML 1.1 would merge it.
      if (pair.key instanceof Scalar && pair.key.value === "<<") pair.key.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString(STYLE);
}
