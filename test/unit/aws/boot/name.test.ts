/** By which name a run knows the nodes that a changed pool comes up with. */
import { expect, it } from "vitest";
import { poolBoot } from "../../../../model/settings/pools";
import { awsSettings } from "../../../support/awsInput";
import { windowsAws } from "../../../support/windowsSettings";
import { all, set, type Change } from "../../settings/edit";

type Platform = "linux" | "windows";

function boot(platform: Platform, ...changes: Change[]): string {
  const settings = awsSettings(windowsAws, all(...changes));
  const pool = settings.aws?.pools.find((one) => one.platform === platform) ?? expect.fail("no pool");
  return poolBoot(settings, pool);
}

const pools: readonly (readonly [Platform, string])[] = [
  ["linux", "general"],
  ["windows", "win"],
];

it.each(pools)(
  "is another one where EC2 starts %s instances otherwise: a run waits for those",
  (platform, pool) => {
    const of = (key: string, value: unknown) => boot(platform, set(`workers.${pool}.${key}`, value));
    const names = [
      boot(platform),
      of("instanceType", "m6a.large"),
      of("instanceTypes", ["m6a.large"]),
      of("volume", { sizeGiB: 100 }),
      of("volumes", [{}]),
      of("securityGroupIds", ["sg-00000001"]),
      of("ami", "ami-0123456789abcdef0"),
    ];
    expect(new Set(names).size).toBe(names.length);
  },
);

it.each(pools)("stays where %s instances start as they did", (platform, pool) => {
  const of = (key: string, value: unknown) => boot(platform, set(`workers.${pool}.${key}`, value));
  const arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
  for (const one of [of("count", 3), of("tags", { a: "b" }), of("policyArns", [arn]), of("maxSurge", "50%")])
    expect(one).toBe(boot(platform));
});
