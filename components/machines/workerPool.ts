import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { parseMachinePool } from "../../model/settings/poolAlone";
import type { MachinePoolInput } from "../../model/settings/input/pools";
import { reportedWith } from "../../model/settings/problems";
import type { ClusterSettings } from "../../model/settings/resolved";
import { takeLate, type PoolMachineArgs } from "../late";
import { Checked, orChecked } from "../part";
import { declarePool, type DeclaredPool } from "../pools";
import { knownSecrets, type Secrets } from "../secrets";
import { inProgram } from "../origin";
import { reporting } from "../settingsError";
import { nodeStep, setupStep, type StepsArgs } from "./steps";

/** Arguments of a pool of workers on your own machines. */
export interface WorkerPoolArgs extends Omit<MachinePoolInput, "machines"> {
  /**
   * The machines by name, as under `machines` in the settings, without `role` and `pool`. A name is a machine's identity, and the name of
   * its node. `host`, `hostKey` and `nodeAddress` may be outputs.
   */
  machines: Record<string, PoolMachineArgs>;
  /**
   * The private keys that the machines name in `key`, or one output with all of them.
   *
   * @defaultValue those of the cluster
   */
  secrets?: pulumi.Input<Secrets>;
}

/** A pool as its cluster's settings have it. */
export interface PoolOfSettings {
  /** The pool's name. */
  readonly pool: string;
  /** Names of its machines. */
  readonly nodes: readonly string[];
}

/** What the steps of a pool's machines need of the cluster. */
export interface PoolStepsArgs extends StepsArgs {
  /** Resources that must exist before a step touches a host. */
  readonly after: readonly pulumi.Resource[];
  /** Control-plane nodes: workers join, and are upgraded, after them. */
  readonly controlPlaneNodes: readonly pulumi.Resource[];
  /** Makes the steps where the pool has no provider for them; undefined: the default one. */
  readonly provider?: pulumi.ProviderResource | undefined;
}

/** Type of a step. */
export const STEP_TYPE = "command:local:Command";

/** The pools of the settings, in their order, and those of these names that have no machine. */
export function poolsOf(settings: ClusterSettings, empty: readonly string[] = []): PoolOfSettings[] {
  const workers = settings.machines.filter((machine) => machine.role === "worker");
  const names = [...new Set([...workers.map((machine) => machine.pool), ...empty])];
  return names.map((pool) => ({
    pool,
    nodes: workers.filter((machine) => machine.pool === pool).map(({ name }) => name),
  }));
}

/**
 * A pool of similar workers on your own machines, or on machines that another provider creates in the same program. Create it first,
 * then pass it to its `Cluster` in `pools`: the other nodes must know its machines before they join. Two resources per machine.
 *
 * ```ts
 * const gpu = new WorkerPool("gpu", {
 *   labels: { accelerator: "nvidia" },
 *   machines: {
 *     gpu1: {
 *       host: "192.0.2.31",
 *       user: "ubuntu",
 *       hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMv3gBvHJR2U0e5f8AcTLpTzzTCNSq5ezCyoNYHmXh4b",
 *       key: "operator",
 *     },
 *   },
 *   secrets: { operator: config.requireSecret("operatorKey") },
 * });
 * new Cluster("lab", {
 *   settings: {
 *     machines: {
 *       cp1: {
 *         role: "controlPlane",
 *         host: "192.0.2.30",
 *         user: "ubuntu",
 *         hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBsrEOsekS05eymmYe1rGXDJT7H8h72+f1ZsJzPx77jr",
 *         key: "operator",
 *       },
 *     },
 *   },
 *   secrets: { operator: config.requireSecret("operatorKey") },
 *   pools: [gpu],
 * });
 * ```
 *
 * The cluster checks the machines together with its own, looks at all of them before one is changed, and removes a node that is
 * taken out as it does with machines of the settings.
 *
 * @throws ClusterSettingsError with every problem of the arguments, before the pool is registered
 */
export class WorkerPool extends pulumi.ComponentResource {
  /** The pool's name. */
  readonly pool: string;
  /** Names of the pool's nodes. */
  readonly nodes: readonly string[];
  private steps: readonly command.local.Command[] | undefined;

  constructor(
    private readonly called: string,
    args: WorkerPoolArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const own = orChecked<WorkerPoolArgs, PoolOfSettings>(args);
    const given = own instanceof Checked ? undefined : declared(called, own);
    super("kubeadm:index:WorkerPool", called, {}, opts);
    const { pool, nodes } =
      own instanceof Checked ? own.spec : { pool: given?.pool ?? called, nodes: Object.keys(own.machines) };
    this.pool = pool;
    this.nodes = nodes;
    if (given !== undefined) declarePool({ ...given, resource: this });
    this.registerOutputs({ pool, nodes });
  }

  /** One for each node, in the order of `nodes`. @throws Error before a cluster has taken the pool */
  get nodeSteps(): readonly command.local.Command[] {
    if (this.steps !== undefined) return this.steps;
    throw new Error(`pool ${this.pool} has no nodes yet: create the Cluster with it in pools first`);
  }

  /** Complete when the pool's machines are nodes. @throws Error before a cluster has taken the pool */
  get nodesReady(): readonly pulumi.Resource[] {
    return this.nodeSteps;
  }

  /** Makes the steps of its machines; its `Cluster` calls it. */
  createSteps(args: PoolStepsArgs): void {
    const provider = this.getProvider(STEP_TYPE) ?? args.provider;
    const opts = { parent: this, ...(provider === undefined ? {} : { provider }) };
    const machines = args.settings.machines.filter(({ name }) => this.nodes.includes(name));
    this.steps = machines.map((machine) => {
      const prefix = `${this.called}-${machine.name}`;
      const setup = setupStep(`${prefix}-setup`, args, machine, { ...opts, dependsOn: [...args.after] });
      return nodeStep(`${prefix}-node`, args, machine, {
        ...opts,
        dependsOn: [setup, ...args.controlPlaneNodes],
      });
    });
  }
}

/** @throws ClusterSettingsError with every problem of the arguments */
function declared(name: string, given: WorkerPoolArgs | undefined): Omit<DeclaredPool, "resource"> {
  // A program that no compiler has checked may give nothing.
  const { secrets, ...args }: Partial<WorkerPoolArgs> = { ...given };
  const pool = args.pool ?? name;
  const title = `WorkerPool ${name}`;
  const { plain, late, problems } = takeLate({ ...args, pool }, ONLY_ADDRESSES);
  reporting(() => {
    const known = secrets === undefined ? undefined : knownSecrets(secrets, title);
    inProgram(title, () =>
      reportedWith(problems, title, () =>
        parseMachinePool(title, plain, { late: late.map(({ path }) => path), secrets: known }),
      ),
    );
  });
  const { machines = {}, labels, taints, maxUnavailable } = args;
  const entries = Object.entries(machines).map(([machine, own]) => {
    const more = { labels: { ...labels, ...own.labels }, taints: own.taints ?? taints };
    return [machine, { ...own, ...more, role: "worker", pool }];
  });
  return {
    name,
    component: "WorkerPool",
    platform: "machines",
    pool,
    entries: Object.fromEntries(entries) as DeclaredPool["entries"],
    ...(maxUnavailable === undefined ? {} : { upgrades: { maxUnavailable } }),
    secrets,
  };
}

const ONLY_ADDRESSES =
  "a plain value. Only machines.<name>.host, hostKey and nodeAddress, and `secrets` accept outputs";
