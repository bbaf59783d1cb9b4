import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../model/settings/resolved";
import type { StepsArgs } from "./machines/steps";
import type { Pki } from "./pki/pki";
import type { Secrets } from "./secrets";

/** The workers of one pool, on any platform. */
export interface NodePool extends pulumi.ComponentResource {
  /** The pool's name in the settings. */
  readonly pool: string;
  /** Resolves when every machine of the pool is a node. */
  readonly nodesReady: readonly pulumi.Resource[];
}

/** A DNS record to create. */
export interface DnsRecord {
  /** Name of the resource. */
  readonly resource: string;
  /** Id of the zone. */
  readonly zoneId: string;
  /** DNS name. */
  readonly name: string;
}

/** Creates DNS records that point at a load balancer, and returns them by DNS name. */
export type CreateDnsRecords = (
  records: readonly DnsRecord[],
  target: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
) => Readonly<Record<string, pulumi.CustomResource>>;

export interface CloudArgs {
  /** Parsed settings, the result of `parseCluster`. */
  readonly settings: ClusterSettings;
  readonly pki: Pki;
  /** Secrets by the names that the settings use. */
  readonly secrets: Secrets;
  /** There is one when the control plane answers, after a restore and a rotation: nothing that it waits for may wait for this. */
  readonly answers: pulumi.Output<unknown>;
}

/** What a cloud's add-ons are made from. */
export interface CloudAddonsArgs {
  readonly init: pulumi.Resource;
  readonly cni: pulumi.Resource;
  readonly steps: StepsArgs;
  /** What is deleted after the cloud's controllers have cleaned up: the nodes. */
  readonly nodes: readonly pulumi.Resource[];
}

/** What a cloud adds to a cluster: machines, access to the API, and add-ons that call the cloud. */
export interface Cloud {
  /** What steps on hosts need besides the settings. */
  readonly steps: Pick<
    StepsArgs,
    "connections" | "bastion" | "values" | "instances" | "machineValues" | "guards"
  >;
  /** Everything that must exist before a step connects to a host. */
  readonly ready: readonly pulumi.Resource[];
  /** DNS name or address at which people and the program reach the API. */
  readonly accessHost: pulumi.Output<string>;
  readonly createDnsRecords: CreateDnsRecords;
  /**
   * Creates the worker pools and returns them by name; `given` are those that the program created. Their nodes join after
   * `nodeSteps`.
   */
  createPools(
    name: string,
    steps: StepsArgs,
    nodeSteps: readonly pulumi.Resource[],
    given: ReadonlyMap<string, NodePool>,
    opts: pulumi.CustomResourceOptions,
  ): Readonly<Record<string, NodePool>>;
  /** Creates the add-ons that come before DNS: new nodes have a taint until the cloud's controller has seen them. */
  createAddons(
    name: string,
    args: CloudAddonsArgs,
    opts: pulumi.ComponentResourceOptions,
  ): readonly pulumi.Resource[];
  /**
   * Creates what a destroy deletes first, and what can refuse it while everything is there.
   * @param all the rest of the cluster, in it and around it; what these depend on needs no mention
   */
  createDestroyGuard(name: string, all: readonly pulumi.Resource[], opts: pulumi.CustomResourceOptions): void;
}

type CreateCloud = (name: string, args: CloudArgs, opts: pulumi.CustomResourceOptions) => Cloud;

const clouds = new Map<string, CreateCloud>();

/** `pulumi-kubeadm/aws` calls this when it is imported, so that only its users need the AWS SDK. */
export function registerCloud(platform: string, create: CreateCloud): void {
  clouds.set(platform, create);
}

/** The module of the platform was imported, or it needs none. */
export function hasCloud(platform: string): boolean {
  return platform === "machines" || clouds.has(platform);
}

/** @throws RunError when the platform's module was not imported */
export function createCloud(
  name: string,
  args: CloudArgs,
  opts: pulumi.CustomResourceOptions,
): Cloud | undefined {
  const { platform } = args.settings;
  if (platform === "machines") return undefined;
  const create = clouds.get(platform);
  if (create === undefined)
    throw new pulumi.RunError(
      `platform: ${platform} needs one more import in your program: import "pulumi-kubeadm/${platform}"; ` +
        `and the package @pulumi/${platform}`,
    );
  return create(name, args, opts);
}
