/** What a pool on AWS is made of besides its role. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { FirewallGroup } from "../../model/aws/firewall";
import { DRAIN_HOOK, HOOK_TIMEOUT, LAUNCH_HOOK, launchTimeout, WARMUP } from "../../model/aws/hooks";
import {
  extraVolumeDevice,
  imageParameter,
  IMAGES,
  resolvedAtLaunch,
  WINDOWS_ROOT_DEVICE,
  windowsImageParameter,
} from "../../model/aws/images";
import { poolGroupName } from "../../model/aws/names";
import type { AwsPool, AwsVolume } from "../../model/aws/settings";
import { autoscalerTags, poolTags, resourceTags, REVISION_TAG } from "../../model/aws/tags";
import { poolBundle, poolUserData } from "../../model/settings/pools";
import type { StepsArgs } from "../machines/steps";
import { SCALING_IGNORES } from "../options";
import type { BootFiles } from "./bootFiles";
import { metadataOptions } from "./controlPlaneInstances";
import type { InstanceRole } from "./instanceRole";

/** What a pool needs of its cluster. */
export interface AwsPoolNodesArgs extends StepsArgs {
  /** The pool in the settings. */
  readonly pool: AwsPool;
  /** Subnet ids by the subnet's name in the settings. */
  readonly subnetIds: Readonly<Record<string, pulumi.Input<string>>>;
  /** Ids of the security groups, from `Firewall`. */
  readonly groupIds: Readonly<Partial<Record<FirewallGroup, pulumi.Input<string>>>>;
  /** The bucket that instances fetch their boot files from. */
  readonly bootFiles: BootFiles;
  /** Resources that an instance needs to join: control-plane nodes and routes. */
  readonly after: readonly pulumi.Resource[];
  /** What everything of the pool waits for, where the pool itself does not. */
  readonly dependsOn: readonly pulumi.Resource[];
  /** The cluster: where the pool has no provider for something, its provider makes it. */
  readonly parent?: pulumi.Resource | undefined;
}

/** What the instances fetch. What is replaced stays in the bucket: an instance of the old template may be on its way. */
export function createBundle(
  prefix: string,
  { settings, pool, bootFiles }: AwsPoolNodesArgs,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const bundle = poolBundle(settings, pool);
  if (bundle === undefined) return [];
  return [
    new aws.s3.BucketObjectv2(
      `${prefix}-boot`,
      {
        bucket: bootFiles.bucket,
        key: bundle.key,
        contentBase64: bundle.bytes.toString("base64"),
        contentType: "application/gzip",
      },
      { ...opts, retainOnDelete: true },
    ),
  ];
}

export function createTemplate(
  prefix: string,
  { settings, pool, groupIds }: AwsPoolNodesArgs,
  role: InstanceRole,
  opts: pulumi.CustomResourceOptions,
): aws.ec2.LaunchTemplate {
  const tags = { ...poolTags(settings, pool), [REVISION_TAG]: String(pool.revision) };
  return new aws.ec2.LaunchTemplate(
    `${prefix}-template`,
    {
      name: poolGroupName(settings.name, pool.name),
      description: `nodes of pool ${pool.name} of Kubernetes cluster ${settings.name}`,
      updateDefaultVersion: true,
      imageId: imageOf(pool),
      instanceType: pool.instanceTypes[0],
      iamInstanceProfile: { arn: role.profileArn },
      vpcSecurityGroupIds: [
        ...(groupIds.worker === undefined ? [] : [groupIds.worker]),
        ...pool.attached.securityGroupIds,
      ],
      metadataOptions: metadataOptions(1),
      privateDnsNameOptions: { hostnameType: "ip-name" },
      blockDeviceMappings: [
        volumeMapping(
          pool.image === undefined ? WINDOWS_ROOT_DEVICE : IMAGES[pool.image.os].rootDevice,
          pool.volume,
        ),
        ...pool.volumes.map((volume, index) =>
          volumeMapping(extraVolumeDevice(index, pool.platform), volume),
        ),
      ],
      userData: poolUserData(settings, pool).toString("base64"),
      tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
      tags: resourceTags(settings, `${settings.name}-${pool.name}`),
    },
    opts,
  );
}

/**
 * Keeps an instance out of service until it is a Ready node. By itself, because a change of the group's initial hooks replaces
 * the group with every node in it. A new group starts its first instances before it has the hook; `up` waits for those.
 */
export function createLaunchHook(
  prefix: string,
  pool: AwsPool,
  group: aws.autoscaling.Group,
  opts: pulumi.CustomResourceOptions,
): void {
  new aws.autoscaling.LifecycleHook(
    `${prefix}-launch`,
    {
      name: LAUNCH_HOOK,
      autoscalingGroupName: group.name,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
      heartbeatTimeout: launchTimeout(pool),
      defaultResult: "ABANDON",
      // A group that is replaced takes its hooks along, and the new one has its name: to the provider such a hook has not
      // changed (autoscaling/lifecycle_hook.go: the group's name does not replace it). The ARN of a group is its alone, so the
      // hook changes with it, and the provider puts it into the new group.
      notificationMetadata: group.arn,
    },
    { ...opts, deleteBeforeReplace: true },
  );
}

