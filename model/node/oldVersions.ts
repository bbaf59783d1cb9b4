import { folderOf } from "./downloads";
import { nodeScript } from "./paths";
import type { NodeSetupSpec } from "./spec";

/**
 * Removes old versions of what setup downloads, some 300 MB for each patch of Kubernetes. What the settings name stays, what a link or a
 * running program uses, and the newest of the others, to go back to.
 */
export function oldVersionsPhase({ downloads }: Pick<NodeSetupSpec, "downloads">): string {
  const wanted = downloads.map(folderOf);
  return nodeScript("old-versions", { wanted });
}
