import { whenEnabled } from "../../core/enabled";
import type { AwsLayout } from "../layout";
import { AWS_DEFAULTS } from "../defaults";
import type { Checked } from "../../settings/checked";
import { entriesOf } from "../../settings/entries";
import type { Path, Problems } from "../../settings/problems";
import { volumeOf } from "../resolve";
import type { AwsInput } from "../../settings/schema/cluster";

type Volume = NonNullable<AwsInput["controlPlane"]["volume"]>;

/** EBS user guide, "General Purpose SSD volumes": gp3 has up to 500 IOPS for each GiB, and 0.25 MiB/s for each IOPS. */
const GP3 = { iopsPerGiB: 500, throughputPerIops: 0.25 } as const;

/** The public images of Windows Server have a root volume of 30 GiB, and a volume cannot be smaller than its snapshot. */
const WINDOWS_GIB = 30;

export function validateVolumes(
  { input, pools, region }: AwsLayout,
  problems: Problems,
  { refused }: Checked,
): void {
  const { controlPlane } = input;
  const volumes: [Path, Volume | undefined, number][] = [
    [["controlPlane", "volume"], controlPlane.volume, AWS_DEFAULTS.volume.sizeGiB],
    [["controlPlane", "etcdVolume"], controlPlane.etcdVolume, AWS_DEFAULTS.etcdVolumeGiB],
  ];
  for (const { path, input: pool, windows } of pools) {
    const size = windows ? AWS_DEFAULTS.windowsVolumeGiB : AWS_DEFAULTS.volume.sizeGiB;
    volumes.push([[...path, "volume"], pool.volume, size]);
    for (const [index, volume] of entriesOf(pool.volumes))
      volumes.push([[...path, "volumes", index], volume, size]);
    const given = pool.volume?.sizeGiB;
    if (windows && given !== undefined && given < WINDOWS_GIB)
      problems.add([...path, "volume", "sizeGiB"], given, `is smaller than the image of ${pool.os}`, {
        allowed: `at least ${WINDOWS_GIB}`,
      });
  }
  for (const [path, volume, size] of volumes) {
    if (volume === undefined) continue;
    validateVolume(path, volume, size, refused, problems);
    validateKmsKey([...path, "kmsKeyId"], volume.kmsKeyId, region, problems);
  }
  validateKmsKey(["storage", "kmsKeyId"], whenEnabled(input.storage)?.kmsKeyId, region, problems);
}

function validateVolume(
  path: Path,
  volume: Volume,
  defaultSize: number,
  refused: Checked["refused"],
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
  problems.add(path, arn, `belongs to ${of}, but the cluster is in ${region}`, {
    allowed: `a key of ${region}`,
  });
}
