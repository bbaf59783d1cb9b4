import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { controlPlaneUserData } from "../../model/aws/boot/userData";
import { type FirewallGroup } from "../../model/aws/firewall";
import { awsOf } from "../../model/aws/spec";
import { imageParameter } from "../../model/aws/images";
import { hasElasticAddress } from "../../model/aws/quotas";
import { REVISION_TAG, ownedTag, resourceTags, ROLE_TAG } from "../../model/aws/tags";
import { heldBy } from "../../model/aws/topology";
import { cniProfile } from "../../model/cni";
import { API_PORT } from "../../model/network/ports";
import type { ClusterSettings, Machine } from "../../model/settings/resolved";
import type { AwsImage, AwsVolume } from "../../model/aws/settings";
import { INSTANCE_IGNORES } from "../options";
import type { Endpoint } from "./endpoint";
import type { InstanceRole } from "./instanceRole";

/** The volume of etcd as the launch names it (Amazon EC2 User Guide, "Device names for volumes": /dev/sd[f-p] for EBS). */
export const ETCD_DEVICE = "/dev/sdf";

export interface ControlPlaneInstancesArgs {
  /** Parsed settings, the result of `parseCluster`. */
  readonly settings: ClusterSettings;
  /** Subnet ids by the subnet's name in the settings. */
  readonly subnetIds: Readonly<Record<string, pulumi.Input<string>>>;
  /** Ids of the security groups, from `Firewall`. */
  readonly groupIds: Readonly<Partial<Record<FirewallGroup, pulumi.Input<string>>>>;
  /** The load balancers in front of the control-plane nodes. */
  readonly endpoint: Endpoint;
  /** The role of the instances. */
  readonly role: InstanceRole;
  /** Name of the EC2 key pair. */
  readonly keyName: pulumi.Input<string>;
  /** Resources that an instance needs at first boot: routes, secrets, firewall rules. */
  readonly after: readonly pulumi.Resource[];
  /** Creates what the next instance waits for, besides the previous instance. Default: nothing. */
  readonly settled?: (
    name: string,
    machine: Machine,
    publicIp: pulumi.Output<string>,
    opts: pulumi.CustomResourceOptions,
  ) => pulumi.Resource;
}

/**
 * The control-plane nodes as EC2 instances: fixed addresses, alternating zones, encrypted disks, IMDSv2,
 * termination protection. Instances change in place, one after the other; an instance keeps its image and user
 * data, and only a raised revision replaces it.
 */
