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
      "init runs once: it uses its connections and keys only when it creates the cluster, so a rotated key does not change it",
  },
  {
    property: `environment.${SPEC_VARIABLE}`,
    reason: `init runs once: control-plane nodes get later settings through their node steps; settings that cannot change are watched in ${FIXED_VARIABLE}`,
  },
];

/** Options of control-plane nodes and bastion. */
export const INSTANCE_IGNORES: readonly Ignored[] = [
  {
    property: "ami",
    reason:
      "publishers release a new image every few weeks, and a new image would replace a control-plane node: raise its revision to replace one at a time",
  },
  {
    property: "userDataBase64",
    reason:
      "cloud-init reads it at first boot only: later changes arrive over SSH, and a new value would stop the instance for nothing",
  },
  {
    property: "keyName",
    reason:
      "EC2 installs a key pair at first boot only, and a new one would replace the host: change authorized_keys on the host instead",
  },
  {
    property: "rootBlockDevice.kmsKeyId",
    reason:
      "a volume keeps the key it was created with, and a new one would replace the host: raise its revision to do that",
  },
  {
    property: "ebsBlockDevices",
    reason:
      "an instance gets them when it is created: another etcd volume would replace the host, which a raised revision does; and pods attach and detach volumes",
  },
];

/** What init ignores besides on AWS. */
export const AWS_INIT_IGNORES: readonly Ignored[] = [
  {
    property: `environment.${VALUES_VARIABLE}`,
    reason:
      "these values date from the creation of the cluster, such as the id of a volume that a later instance does not have",
  },
];

/** Options of a pool's join parameter. */
export const JOIN_IGNORES: readonly Ignored[] = [
  { property: "value", reason: "the control-plane nodes write a fresh credential every hour" },
];

/** Options of a pool that scales. */
export const SCALING_IGNORES: readonly Ignored[] = [
  {
    property: "desiredCapacity",
    reason: "the pool's autoscaler chooses it between min and max",
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
