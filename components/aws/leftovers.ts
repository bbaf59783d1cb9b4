import type * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { awsOf } from "../../model/aws/spec";
import { proxyVariables } from "../../model/node/downloads";
import { hostStep } from "../machines/hostStep";
import { controlPlaneMachines, type StepsArgs } from "../machines/steps";
import type { CloudProvider } from "./cloudProvider";
import type { Storage } from "./storage";

export interface LeftoversArgs {
  readonly steps: StepsArgs;
  readonly controller: CloudProvider;
  /** Undefined: the cluster has no EBS driver. */
  readonly storage: Storage | undefined;
  /** The nodes, which the controllers and the pods run on. */
  readonly nodes: readonly pulumi.Resource[];
}

/** Stand for roles in the step's specification. */
const BALANCERS_ROLE = "${cloudControllerRole}";
const VOLUMES_ROLE = "${storageRole}";

/**
 * A step whose delete comes before that of everything the cluster's controllers need: it lets them delete what they created on
 * AWS. It is protected as the cluster is, so that `--exclude-protected` does not take load balancers from a cluster that stays.
 */
export function createLeftovers(
  name: string,
  { steps, controller, storage, nodes }: LeftoversArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const { settings } = steps;
  const { region, partition, onDestroy } = awsOf(settings);
  const machines = controlPlaneMachines(settings).map((machine) => machine.name);
  return hostStep(
    name,
    {
      ...steps,
      values: {
        ...(controller.roleArn === undefined ? {} : { [BALANCERS_ROLE]: controller.roleArn }),
        ...(storage?.roleArn === undefined ? {} : { [VOLUMES_ROLE]: storage.roleArn }),
      },
      machines,
      spec: {
        step: "leftovers",
        controlPlaneNodes: machines,
        leftovers: {
          ...onDestroy,
          cluster: settings.name,
          aws: { region, partition },
          proxy: proxyVariables(settings),
          storage: storage !== undefined,
          roles: {
            ...(controller.roleArn === undefined ? {} : { balancers: BALANCERS_ROLE }),
            ...(storage?.roleArn === undefined ? {} : { volumes: VOLUMES_ROLE }),
          },
        },
      },
      operations: ["create", "update", "delete"],
    },
    {
      ...opts,
      protect: settings.protect,
      dependsOn: [...nodes, controller, ...(storage === undefined ? [] : [storage])],
    },
  );
}
