/** What components say of wrong arguments. */
import { expect } from "vitest";
import { ClusterSettingsError } from "../../index";
import type { Problem } from "../../model/settings/problems";
import { record } from "../../testing/recorder";

/** What is said of arguments; nothing is registered. */
export async function problemsOf(program: () => void): Promise<readonly Problem[]> {
  let found: readonly Problem[] = [];
  const all = await record(
    () => {
      try {
        program();
      } catch (error) {
        if (!(error instanceof ClusterSettingsError)) throw error;
        found = error.problems;
      }
    },
    { allowEmpty: true },
  );
  if (found.length > 0) expect(all.filter(({ type }) => type.startsWith("kubeadm:"))).toEqual([]);
  return found;
}

export async function pathsOf(program: () => void): Promise<string[]> {
  return (await problemsOf(program)).map(({ path }) => path);
}
