/** What instances of pools start with, from the settings. */
import type { BootBundle } from "../aws/boot/bundle";
import { workerBoot, type WorkerBoot } from "../aws/boot/userData";
import { compressed } from "../aws/boot/compressed";
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

/** By settings, which do not change, and pool: its template, its bucket and its steps each have a part of one rendering. */
const rendered = new WeakMap<ClusterSettings, WeakMap<AwsPool, WorkerBoot>>();

function bootOf(settings: ClusterSettings, pool: AwsPool): WorkerBoot {
  const pools = rendered.get(settings) ?? new WeakMap<AwsPool, WorkerBoot>();
  const boot = pools.get(pool) ?? workerBoot(workerSpec(settings, pool), pool);
  rendered.set(settings, pools.set(pool, boot));
  return boot;
}

/** What the instances of a pool start with, as EC2 counts it; base64 is the API's business. */
export function poolUserData(settings: ClusterSettings, pool: AwsPool): Buffer {
  return pool.platform === "windows"
    ? Buffer.from(windowsUserData(settings, pool), "utf8")
    : compressed(bootOf(settings, pool).cloudConfig);
}

/** What the instances of a pool fetch; undefined where user data has it all. */
export function poolBundle(settings: ClusterSettings, pool: AwsPool): BootBundle | undefined {
  return pool.platform === "windows" ? undefined : bootOf(settings, pool).bundle;
}

/** Names the rendering that a pool's nodes come up with: they carry it as a label, and statuses say which one they are about. */
export function poolBoot(settings: ClusterSettings, pool: AwsPool): string {
  return pool.platform === "windows" ? windowsBoot(settings, pool) : bootOf(settings, pool).boot;
}
