/** Snapshots of etcd, on a schedule. */
export interface BackupInput {
  /**
   * When a snapshot is taken, in UTC: `15m`, `20m`, `30m`, `1h`, `2h`, `3h`, `4h`, `6h`, `8h`, `12h` or `24h`, or a calendar
   * expression of systemd such as `Mon..Fri 02:30`; at most every 15 minutes.
   *
   * @defaultValue `6h`
   */
  schedule?: string;
  /**
   * How many snapshots of this cluster stay at the target; older ones are removed.
   *
   * @defaultValue `28`
   */
  keep?: number;
  /** Where snapshots go. */
  target: BackupTargetInput;
}

export type BackupTargetInput = FolderTargetInput | SshTargetInput | S3TargetInput;

/** A folder of the control-plane nodes. */
export interface FolderTargetInput {
  /** `folder`: a folder of the control-plane node that takes the snapshot, best a mount of another machine. */
  kind: "folder";
  /** Absolute path. The library creates it with mode 0700. */
  path: string;
}

/** A folder on another host. */
export interface SshTargetInput {
  /** `ssh`: a folder on a host that the control-plane nodes reach over SFTP. */
  kind: "ssh";
  /** DNS name or IPv4 address of the host, as control-plane nodes reach it. */
  host: string;
  /**
   * SSH port.
   *
   * @defaultValue `22`
   */
  port?: number;
  /** User to log in as; it needs the SFTP subsystem and nothing else. */
  user: string;
  /** The host's public key in one line, `ssh-ed25519 AAAA...`. A host with another key is refused. */
  hostKey: string;
  /** Name in `kubeadm:secrets` of the private key to log in with. */
  key: string;
  /** Folder on the host, absolute or below the user's own; letters, digits, `.`, `_` and `-`. */
  path: string;
}

/** A bucket of S3, or of anything with its API. */
export interface S3TargetInput {
  /** `s3`: a bucket of S3, or of anything with its API. */
  kind: "s3";
  /** Name of the bucket, which must exist. */
  bucket: string;
  /**
   * What the keys of objects begin with, such as `etcd/prod`.
   *
   * @defaultValue none
   */
  prefix?: string;
  /**
   * Region of the bucket.
   *
   * @defaultValue on AWS the cluster's; with `endpoint`: `us-east-1`; else required
   */
  region?: string;
  /**
   * URL of another service with the API of S3, such as `https://minio.example.com:9000`.
   *
   * @defaultValue AWS
   */
  endpoint?: string;
  /**
   * CA certificates of the endpoint in PEM.
   *
   * @defaultValue the CAs of the hosts
   */
  ca?: string;
  /**
   * Name in `kubeadm:secrets` of `ACCESS_KEY_ID:SECRET_ACCESS_KEY`.
   *
   * @defaultValue on AWS: none, the role of the instances; else required
   */
  credentials?: string;
}
