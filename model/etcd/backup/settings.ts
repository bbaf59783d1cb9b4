import type { Schedule } from "./schedule";

export type BackupTarget =
  | { readonly kind: "folder"; readonly path: string }
  | {
      readonly kind: "ssh";
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly hostKey: string;
      readonly path: string;
      /** Name in `kubeadm:secrets`. */
      readonly key: string;
    }
  | {
      readonly kind: "s3";
      readonly bucket: string;
      /** "" or with a slash at its end. */
      readonly prefix: string;
      readonly region: string;
      /** Without a slash at its end. */
      readonly endpoint: string;
      /** AWS' own, and not a service with the same API. */
      readonly aws: boolean;
      /** PEM; undefined: the hosts' own CAs. */
      readonly ca?: string;
      /** Name in `kubeadm:secrets`; undefined: the role of the instance. */
      readonly credentials?: string;
    };

/** Snapshots of etcd. */
export interface BackupSettings {
  readonly schedule: Schedule;
  readonly keep: number;
  readonly target: BackupTarget;
}
