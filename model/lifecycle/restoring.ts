/** Init over restored data, and how control-plane nodes are taken out of service for it. */
import { checkRestored, placeData, stopScript } from "../etcd/restore/scripts";
import type { ClusterMachine } from "../machine";
import type { RenderedFile } from "../renderedFile";
import type { NodeIdentity } from "./identity";
import { initScript } from "./joining";
import { setState } from "./parts";

/** Afterwards the node's record says that it must join: its own step, or the restore itself, sees to that. */
export function stoppedScript(machine: ClusterMachine, facts: NodeIdentity): string {
  return `${stopScript(machine)}${setState(facts, "joining")}`;
}

/** What the platform has around the init of a restored cluster. */
export interface AroundRestore {
  /** As in `AroundInit`. */
  readonly reached: string;
  /** The snapshot's Node of the machine may be that of a former host. */
  readonly ownNode: string;
}

/** As `initScript`, with data that is there already. */
export function restoreInitScript(
  kubernetesVersion: string,
  facts: NodeIdentity,
  files: readonly RenderedFile[],
  secretFiles: readonly RenderedFile[],
  platform: string,
  snapshot: string,
  { reached, ownNode }: AroundRestore,
): string {
  return initScript(kubernetesVersion, facts, files, secretFiles, platform, {
    before: placeData(),
    reached,
    after: `${ownNode}${checkRestored(snapshot)}`,
  });
}
