/** Scripts of a restore. Each can run again after any interruption. */
import { script } from "../../core/script";
import type { ClusterMachine } from "../../machine";
import { prelude, putFiles, STATE_DIR } from "../../node/shell";
import type { RenderedFile } from "../../renderedFile";
import { backupPaths, backupProgram } from "../backup/files";

/** What a restore keeps on a control-plane node until it is over. */
export const restoreFolder = `${STATE_DIR}/restore`;
/** Name of the snapshot that the node's cluster was restored from last. */
export const restoredFile = `${STATE_DIR}/restored`;
export const headerFile = `${restoreFolder}/header.json`;

/** @param files everything that the node is configured by, secret files among them */
export function prepareScript(snapshot: string, files: readonly RenderedFile[]): string {
  const own = files.filter(({ path }) => path === backupProgram || path.startsWith(`${backupPaths.folder}/`));
  return [
    prelude(),
    putFiles(own),
    script("etcd/restore/scripts/prepare.sh", {
      snapshot,
      restore_folder: restoreFolder,
      backup_program: backupProgram,
    }),
  ].join("");
}

/**
 * Makes etcd's data of the snapshot, beside what the node has.
 * @param document kubeadm's own, which says the image of etcd
 */
export function dataScript(
  snapshot: string,
  machine: ClusterMachine,
  document: RenderedFile,
  binaries: Readonly<Record<string, string>>,
): string {
  const path = `${restoreFolder}/kubeadm.yaml`;
  return [
    prelude(),
    putFiles([{ ...document, path }]),
    script("etcd/restore/scripts/data.sh", {
      snapshot,
      restore_folder: restoreFolder,
      cluster_document: path,
      binaries,
      node: machine.nodeName,
      node_address: machine.nodeAddress,
    }),
  ].join("");
}

/** Takes a control-plane node out of service. Afterwards its record must say that it is not a node. */
export function stopScript(machine: ClusterMachine): string {
  return `${prelude()}${script("etcd/restore/scripts/stop.sh", {
    machine: machine.name,
    restore_folder: restoreFolder,
  })}`;
}

/** A part of init: between a clean host and kubeadm. */
export function placeData(): string {
  return script("etcd/restore/scripts/place.sh", { restore_folder: restoreFolder });
}

/** A part of init, after kubeadm. */
export function checkRestored(snapshot: string): string {
  return script("etcd/restore/scripts/check.sh", { snapshot, restored_file: restoredFile });
}

/** Run on every node of the restored cluster. */
export function afterRestoreScript(snapshot: string): string {
  return `${prelude()}${script("etcd/restore/scripts/after.sh", {
    snapshot,
    restore_folder: restoreFolder,
    restored_file: restoredFile,
  })}`;
}

/** Prints what a control-plane node knows of restores, a line each; changes nothing. */
export function restoreStateScript(folder: string, snapshot: string): string {
  return `${prelude()}${script("etcd/restore/scripts/state.sh", {
    snapshot,
    restore_folder: restoreFolder,
    restored_file: restoredFile,
    backup_target: folder,
  })}`;
}
