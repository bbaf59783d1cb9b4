import type { ExtraArgs } from "../settings/resolvedControlPlane";
import type { BackupSettings } from "./backup/settings";

export interface EtcdSettings {
  /** Flags of etcd. */
  readonly extraArgs: ExtraArgs;
  /** undefined: no snapshots are taken. */
  readonly backup?: BackupSettings;
  /** Name of the snapshot that the cluster is put back to; undefined: none. */
  readonly restore?: string;
}
