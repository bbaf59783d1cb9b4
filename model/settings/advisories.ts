import type { ClusterSettings } from "./resolved";

/** Things that work but deserve a look. */
export function advisoriesOf(_settings: Omit<ClusterSettings, "advisories">): string[] {
  return [];
}