export class ControlPlaneInstances extends pulumi.ComponentResource {
  /** Instances by the name of the control-plane node. */
  readonly instances: Readonly<Record<string, aws.ec2.Instance>>;
  /** Their public addresses, by the same names. */
  readonly publicIps: Readonly<Record<string, pulumi.Output<string>>>;
  /** The first node's elastic address; set if that node is or was the public endpoint, and SSH goes there. */
  readonly address?: aws.ec2.Eip;
  /** The instances and their load-balancer attachments. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: ControlPlaneInstancesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:ControlPlaneInstances", name, {}, opts);
    const { settings, endpoint } = args;
    const own = awsOf(settings);
    const image = imageId(own.controlPlane.image, own.controlPlane.architecture, this);
    const instances: [string, aws.ec2.Instance][] = [];
    const publicIps: Record<string, pulumi.Output<string>> = {};
    const attached: pulumi.Resource[] = [];
    let before: pulumi.Resource[] = [];
    for (const machine of settings.machines) {
      const instance = this.createInstance(name, machine, image, args, before);
      if (instances.length === 0 && hasElasticAddress(own)) {
        this.address = new aws.ec2.Eip(
          `${name}-address`,
          { domain: "vpc", instance: instance.id, tags: resourceTags(settings, `${settings.name}-api`) },
          // Without a gateway there is nothing that an address could lead to.
          { parent: this, dependsOn: [...args.after] },
        );
      }
      // What AWS gave an instance when it started is gone once it has an elastic address.
      const elastic = instances.length === 0 ? this.address : undefined;
      const publicIp = elastic?.publicIp ?? instance.publicIp;
      publicIps[machine.name] = publicIp;
      instances.push([machine.name, instance]);
      before = [instance];
      if (args.settled !== undefined && machine !== settings.machines.at(-1))
        before.push(
          args.settled(`${name}-${machine.name}-settled`, machine, publicIp, {
            parent: this,
            dependsOn: [instance],
          }),
        );
      for (const [part, balancer] of [
        ["internal", endpoint.internal],
        ["public", endpoint.public],
      ] as const) {
        if (balancer === undefined) continue;
        attached.push(
          new aws.lb.TargetGroupAttachment(
            `${name}-${machine.name}-${part}`,
            { targetGroupArn: balancer.targetGroupArn, targetId: instance.id, port: API_PORT },
            { parent: this },
          ),
        );
      }
    }
    this.instances = Object.fromEntries(instances);
    this.publicIps = publicIps;
    this.ready = [
      ...instances.map(([, instance]) => instance),
      ...attached,
      ...(this.address ? [this.address] : []),
    ];
    this.registerOutputs({ address: this.address?.publicIp });
  }

  private createInstance(
    prefix: string,
    machine: Machine,
    ami: pulumi.Input<string>,
    args: ControlPlaneInstancesArgs,
    before: readonly pulumi.Resource[],
  ): aws.ec2.Instance {
    const { settings } = args;
    const { controlPlane } = awsOf(settings);
    const place = controlPlane.instances.find((one) => one.name === machine.name);
    if (place === undefined) throw new RangeError(`${machine.name} has no place`);
    const tags = {
      ...resourceTags(settings, `${settings.name}-${machine.name}`),
      ...ownedTag(settings),
      [ROLE_TAG]: "control-plane",
      [REVISION_TAG]: String(machine.revision),
    };
    const group = args.groupIds.controlPlane;
    const { protect, terminationProtection, forceDestroy } = heldBy(settings, machine.name);
    return new aws.ec2.Instance(
      `${prefix}-${machine.name}`,
      {
        ami,
        instanceType: controlPlane.instanceType,
        subnetId: args.subnetIds[place.subnet],
        privateIp: place.address,
        vpcSecurityGroupIds: [
          ...(group === undefined ? [] : [group]),
          ...controlPlane.attached.securityGroupIds,
        ],
        iamInstanceProfile: args.role.profile,
        keyName: args.keyName,
        // A second hop would let every pod that tolerates the control-plane nodes' taint ask for the role's
        // credentials. Without pod identity that is how add-ons get theirs.
        metadataOptions: metadataOptions(awsOf(settings).podIdentity === undefined ? 2 : 1),
        privateDnsNameOptions: { hostnameType: "ip-name" },
        rootBlockDevice: rootVolume(controlPlane.volume, tags),
        ...(controlPlane.etcdVolume === undefined
          ? {}
          : { ebsBlockDevices: [{ ...rootVolume(controlPlane.etcdVolume, tags), deviceName: ETCD_DEVICE }] }),
        sourceDestCheck: !cniProfile(settings.cni).sourceDestinationCheckOff,
        disableApiTermination: terminationProtection,
        forceDestroy,
        userDataBase64: Buffer.from(controlPlaneUserData(settings)).toString("base64"),
        tags,
      },
      {
        parent: this,
        // As the CAs: a preview that would replace or delete a control-plane node's disk fails.
        protect,
        dependsOn: [...args.after, ...args.role.policies, ...before],
        ignoreChanges: INSTANCE_IGNORES.map((ignored) => ignored.property),
        replaceOnChanges: [`tags["${REVISION_TAG}"]`],
        // Its address is taken until it is gone.
        deleteBeforeReplace: true,
      },
    );
  }
}

/** IMDSv2 alone, and so many hops away. */
export function metadataOptions(hops: number): {
  httpEndpoint: string;
  httpTokens: string;
  httpPutResponseHopLimit: number;
} {
  return { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: hops };
}

export function rootVolume(
  volume: AwsVolume,
  tags: Readonly<Record<string, string>>,
): aws.types.input.ec2.InstanceRootBlockDevice {
  return {
    volumeType: "gp3",
    volumeSize: volume.sizeGiB,
    iops: volume.iops,
    throughput: volume.throughput,
    encrypted: true,
    kmsKeyId: volume.kmsKeyId,
    deleteOnTermination: true,
    tags,
  };
}

/** The image given, or the publisher's newest when the instance is made. */
export function imageId(
  image: AwsImage,
  architecture: ClusterSettings["machines"][number]["architecture"],
  parent: pulumi.Resource,
): pulumi.Input<string> {
  if (image.ami !== undefined) return image.ami;
  const name = imageParameter(image.os, architecture);
  return aws.ssm.getParameterOutput({ name }, { parent }).insecureValue;
}
