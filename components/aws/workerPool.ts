import * as aws from "@pulumi/aws";
import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { poolUserData } from "../../model/aws/poolUserData";
import type { FirewallGroup } from "../../model/aws/firewall";
import { poolStatements } from "../../model/aws/iam";
import { IMAGES, resolvedAtLaunch, WINDOWS_ROOT_DEVICE, windowsImageParameter } from "../../model/aws/images";
import { DRAIN_HOOK, HOOK_TIMEOUT, joinParameter, poolGroupName } from "../../model/aws/names";
import { autoscalerTags, GENERATION_TAG, poolTags, resourceTags } from "../../model/aws/tags";
import type { AwsPool } from "../../model/settings/resolvedAws";
import { poolReadyStep, type StepsArgs } from "../machines/steps";
import { JOIN_IGNORES, SCALING_IGNORES } from "../options";
import { InstanceRole } from "./instanceRole";
import { metadataOptions } from "./masters";
import { notTaken, onlyOnAws, requireArguments } from "../arguments";

export interface AwsWorkerPoolArgs extends StepsArgs {
  /** The pool of the settings. */
  readonly pool: AwsPool;
  /** By the subnet's name in the settings. */
  readonly subnetIds: Readonly<Record<string, pulumi.Input<string>>>;
  /** Security groups, as `Firewall` has them. */
  readonly groupIds: Readonly<Partial<Record<FirewallGroup, pulumi.Input<string>>>>;
  /** Masters' memberships, and the routes: an instance that starts finds a cluster to join. */
  readonly after: readonly pulumi.Resource[];
}

function poolNames({ aws: own }: StepsArgs["settings"]): string[] {
  return own?.pools.map((pool) => pool.name) ?? [];
}

/** Until a master has written a credential: nothing that could be taken for one. */
const NO_CREDENTIAL = "none yet";

/**
 * A pool as an Auto Scaling group whose instances join by themselves: seven resources, whatever its size. A changed template
 * rolls through the group; `up` waits until the least number of nodes is Ready, and shows what went wrong on one that is not.
 */
export class AwsWorkerPool extends pulumi.ComponentResource {
  /** The pool's name in the settings. */
  readonly pool: string;
  /** Name of the Auto Scaling group. */
  readonly groupName: pulumi.Output<string>;
  /** Ends when the pool's nodes are Ready. */
  readonly nodesReady: readonly command.local.Command[];

  constructor(name: string, args: AwsWorkerPoolArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments(
      "WorkerPool",
      name,
      args,
      ["settings", "pool", "subnetIds", "groupIds", "clusterId", "connections", "after"],
      (given) => [onlyOnAws(given), notTaken("pool", given.pool.name, poolNames(given.settings))],
    );
    super("kubeadm:aws:WorkerPool", name, {}, opts);
    const { settings, pool } = args;
    this.pool = pool.name;
    const role = new InstanceRole(
      `${name}-identity`,
      { settings, part: `pool-${pool.name}`, statements: poolStatements(settings, pool) },
      { parent: this },
    );
    const parameter = new aws.ssm.Parameter(
      `${name}-join`,
      {
        name: joinParameter(settings.name, pool.name),
        description: `join credential of pool ${pool.name}, kept fresh by the masters`,
        type: "SecureString",
        value: pulumi.secret(NO_CREDENTIAL),
        tags: resourceTags(settings, `${settings.name}-${pool.name}`),
      },
      { parent: this, ignoreChanges: JOIN_IGNORES.map((ignored) => ignored.property) },
    );
    const template = this.createTemplate(name, args, role);
    const group = this.createGroup(name, args, template, [role.policy, parameter, ...args.after]);
    this.groupName = group.name;
    this.nodesReady = [
      poolReadyStep(`${name}-ready`, args, pool, { parent: this, dependsOn: [group, ...args.after] }),
    ];
    this.registerOutputs({ pool: this.pool, groupName: this.groupName });
  }

  private createTemplate(
    prefix: string,
    { settings, pool, groupIds }: AwsWorkerPoolArgs,
    role: InstanceRole,
  ): aws.ec2.LaunchTemplate {
    const tags = { ...poolTags(settings, pool), [GENERATION_TAG]: String(pool.generation) };
    const { volume } = pool;
    return new aws.ec2.LaunchTemplate(
      `${prefix}-template`,
      {
        name: poolGroupName(settings.name, pool.name),
        description: `nodes of pool ${pool.name} of Kubernetes cluster ${settings.name}`,
        updateDefaultVersion: true,
        imageId: imageOf(pool),
        instanceType: pool.instanceTypes[0],
        iamInstanceProfile: { arn: role.profileArn },
        vpcSecurityGroupIds: groupIds.worker === undefined ? [] : [groupIds.worker],
        metadataOptions: metadataOptions(1),
        privateDnsNameOptions: { hostnameType: "ip-name" },
        blockDeviceMappings: [
          {
            deviceName: pool.image === undefined ? WINDOWS_ROOT_DEVICE : IMAGES[pool.image.os].rootDevice,
            ebs: {
              volumeType: "gp3",
              volumeSize: volume.sizeGiB,
              iops: volume.iops,
              throughput: volume.throughput,
              encrypted: "true",
              kmsKeyId: volume.kmsKeyId,
              deleteOnTermination: "true",
            },
          },
        ],
        userData: poolUserData(settings, pool).toString("base64"),
        tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
        tags: resourceTags(settings, `${settings.name}-${pool.name}`),
      },
      { parent: this },
    );
  }

  private createGroup(
    prefix: string,
    { settings, pool, subnetIds }: AwsWorkerPoolArgs,
    template: aws.ec2.LaunchTemplate,
    after: readonly pulumi.Resource[],
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
          preferences: { minHealthyPercentage: pool.minHealthyPercent, instanceWarmup: String(WARMUP) },
        },
        healthCheckType: "EC2",
        healthCheckGracePeriod: WARMUP,
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
        parent: this,
        dependsOn: [...after],
        ignoreChanges: scales ? SCALING_IGNORES.map((ignored) => ignored.property) : [],
        deleteBeforeReplace: true,
      },
    );
  }
}

/** Seconds from an instance's start until it may be a node. */
const WARMUP = 300;

function imageOf(pool: AwsPool): string {
  if (pool.image !== undefined) {
    return pool.image.ami ?? resolvedAtLaunch(IMAGES[pool.image.os].parameter(pool.architecture));
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
