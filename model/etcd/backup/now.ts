import { script } from "../../core/script";
import { prelude, putFiles } from "../../node/shell";
import type { RenderedFile } from "../../renderedFile";
import { backupPaths, backupProgram } from "./files";

/** Whether a file is one that the program of backups is, or reads. */
function isBackupFile({ path }: RenderedFile): boolean {
  return path === backupProgram || path.startsWith(`${backupPaths.folder}/`);
}

/**
 * Takes a snapshot before the first control-plane node of the cluster gets another version of Kubernetes.
 * @param files everything that the node is configured by, secret files among them
 */
export function snapshotBeforeUpgrade(kubernetesVersion: string, files: readonly RenderedFile[]): string {
  return [
    prelude(),
    // The node may be about to get its first backups with this very change.
    putFiles(files.filter(isBackupFile)),
    script("etcd/backup/scripts/snapshot-now.sh", {
      backup_program: backupProgram,
      backup_reason: "before-upgrade",
      upgrade_to: kubernetesVersion,
    }),
  ].join("");
}

/** Takes a snapshot on a control-plane node that stays, before another one leaves; nothing where there are no backups. */
export function snapshotBeforeRemoval(): string {
  return snapshotBeforeChange("before-removal");
}

/** Takes a snapshot on a control-plane node; nothing where there are no backups. @param reason as its header has it */
export function snapshotBeforeChange(reason: string): string {
  return `${prelude()}${script("etcd/backup/scripts/snapshot-now.sh", {
    backup_program: backupProgram,
    backup_reason: reason,
    upgrade_to: "",
  })}`;
}
