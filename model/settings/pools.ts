/** What instances of pools start with, from the settings. */
import type { BootBundle } from "../aws/boot/bundle";
import { workerBoot, workerUserData } from "../aws/boot/userData";
import { windowsBoot, windowsUserData } from "../aws/boot/windows";
import type { WorkerSpec } from "../aws/boot/worker";
import { poolMachine } from "../aws/node/pools";
import type { ClusterSettings } from "./resolved";
import type { AwsPool } from "../aws/settings";
import { nodeSetupSpec } from "./specs";

/** What the Linux instances of a pool become nodes by. */
export function workerSpec(settings: ClusterSettings, pool: AwsPool): WorkerSpec {
  const { name, aws, proxy, ignorePreflightErrors, network, kubelet, drainTimeoutSeconds } = settings;
  return {
    name,
    ...(aws === undefined ? {} : { aws }),
    ...(proxy === undefined ? {} : { proxy }),
    ignorePreflightErrors,
    network,
    kubelet,
    drainTimeoutSeconds,
    setup: nodeSetupSpec(settings, poolMachine(pool)),
  };
}

/** What the instances of a pool start with, as EC2 counts it; base64 is the API's business. */
export function poolUserData(settings: ClusterSettings, pool: AwsPool): Buffer {
  return pool.platform === "windows"
    ? Buffer.from(windowsUserData(settings, pool), "utf8")
    : workerUserData(workerSpec(settings, pool), pool);
}

/** What the instances of a pool fetch; undefined where user data has it all. */
export function poolBundle(settings: ClusterSettings, pool: AwsPool): BootBundle | undefined {
  return pool.platform === "windows" ? undefined : workerBoot(workerSpec(settings, pool), pool).bundle;
}

/** Names the rendering that a pool's nodes come up with: they carry it as a label, and statuses say which one they are about. */
export function poolBoot(settings: ClusterSettings, pool: AwsPool): string {
  return pool.platform === "windows"
    ? windowsBoot(settings, pool)
    : workerBoot(workerSpec(settings, pool), pool).boot;
}
