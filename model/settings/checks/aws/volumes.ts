import type { AwsFacts } from "../../awsFacts";
import { AWS_DEFAULTS } from "../../awsDefaults";
import { type Draft, type Facts, pick } from "../../draft";
import type { Path, Problems } from "../../problems";
import type { AwsInput } from "../../schema/cluster";

type Volume = NonNullable<Draft<AwsInput["controlPlane"]["volume"]>>;

/** EBS user guide, "General Purpose SSD volumes": gp3 has up to 500 IOPS for each GiB, and 0.25 MiB/s for each IOPS. */
const GP3 = { iopsPerGiB: 500, throughputPerIops: 0.25 } as const;

/** The public images of Windows Server have a root volume of 30 GiB, and a volume cannot be smaller than its snapshot. */
const WINDOWS_GIB = 30;

export function volumesFit({ input, pools, region }: AwsFacts, _facts: Facts, problems: Problems): void {
  const volumes: [Path, Volume | undefined, number][] = [
    [["controlPlane", "volume"], input.controlPlane?.volume, AWS_DEFAULTS.volume.sizeGiB],
    [["controlPlane", "etcdVolume"], input.controlPlane?.etcdVolume, AWS_DEFAULTS.etcdVolumeGiB],
    ...pools.map(({ path, input: pool, windows }): [Path, Volume | undefined, number] => [
      [...path, "volume"],
      pool.volume,
      windows ? AWS_DEFAULTS.windowsVolumeGiB : AWS_DEFAULTS.volume.sizeGiB,
    ]),
  ];
  for (const [path, volume, size] of volumes) {
    if (volume === undefined) continue;
    volumeFits(path, volume, size, problems);
    keyIsHere([...path, "kmsKeyId"], volume.kmsKeyId, region, problems);
  }
  for (const { path, input: pool, windows } of pools) {
    const given = pool.volume?.sizeGiB;
    if (!windows || given === undefined || given >= WINDOWS_GIB) continue;
    problems.add([...path, "volume", "sizeGiB"], given, `is smaller than the image of ${pool.os}`, {
      allowed: `at least ${WINDOWS_GIB}`,
    });
  }
  if (typeof input.storage === "object") {
    keyIsHere(["storage", "kmsKeyId"], input.storage.kmsKeyId, region, problems);
  }
}

function volumeFits(path: Path, volume: Volume, defaultSize: number, problems: Problems): void {
  const size = pick(volume, "sizeGiB", defaultSize);
  const iops = pick(volume, "iops", AWS_DEFAULTS.volume.iops);
  const throughput = pick(volume, "throughput", AWS_DEFAULTS.volume.throughput);
  if (size !== undefined && volume.iops !== undefined && volume.iops > size * GP3.iopsPerGiB) {
    problems.add([...path, "iops"], volume.iops, `is more than gp3 gives ${size} GiB`, {
      allowed: `at most ${size * GP3.iopsPerGiB}: ${GP3.iopsPerGiB} for each GiB`,
    });
  }
  if (iops !== undefined && throughput !== undefined && throughput > iops * GP3.throughputPerIops) {
    problems.add([...path, "throughput"], throughput, `is more than gp3 gives ${iops} IOPS`, {
      allowed: `at most ${iops * GP3.throughputPerIops}: 0.25 MiB/s for each, or more iops`,
    });
  }
}

/** A key of another region cannot encrypt a volume of this one. */
function keyIsHere(
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
