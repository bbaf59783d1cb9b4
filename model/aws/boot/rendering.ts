import { sha256 } from "../../core/hash";
import type { AwsPool, AwsSettings } from "../settings";

/** @throws RangeError on platform `machines`, which boots nothing */
export function bootSettings(settings: { readonly aws?: AwsSettings }): AwsSettings {
  if (settings.aws === undefined) throw new RangeError("user data is for platform aws");
  return settings.aws;
}

/** Stands for the digest of a rendering in the rendering itself. */
export const UNKNOWN_BOOT = "@BOOT@";

/**
 * Names one rendering of what a pool's instances start with, and what EC2 starts them as: a run waits for nodes of that name, and
 * another type or volume that does not start is seen by it as another script is. Tags are not part of it.
 */
export function bootDigest(rendered: string, pool: AwsPool): string {
  const { image, windows, instanceTypes, volume, volumes, attached } = pool;
  const launch = { image, windows, instanceTypes, volume, volumes, groups: attached.securityGroupIds };
  return sha256(rendered + JSON.stringify(launch)).slice(0, 12);
}
