import { stringify } from "yaml";

/**
 * One YAML stream of the documents given, the same bytes for the same values, keys in the order of the objects.
 *
 * Kubernetes reads YAML 1.1 (sigs.k8s.io/yaml on go-yaml), where a bare `yes`, `on`, `0644` or `1:30` is no string, so
 * strings are quoted by that schema; what is written reads the same by YAML 1.2. Aliases and folded lines are left
 * out, because people grep these files. A key whose value is undefined is left out.
 */
export function toYaml(...documents: readonly unknown[]): string {
  return documents
    .map((document) =>
      stringify(document, { version: "1.1", aliasDuplicateObjects: false, lineWidth: 0, indentSeq: false }),
    )
    .join("---\n");
}
