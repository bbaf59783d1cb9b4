import type { ClusterSettings } from "../settings/resolved";
import type { AwsPool } from "../settings/resolvedAws";
import type { BootBundle } from "./boot/bundle";
import { poolBoot as linuxBoot, workerBoot, workerUserData } from "./boot/userData";
import { windowsBoot, windowsUserData } from "./boot/windows";

/** What the instances of a pool start with, as EC2 counts it; base64 is the API's business. */
export function poolUserData(settings: ClusterSettings, pool: AwsPool): Buffer {
  return pool.platform === "windows"
    ? Buffer.from(windowsUserData(settings, pool), "utf8")
    : workerUserData(settings, pool);
}

/** What the instances of a pool fetch; undefined where user data has it all. */
export function poolBundle(settings: ClusterSettings, pool: AwsPool): BootBundle | undefined {
  return pool.platform === "windows" ? undefined : workerBoot(settings, pool).bundle;
}

/** Names the rendering that a pool's nodes come up with. */
export function poolBoot(settings: ClusterSettings, pool: AwsPool): string {
  return pool.platform === "windows" ? windowsBoot(settings, pool) : linuxBoot(settings, pool);
}
