import type { ExtraArgs } from "../settings/resolvedControlPlane";
import type { BackupSettings } from "./backup/settings";

export interface EtcdSettings {
  /** Flags of etcd. */
  readonly extraArgs: ExtraArgs;
  /** undefined: no snapshots are taken. */
  readonly backup?: BackupSettings;
}
