import { FIXED_VARIABLE, SPEC_VARIABLE, VALUES_VARIABLE } from "../host/protocol";

/**
 * Resource options that several components share, each with its reason. `npm run plan` prints the reasons beside the
 * resources that have them.
 */

/** Why a property of a resource is not watched. */
export interface Ignored {
  readonly property: string;
  readonly reason: string;
}

export const INIT_IGNORES: readonly Ignored[] = [
  {
    property: "stdin",
    reason:
      "init is done once: its connections and keys are used when the cluster is made and never again, so a rotated key is not a change to it",
  },
  {
    property: `environment.${SPEC_VARIABLE}`,
    reason: `the configuration init started with is history: control-plane nodes get later settings through their node step; what cannot change is watched in ${FIXED_VARIABLE}`,
  },
];

/** Of control-plane nodes and bastion. */
export const INSTANCE_IGNORES: readonly Ignored[] = [
  {
    property: "ami",
    reason:
      "the publisher's newest image is another one every few weeks, and a new one would replace a control-plane node: a raised revision does, one control-plane node at a time",
  },
  {
    property: "userDataBase64",
    reason:
      "cloud-init has read it at the first boot: later changes come by the program, and would stop the instance for nothing",
  },
  {
    property: "keyName",
    reason:
      "EC2 hands a key pair out at the first boot alone: another one would replace the host, whose authorized_keys are changed on the host",
  },
  {
    property: "rootBlockDevice.kmsKeyId",
    reason:
      "a volume keeps the key that it was made with: another one would replace the host, which a raised revision does",
  },
  {
    property: "ebsBlockDevices",
    reason:
      "an instance has them from its start: another volume for etcd would replace the host, which a raised revision does; and volumes of pods come and go",
  },
];

/** What init ignores besides on AWS. */
export const AWS_INIT_IGNORES: readonly Ignored[] = [
  {
    property: `environment.${VALUES_VARIABLE}`,
    reason:
      "what AWS said when the cluster was made is history, as the id of a volume that a later instance has not",
  },
];

/** Of a pool's join parameter. */
export const JOIN_IGNORES: readonly Ignored[] = [
  { property: "value", reason: "the control-plane nodes write a fresh credential every hour" },
];

/** Of a pool that scales. */
export const SCALING_IGNORES: readonly Ignored[] = [
  {
    property: "desiredCapacity",
    reason: "whoever scales the pool decides it, between its least and its most",
  },
];

const COMMAND = "command:local:Command";

interface Table {
  readonly of: (name: string, type: string) => boolean;
  readonly ignores: readonly Ignored[];
}

const TABLES: readonly Table[] = [
  {
    of: (name, type) => type === COMMAND && name.endsWith("-init"),
    ignores: [...INIT_IGNORES, ...AWS_INIT_IGNORES],
  },
  { of: (_, type) => type === "aws:ec2/instance:Instance", ignores: INSTANCE_IGNORES },
  { of: (_, type) => type === "aws:ssm/parameter:Parameter", ignores: JOIN_IGNORES },
  { of: (_, type) => type === "aws:autoscaling/group:Group", ignores: SCALING_IGNORES },
];

/** By a resource's name and type, for `plan.json`. */
export function ignoreReason(name: string, property: string, type = COMMAND): string | undefined {
  const table = TABLES.find((one) => one.of(name, type));
  return table?.ignores.find((ignored) => ignored.property === property)?.reason;
}
