import { type DocumentRules, type Finding, checkDocument } from "../check";
import { mappingOf, type Mapping } from "../../core/tree";
import { nearest } from "../../text";
import { type Checked, minorIn } from "../../settings/checked";
import type { Path, Problems } from "../../settings/problems";
import { keep, refuse } from "../../flags/validate";
import type { Owner } from "../../flags/validate/owned";
import { kubernetesGates } from "../../flags/validate/rules";

/** Reports what a document's check found, below the setting that holds the document. */
export function report(base: Path, findings: readonly Finding[], problems: Problems): void {
  for (const { path, value, message, allowed, unknownKey, candidates, meant } of findings) {
    const word = unknownKey ? camelCase(String(path.at(-1))) : String(value);
    problems.add([...base, ...path], value, message, {
      allowed,
      nearest: meant ?? (candidates && nearest(word, candidates)),
    });
  }
}

/** `max-pods`, as the flag is called, in the spelling of configuration. */
function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export interface ComponentRules extends DocumentRules {
  /** Keys that follow from other settings. */
  readonly owned: Owner;
  /** Keys that nobody may change. */
  readonly kept: Owner;
}

/** The configuration of a component, as kubelets and kube-proxy read it: its keys, their values, and its feature gates. */
export function validateConfiguration(
  base: Path,
  config: Mapping,
  { owned, kept, ...rules }: ComponentRules,
  checked: Checked,
  problems: Problems,
): void {
  const names = [...Object.keys(owned), ...Object.keys(kept)];
  for (const [key, value] of Object.entries(config)) {
    const own = names.find((name) => name.toLowerCase() === key.toLowerCase()) ?? key;
    if (refuse(owned, [...base, key], own, value, problems)) continue;
    keep(kept, [...base, key], own, value, problems);
  }
  const except = [...(rules.except ?? []), ...names];
  report(base, checkDocument({ ...rules, except }, config, minorIn(checked)), problems);
  for (const [name, value] of Object.entries(mappingOf(config.featureGates))) {
    const found = typeof value === "boolean" ? kubernetesGates([`${name}=${value}`], checked) : undefined;
    if (found !== undefined) problems.add([...base, "featureGates", name], value, found.message, found);
  }
}