export function createGroup(
  prefix: string,
  { settings, pool, subnetIds }: AwsPoolNodesArgs,
  template: aws.ec2.LaunchTemplate,
  opts: pulumi.CustomResourceOptions,
): aws.autoscaling.Group {
  const version = template.latestVersion.apply(String);
  const scales = pool.min !== pool.max;
  const tags = {
    ...resourceTags(settings, `${settings.name}-${pool.name}`),
    ...autoscalerTags(settings, pool),
  };
  return new aws.autoscaling.Group(
    `${prefix}-group`,
    {
      name: poolGroupName(settings.name, pool.name),
      minSize: pool.min,
      maxSize: pool.max,
      desiredCapacity: pool.min,
      vpcZoneIdentifiers: pool.subnets.map((subnet) => subnetIds[subnet]),
      ...(isMixed(pool)
        ? { mixedInstancesPolicy: mixedInstances(pool, template.id, version) }
        : { launchTemplate: { id: template.id, version } }),
      // A new version of the template replaces instance after instance.
      instanceRefresh: {
        strategy: "Rolling",
        preferences: {
          minHealthyPercentage: pool.minHealthyPercent,
          maxHealthyPercentage: pool.maxHealthyPercent,
          instanceWarmup: String(WARMUP),
        },
      },
      // The provider would wait for exactly as many instances as the state says, which a pool that scales does not have, and end
      // at the first that could not be started; `<pool>-ready` waits for nodes, and the group goes on trying.
      waitForCapacityTimeout: "0",
      healthCheckType: "EC2",
      healthCheckGracePeriod: GRACE,
      capacityRebalance: pool.spot !== undefined,
      initialLifecycleHooks: [
        {
          name: DRAIN_HOOK,
          lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
          // The same whatever the settings: another one would be another group, and every node at once.
          heartbeatTimeout: HOOK_TIMEOUT,
          // An instance that does not answer is ended all the same.
          defaultResult: "CONTINUE",
        },
      ],
      // Where the settings let go of everything, a destroy does not wait for each node to be drained.
      forceDelete: !settings.protect,
      tags: Object.entries(tags).map(([key, value]) => ({ key, value, propagateAtLaunch: false })),
    },
    {
      ...opts,
      ignoreChanges: scales ? SCALING_IGNORES.map((ignored) => ignored.property) : [],
      deleteBeforeReplace: true,
      customTimeouts: { delete: deleteTimeout(settings.drainTimeoutSeconds) },
    },
  );
}

/** Seconds from an instance's start in which its health is not judged. */
const GRACE = 300;
/** Least minutes of a delete; the provider's own are ten. */
const LEAST_DELETE = 20;

/** How long a group may take to end all its instances, each of which drains itself or lets the hook's time pass. */
function deleteTimeout(drainTimeoutSeconds: number): string {
  return `${LEAST_DELETE + Math.ceil((drainTimeoutSeconds + HOOK_TIMEOUT) / 60)}m`;
}

function volumeMapping(
  deviceName: string,
  volume: AwsVolume,
): aws.types.input.ec2.LaunchTemplateBlockDeviceMapping {
  return {
    deviceName,
    ebs: {
      volumeType: "gp3",
      volumeSize: volume.sizeGiB,
      iops: volume.iops,
      throughput: volume.throughput,
      encrypted: "true",
      kmsKeyId: volume.kmsKeyId,
      deleteOnTermination: "true",
    },
  };
}

function imageOf(pool: AwsPool): string {
  if (pool.image !== undefined) {
    return pool.image.ami ?? resolvedAtLaunch(imageParameter(pool.image.os, pool.architecture));
  }
  if (pool.windows === undefined) throw new RangeError(`pool ${pool.name} has no image`);
  return pool.windows.ami ?? resolvedAtLaunch(windowsImageParameter(pool.windows.release));
}

function isMixed(pool: AwsPool): boolean {
  return pool.spot !== undefined || pool.instanceTypes.length > 1;
}

function mixedInstances(
  pool: AwsPool,
  launchTemplateId: pulumi.Input<string>,
  version: pulumi.Input<string>,
): aws.types.input.autoscaling.GroupMixedInstancesPolicy {
  const { spot } = pool;
  return {
    instancesDistribution: {
      onDemandAllocationStrategy: "prioritized",
      onDemandBaseCapacity: spot?.onDemandBase ?? 0,
      onDemandPercentageAboveBaseCapacity: spot?.onDemandPercent ?? 100,
      spotAllocationStrategy: "price-capacity-optimized",
      spotMaxPrice: spot?.maxPrice,
    },
    launchTemplate: {
      launchTemplateSpecification: { launchTemplateId, version },
      overrides: pool.instanceTypes.map((instanceType) => ({ instanceType })),
    },
  };
}
