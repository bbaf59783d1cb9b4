import type * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import type { LeftoversStepSpec, Operation } from "../../host/protocol";
import { usedAddons } from "../../model/addons";
import { awsOf } from "../../model/aws/spec";
import { proxyVariables } from "../../model/node/downloads";
import type { ClusterSettings } from "../../model/settings/resolved";
import { hostStep } from "../machines/hostStep";
import { controlPlaneMachines, type StepsArgs } from "../machines/steps";
import type { CloudProvider } from "./cloudProvider";
import type { LoadBalancerController } from "./loadBalancerController";
import type { Storage } from "./storage";

export interface LeftoversArgs {
  readonly steps: StepsArgs;
  readonly controller: CloudProvider;
  /** Undefined: the cluster has no EBS driver. */
  readonly storage: Storage | undefined;
  /** Undefined: it is not installed. */
  readonly loadBalancers: LoadBalancerController | undefined;
  /** The nodes, which the controllers and the pods run on, and whatever else a refused destroy must not take. */
  readonly nodes: readonly pulumi.Resource[];
}

/** Stand for roles in the step's specification. */
const BALANCERS_ROLE = "${cloudControllerRole}";
const VOLUMES_ROLE = "${storageRole}";
const CONTROLLER_ROLE = "${loadBalancerControllerRole}";

/**
 * A step that a destroy deletes before all else of the cluster, since it depends on all of it: what would refuse the destroy does so while
 * everything is there. Nothing runs before that.
 * @param all what must not go; direct dependencies, by which `--continue-on-error` goes
 */
export function createDestroyGuard(
  name: string,
  args: LeftoversArgs,
  all: readonly pulumi.Resource[],
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  return leftoversStep(name, { ...args, nodes: [...args.nodes, ...all] }, "destroyGuard", ["delete"], opts);
}

/**
 * A step whose delete comes before that of everything the cluster's controllers need: it lets them delete what they created on
 * AWS. It is protected as the cluster is, so that `--exclude-protected` does not take load balancers from a cluster that stays.
 */
export function createLeftovers(
  name: string,
  args: LeftoversArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  return leftoversStep(name, args, "leftovers", ["create", "update", "delete"], opts);
}

function leftoversStep(
  name: string,
  { steps, controller, storage, loadBalancers, nodes }: LeftoversArgs,
  step: LeftoversStepSpec["step"],
  operations: readonly Operation[],
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const { settings } = steps;
  const { region, partition, onDestroy } = awsOf(settings);
  const roles = [
    { key: "balancers", token: BALANCERS_ROLE, arn: controller.roleArn },
    { key: "volumes", token: VOLUMES_ROLE, arn: storage?.roleArn },
    { key: "controller", token: CONTROLLER_ROLE, arn: loadBalancers?.roleArn },
  ].filter(hasArn);
  const machines = controlPlaneMachines(settings).map((machine) => machine.name);
  return hostStep(
    name,
    {
      ...steps,
      values: Object.fromEntries(roles.map(({ token, arn }) => [token, arn])),
      machines,
      spec: {
        step,
        controlPlaneNodes: machines,
        leftovers: {
          ...onDestroy,
          cluster: settings.name,
          aws: { region, partition },
          proxy: proxyVariables(settings),
          storage: storage !== undefined,
          controller: loadBalancers !== undefined,
          roles: Object.fromEntries(roles.map(({ key, token }) => [key, token])),
          own: ownBalanced(settings),
        },
      },
      operations,
    },
    {
      ...opts,
      protect: settings.protect,
      dependsOn: [...nodes, controller, ...[storage, loadBalancers].filter((addon) => addon !== undefined)],
    },
  );
}

/** Services of add-ons, which the provider deletes. */
function ownBalanced({ addons }: ClusterSettings): string[] {
  return usedAddons(addons)
    .flatMap(({ domain, settings }) => domain.balanced?.(settings) ?? [])
    .map((service) => `Service ${service}`);
}

interface ControllerRole {
  readonly key: string;
  readonly token: string;
  readonly arn: pulumi.Output<string>;
}

function hasArn(one: Omit<ControllerRole, "arn"> & Partial<ControllerRole>): one is ControllerRole {
  return one.arn !== undefined;
}
