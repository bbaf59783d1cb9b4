import type { BackupSettings } from "../etcd/backup/settings";
import type { ProxySettings } from "../settings/resolved";
import type { AwsSettings } from "./settings";

/** A cluster as its AWS resources, policies and tags know it. */
export interface AwsCluster {
  /** DNS label; part of the names of what is made. */
  readonly name: string;
  /** undefined: there are no snapshots. `restore`: the one that the cluster is put back to. */
  readonly etcd?: { readonly backup?: BackupSettings; readonly restore?: string };
  /** `rotation`: the latest one of the CAs and keys. */
  readonly certificates?: { readonly rotation?: string };
  /** undefined: not on AWS. */
  readonly aws?: AwsSettings;
}

/** The same, with how its hosts and add-ons reach AWS. */
export interface AwsCallerSpec extends AwsCluster {
  /** undefined: they go direct. */
  readonly proxy?: ProxySettings;
}

/** @throws RangeError where the cluster is not on AWS */
export function awsOf({ aws }: { readonly aws?: AwsSettings }): AwsSettings {
  if (aws === undefined) throw new RangeError("these settings are not for AWS");
  return aws;
}
