import type { ClusterSettings } from "../settings/resolved";
import type { AwsPool } from "../settings/resolvedAws";
import { poolBoot as linuxBoot, workerUserData } from "./boot/userData";

/** What the instances of a pool start with, as EC2 counts it; base64 is the API's business. */
export function poolUserData(settings: ClusterSettings, pool: AwsPool): Buffer {
  return workerUserData(settings, pool);
}

/** Names the rendering that a pool's nodes come up with. */
export function poolBoot(settings: ClusterSettings, pool: AwsPool): string {
  return linuxBoot(settings, pool);
}
