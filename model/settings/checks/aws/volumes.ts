import { whenEnabled } from "../../../core/enabled";
import type { AwsFacts } from "../../awsFacts";
import { AWS_DEFAULTS } from "../../awsDefaults";
import type { Facts } from "../../draft";
import type { Path, Problems } from "../../problems";
import { volumeOf } from "../../resolveAws";
import type { AwsInput } from "../../schema/cluster";

type Volume = NonNullable<AwsInput["controlPlane"]["volume"]>;

/** EBS user guide, "General Purpose SSD volumes": gp3 has up to 500 IOPS for each GiB, and 0.25 MiB/s for each IOPS. */
const GP3 = { iopsPerGiB: 500, throughputPerIops: 0.25 } as const;

/** The public images of Windows Server have a root volume of 30 GiB, and a volume cannot be smaller than its snapshot. */
const WINDOWS_GIB = 30;

export function validateVolumes(
  { input, pools, region }: AwsFacts,
  { refused }: Facts,
  problems: Problems,
): void {
  const volumes: [Path, Volume | undefined, number][] = [
    [["controlPlane", "volume"], input.controlPlane.volume, AWS_DEFAULTS.volume.sizeGiB],
    [["controlPlane", "etcdVolume"], input.controlPlane.etcdVolume, AWS_DEFAULTS.etcdVolumeGiB],
    ...pools.map(({ path, input: pool, windows }): [Path, Volume | undefined, number] => [
      [...path, "volume"],
      pool.volume,
      windows ? AWS_DEFAULTS.windowsVolumeGiB : AWS_DEFAULTS.volume.sizeGiB,
    ]),
    ...pools.flatMap(({ path, input: pool, windows }) =>
      (pool.volumes ?? []).map((volume, index): [Path, Volume | undefined, number] => [
        [...path, "volumes", index],
        volume,
        windows ? AWS_DEFAULTS.windowsVolumeGiB : AWS_DEFAULTS.volume.sizeGiB,
      ]),
    ),
  ];
  for (const [path, volume, size] of volumes) {
    if (volume === undefined) continue;
    validateVolume(path, volume, size, refused, problems);
    validateKmsKey([...path, "kmsKeyId"], volume.kmsKeyId, region, problems);
  }
  for (const { path, input: pool, windows } of pools) {
    const given = pool.volume?.sizeGiB;
    if (!windows || given === undefined || given >= WINDOWS_GIB) continue;
    problems.add([...path, "volume", "sizeGiB"], given, `is smaller than the image of ${pool.os}`, {
      allowed: `at least ${WINDOWS_GIB}`,
    });
  }
  validateKmsKey(["storage", "kmsKeyId"], whenEnabled(input.storage)?.kmsKeyId, region, problems);
}

function validateVolume(
  path: Path,
  volume: Volume,
  defaultSize: number,
  refused: Facts["refused"],
  problems: Problems,
): void {
  if (refused([...path, "sizeGiB"], [...path, "iops"], [...path, "throughput"])) return;
  const { sizeGiB: size, iops, throughput } = volumeOf(volume, defaultSize);
  if (volume.iops !== undefined && volume.iops > size * GP3.iopsPerGiB) {
    problems.add([...path, "iops"], volume.iops, `is more than gp3 gives ${size} GiB`, {
      allowed: `at most ${size * GP3.iopsPerGiB}: ${GP3.iopsPerGiB} for each GiB`,
    });
  }
  if (throughput > iops * GP3.throughputPerIops) {
    problems.add([...path, "throughput"], throughput, `is more than gp3 gives ${iops} IOPS`, {
      allowed: `at most ${iops * GP3.throughputPerIops}: 0.25 MiB/s for each, or more iops`,
    });
  }
}

/** A key of another region cannot encrypt a volume of this one. */
function validateKmsKey(
  path: Path,
  arn: string | undefined,
  region: string | undefined,
  problems: Problems,
): void {
  const of = arn?.split(":")[3];
  if (of === undefined || region === undefined || of === region) return;
  problems.add(path, arn, `is a key of ${of}, and the cluster is in ${region}`, {
    allowed: `a key of ${region}`,
  });
}
