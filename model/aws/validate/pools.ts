import { whenEnabled } from "../../core/enabled";
import { HOOK_TIMEOUT, LONGEST_DRAIN } from "../hooks";
import { mostWhileRolling, refreshPercents } from "../refresh/settings";
import { fullZone, type AwsLayout, type PoolLayout } from "../layout";
import type { Checked } from "../../settings/checked";
import type { Problems } from "../../settings/problems";
import { entriesOf } from "../../settings/entries";
import { RESERVED_POOLS } from "../../settings/checks/machines";
import { validateZoneList } from "./network";

export function validatePoolNames({ pools }: AwsLayout, problems: Problems): void {
  for (const { name, path } of pools) {
    if (!RESERVED_POOLS.includes(name)) continue;
    problems.add(
      path,
      name,
      `would label workers node-role.kubernetes.io/${name}, which is reserved for control-plane nodes`,
      { allowed: "another name" },
    );
  }
}

/** A pool is fixed by `count`, or scales from `min` to `max`. */
export function validatePoolSizes({ pools }: AwsLayout, problems: Problems, { refused }: Checked): void {
  for (const { path, input, min, max } of pools) {
    if (refused([...path, "count"], [...path, "min"], [...path, "max"])) continue;
    const scales = input.min !== undefined || input.max !== undefined;
    if (input.count !== undefined && scales) {
      problems.add(
        [...path, "count"],
        input.count,
        "cannot be combined with min or max: a pool either has a fixed size or scales",
        { allowed: "count, or min and max" },
      );
    } else if (scales && input.max === undefined) {
      problems.add([...path, "max"], undefined, `is missing: min is ${input.min}`, {
        allowed: `max, ${input.min} or more; or count: ${input.min} for a fixed number`,
      });
    } else if (min > max) {
      problems.add([...path, "min"], min, `is more than max ${max}`, { allowed: `at most ${max}` });
    }
  }
}

export function validatePoolZones(
  { pools, zones, region, input }: AwsLayout,
  problems: Problems,
  { refused }: Checked,
): void {
  if (region === undefined || zones.length === 0) return;
  const given = input.network?.zones;
  // Where a zone of the network was refused, it may be the one that is missed.
  const known =
    !refused("network.zones") &&
    (typeof given !== "object" || given.every((zone) => fullZone(zone, region) !== undefined));
  for (const { path, input: pool } of pools) {
    validateZoneList(pool.zones, [...path, "zones"], region, problems);
    for (const [index, zone] of entriesOf(pool.zones)) {
      const full = fullZone(zone, region);
      if (!known || full === undefined || zones.includes(full)) continue;
      const missing = input.network?.existing === undefined ? "network.zones" : "network.existing";
      const message = `is a zone without subnets: ${missing} does not have it`;
      problems.add([...path, "zones", index], zone, message, { allowed: zones.join(", ") });
    }
  }
}

/** Zones that have a subnet, but none of the pool's type; a VPC that is made has both in every zone. */
export function validatePoolSubnets(aws: AwsLayout, problems: Problems): void {
  const given = aws.input.network?.existing?.subnets;
  if (given?.length !== aws.subnets.length) return;
  for (const pool of aws.pools) {
    // That there is none at all was said of the VPC as a whole.
    if (pool.subnets.length > 0 || !aws.subnets.some((subnet) => subnet.subnetType === pool.subnetType))
      continue;
    // A zone that has none at all was refused by itself.
    if (!pool.zones.some((zone) => aws.zones.includes(zone))) continue;
    problems.add(
      [...pool.path, "zones"],
      pool.input.zones,
      `have no ${pool.subnetType} subnet in network.existing`,
      {
        allowed: aws.subnets
          .filter((subnet) => subnet.subnetType === pool.subnetType)
          .map((one) => one.zone)
          .join(", "),
      },
    );
  }
}

export function validateSpot({ pools }: AwsLayout, problems: Problems): void {
  for (const { path, input, max } of pools) {
    const spot = whenEnabled(input.spot);
    if (spot === undefined) continue;
    const { onDemandBase, onDemandPercent } = spot;
    if (onDemandPercent === 100) {
      problems.add([...path, "spot", "onDemandPercent"], onDemandPercent, "leaves no spot instance", {
        allowed: "less than 100, or no spot",
      });
    }
    if (onDemandBase !== undefined && onDemandBase >= max && max > 0) {
      problems.add(
        [...path, "spot", "onDemandBase"],
        onDemandBase,
        `leaves no spot instance of ${max} nodes`,
        { allowed: `less than ${max}, or no spot` },
      );
    }
  }
}

/** Windows has no package manager that setup knows. */
export function validatePackages({ pools }: AwsLayout, problems: Problems): void {
  for (const { path, input, windows } of pools) {
    if (!windows || input.packages === undefined) continue;
    problems.add([...path, "packages"], input.packages, `cannot be installed on ${input.os}`, {
      allowed: "no packages, or your own image that has them (ami)",
    });
  }
}

/** Seconds that a node needs besides its drain: to notice that it ends, and to say that it is done. */
const DRAIN_MARGIN = 60;

/** A pool's group waits for a drain, and not without end. */
export function validateDrainTimeout({ pools, input }: AwsLayout, problems: Problems): void {
  const { drainTimeoutSeconds } = input;
  const longest = LONGEST_DRAIN - DRAIN_MARGIN;
  if (pools.length === 0 || drainTimeoutSeconds === undefined || drainTimeoutSeconds <= longest) return;
  problems.add(
    ["drainTimeoutSeconds"],
    drainTimeoutSeconds,
    "is longer than an Auto Scaling group waits for a terminating node",
    { allowed: `at most ${longest}: a hundred heartbeats of ${HOOK_TIMEOUT} seconds, less ${DRAIN_MARGIN}` },
  );
}

/** Nodes the pools may come to while they roll, control-plane nodes included. */
export function mostNodes(count: number, pools: readonly PoolLayout[]): number {
  return pools.reduce((sum, { max, input }) => sum + mostWhileRolling(max, refreshPercents(input)), count);
}
