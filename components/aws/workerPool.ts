import * as aws from "@pulumi/aws";
import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { poolStatements } from "../../model/aws/iam";
import type { WorkerPoolInput } from "../../model/aws/input";
import { joinParameter } from "../../model/aws/names";
import { resourceTags } from "../../model/aws/tags";
import { parseAwsPool } from "../../model/settings/poolAlone";
import { reportedWith } from "../../model/settings/problems";
import { takeLate } from "../late";
import { poolReadyStep } from "../machines/steps";
import { STEP_TYPE } from "../machines/workerPool";
import { JOIN_IGNORES } from "../options";
import { Checked, orChecked } from "../part";
import { declarePool, type DeclaredPool } from "../pools";
import { inProgram } from "../origin";
import { reporting } from "../settingsError";
import { InstanceRole } from "./instanceRole";
import {
  createBundle,
  createGroup,
  createLaunchHook,
  createTemplate,
  type AwsPoolNodesArgs,
} from "./poolGroup";

/** Arguments of a pool on AWS. */
export interface AwsWorkerPoolArgs extends WorkerPoolInput {
  /**
   * Name of the pool, part of the names of what is created. The nodes get the label `node-role.kubernetes.io/<pool>`. Not
   * `control-plane` or `master`.
   *
   * @defaultValue the name of the component
   */
  pool?: string;
}

/** Until a control-plane node has written a credential: nothing that could be treated as one. */
const NO_CREDENTIAL = "none yet";

/**
 * A pool of workers on AWS: an Auto Scaling group whose instances join by themselves. Create it first, then pass it to its `Cluster`
 * in `pools`: control-plane nodes let in only instances of pools that they know. Nine resources, whatever its size.
 *
 * ```ts
 * const batch = new AwsWorkerPool("batch", {
 *   instanceTypes: ["m6i.large", "m5.large"],
 *   min: 1,
 *   max: 10,
 *   spot: { enabled: true },
 *   taints: ["batch=true:NoSchedule"],
 * });
 * new Cluster("prod", {
 *   region: "eu-central-1",
 *   settings: {
 *     platform: "aws",
 *     access: { api: ["203.0.113.0/24"], ssh: ["203.0.113.0/24"] },
 *     controlPlane: { count: 1, instanceType: "t3.medium" },
 *   },
 *   pools: [batch],
 * });
 * ```
 *
 * A changed template rolls through the group: a node is replaced only when a new one is Ready, so a template that does not boot
 * stops at its first instance. `up` waits until the minimum number of nodes is Ready, and reports the error of an
 * instance that fails.
 *
 * The cluster checks zones, instance types and sizes together with its settings.
 *
 * @throws ClusterSettingsError with every problem of the arguments, before the pool is registered
 */
export class AwsWorkerPool extends pulumi.ComponentResource {
  /** The pool's name. */
  readonly pool: string;
  private nodes: PoolNodes | undefined;

  constructor(
    private readonly called: string,
    args: AwsWorkerPoolArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const own = orChecked<AwsWorkerPoolArgs, string>(args);
    const given = own instanceof Checked ? undefined : declared(called, own);
    super("kubeadm:aws:AwsWorkerPool", called, {}, opts);
    this.pool = own instanceof Checked ? own.spec : (own.pool ?? called);
    if (given !== undefined) declarePool({ ...given, resource: this });
    this.registerOutputs({ pool: this.pool });
  }

  /** Name of the Auto Scaling group. @throws Error before a cluster has taken the pool */
  get groupName(): pulumi.Output<string> {
    return this.made.groupName;
  }

  /** Complete when the pool's nodes are Ready. @throws Error before a cluster has taken the pool */
  get nodesReady(): readonly command.local.Command[] {
    return this.made.nodesReady;
  }

  private get made(): PoolNodes {
    if (this.nodes !== undefined) return this.nodes;
    throw new Error(`pool ${this.pool} has no nodes yet: create the Cluster with it in pools first`);
  }

  /** Makes everything of the pool; its `Cluster` calls it. */
  createNodes(args: AwsPoolNodesArgs): void {
    const { settings, pool } = args;
    const name = this.called;
    const opts = this.below(args, "aws:index:Resource");
    const role = new InstanceRole(
      `${name}-identity`,
      {
        settings,
        part: `pool-${pool.name}`,
        statements: poolStatements(settings, pool),
        policyArns: pool.attached.policyArns,
      },
      opts,
    );
    const parameter = new aws.ssm.Parameter(
      `${name}-join`,
      {
        name: joinParameter(settings.name, pool.name),
        description: `join credential of pool ${pool.name}, kept fresh by the control-plane nodes`,
        type: "SecureString",
        value: pulumi.secret(NO_CREDENTIAL),
        tags: resourceTags(settings, `${settings.name}-${pool.name}`),
      },
      { ...opts, ignoreChanges: JOIN_IGNORES.map((ignored) => ignored.property) },
    );
    const template = createTemplate(name, args, role, opts);
    const after = [
      ...role.policies,
      parameter,
      ...createBundle(name, args, opts),
      ...args.bootFiles.ready,
      ...args.after,
    ];
    const group = createGroup(name, args, template, pulumi.mergeOptions(opts, { dependsOn: after }));
    createLaunchHook(name, pool, group, opts);
    const ready = pulumi.mergeOptions(this.below(args, STEP_TYPE), { dependsOn: [group, ...args.after] });
    this.nodes = { groupName: group.name, nodesReady: [poolReadyStep(`${name}-ready`, args, pool, ready)] };
  }

  /** Options of what the pool has: by its own provider, else by its cluster's. */
  private below({ dependsOn, parent }: AwsPoolNodesArgs, type: string): pulumi.CustomResourceOptions {
    const provider = this.getProvider(type) ?? parent?.getProvider(type);
    return { parent: this, dependsOn: [...dependsOn], ...(provider === undefined ? {} : { provider }) };
  }
}

interface PoolNodes {
  readonly groupName: pulumi.Output<string>;
  readonly nodesReady: readonly command.local.Command[];
}

/** @throws ClusterSettingsError with every problem of the arguments */
function declared(name: string, given: AwsWorkerPoolArgs | undefined): Omit<DeclaredPool, "resource"> {
  // A program that no compiler has checked may give nothing.
  const { pool = name, ...args }: AwsWorkerPoolArgs = { ...given };
  const title = `AwsWorkerPool ${name}`;
  const { plain, problems } = takeLate({ ...args, pool }, "a plain value");
  reporting(() => inProgram(title, () => reportedWith(problems, title, () => parseAwsPool(title, plain))));
  return {
    name,
    component: "AwsWorkerPool",
    platform: "aws",
    pool,
    entries: { [pool]: { ...args } },
  };
}
