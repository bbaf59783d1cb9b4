import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { bastionUserData } from "../../model/aws/boot/userData";
import { type FirewallGroup } from "../../model/aws/firewall";
import { awsOf } from "../../model/aws/spec";
import { bastionStatements } from "../../model/aws/iam";
import { resourceTags, ROLE_TAG } from "../../model/aws/tags";
import type { ClusterSettings } from "../../model/settings/resolved";
import { INSTANCE_IGNORES } from "../options";
import { InstanceRole } from "./instanceRole";
import { imageId, metadataOptions, rootVolume } from "./controlPlaneInstances";

export interface BastionArgs {
  /** Parsed settings, the result of `parseCluster`. */
  readonly settings: ClusterSettings;
  /** Subnet ids by the subnet's name in the settings. */
  readonly subnetIds: Readonly<Record<string, pulumi.Input<string>>>;
  /** Ids of the security groups, from `Firewall`. */
  readonly groupIds: Readonly<Partial<Record<FirewallGroup, pulumi.Input<string>>>>;
  /** Name of the EC2 key pair. */
  readonly keyName: pulumi.Input<string>;
  /** Resources that the instance needs at first boot: routes, host key, firewall rules. */
  readonly after: readonly pulumi.Resource[];
}

/** Fits every image of the table. */
const VOLUME = { sizeGiB: 10, iops: 3000, throughput: 125 } as const;

/**
 * The SSH jump host for control-plane nodes without public addresses. If the API is private, it also forwards the
 * API port. It has no credentials of the cluster.
 */
export class Bastion extends pulumi.ComponentResource {
  /** Address of its Elastic IP; it does not change. */
  readonly publicIp: pulumi.Output<string>;
  /** Resources that must exist before you can connect to it. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: BastionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:Bastion", name, {}, opts);
    const { settings, groupIds } = args;
    const { bastion } = awsOf(settings);
    if (bastion === undefined) throw new RangeError("these settings have no bastion");
    const role = new InstanceRole(
      `${name}-identity`,
      { settings, part: "bastion", statements: bastionStatements(settings) },
      { parent: this },
    );
    const tags = { ...resourceTags(settings, `${settings.name}-bastion`), [ROLE_TAG]: "bastion" };
    const instance = new aws.ec2.Instance(
      `${name}-instance`,
      {
        ami: imageId(bastion.image, bastion.architecture, this),
        instanceType: bastion.instanceType,
        subnetId: args.subnetIds[bastion.subnet],
        privateIp: bastion.address,
        vpcSecurityGroupIds: groupIds.bastion === undefined ? [] : [groupIds.bastion],
        iamInstanceProfile: role.profile,
        keyName: args.keyName,
        metadataOptions: metadataOptions(1),
        rootBlockDevice: rootVolume(VOLUME, tags),
        userDataBase64: Buffer.from(bastionUserData(settings)).toString("base64"),
        // It holds nothing that would be lost: a changed forwarder is a new bastion.
        userDataReplaceOnChange: true,
        tags,
      },
      {
        parent: this,
        dependsOn: [...args.after, ...role.policies],
        ignoreChanges: INSTANCE_IGNORES.map((ignored) => ignored.property).filter(
          (property) => property !== "userDataBase64",
        ),
        deleteBeforeReplace: true,
      },
    );
    const address = new aws.ec2.Eip(
      `${name}-address`,
      { domain: "vpc", instance: instance.id, tags },
      { parent: this },
    );
    this.publicIp = address.publicIp;
    this.ready = [instance, address];
    this.registerOutputs({ publicIp: this.publicIp });
  }
}
