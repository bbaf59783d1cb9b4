import { mapTexts } from "../model/core/tokens";
import { HostProblem } from "./problem";

/**
 * What `KUBEADM_VALUES` says: token to value.
 * @throws HostProblem when it is anything else
 */
export function lateValues(given: unknown): Readonly<Record<string, string>> {
  if (given === null || given === undefined) return {};
  const entries = typeof given === "object" && !Array.isArray(given) ? Object.entries(given) : undefined;
  if (entries === undefined || entries.some(([token, value]) => token === "" || typeof value !== "string"))
    throw new HostProblem(
      "",
      "KUBEADM_VALUES is not a JSON object of strings: only a Pulumi step runs this program",
    );
  return Object.fromEntries(entries as [string, string][]);
}

/** The same, with every token in its texts replaced by its value; keys stay as they are. */
export function withValues<T>(given: T, values: Readonly<Record<string, string>>): T {
  const tokens = Object.entries(values);
  if (tokens.length === 0) return given;
  return mapTexts(given, (text) =>
    // A function: in a plain replacement "$&" and the like would be read as patterns.
    tokens.reduce((replaced, [token, late]) => replaced.replaceAll(token, () => late), text),
  );
}
