import { z } from "zod";

import type {
  AwsClusterInput as AwsInput,
  ClusterInput,
  MachinesClusterInput as MachinesInput,
} from "../input/cluster";
import { addonsShape } from "../../addons";
import { helmSchema } from "../../addons/helm/schema";
import { awsShape } from "../../aws/schema";
import { commonShape } from "./common";
import { machinesShape } from "./machines";
import { extrasShape } from "../../extras/schema";
import { tenancyShape } from "../../tenants/schema";

export const PLATFORMS = ["machines", "aws"] as const;

/** What every platform has: the cluster itself, and what runs in it. */
const everywhere = {
  ...commonShape,
  helm: helmSchema.optional(),
  ...addonsShape,
  ...tenancyShape,
  ...extrasShape,
};

/** `kubeadm:cluster` as people write it, on your own machines. */
export const machinesCluster = z.strictObject({
  ...everywhere,
  platform: z.literal("machines").optional(),
  ...machinesShape,
});

/** `kubeadm:cluster` as people write it, on AWS EC2. */
export const awsCluster = z.strictObject({ ...everywhere, platform: z.literal("aws"), ...awsShape });

/** Keys of the settings of any platform. */
export const SETTINGS_KEYS: ReadonlySet<string> = new Set(
  [machinesCluster, awsCluster].flatMap(({ shape }) => Object.keys(shape)),
);

/** Both platforms' keys beside each other, for what looks at settings before they are known to fit. */
export type AnyInput = Partial<Omit<MachinesInput, "network" | "access" | "platform">> &
  Partial<Omit<AwsInput, "bastion" | "endpoint" | "platform">> & { platform?: (typeof PLATFORMS)[number] };

/** Input with every default that depends on nothing else. */
export type FilledMachines = z.output<typeof machinesCluster>;
export type FilledAws = z.output<typeof awsCluster>;

export type { AwsInput, ClusterInput, MachinesInput };
