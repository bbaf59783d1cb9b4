import { setTimeout as delay } from "node:timers/promises";
import {
  activitiesScript,
  forgetStatusesScript,
  poolStateScript,
  readActivities,
  readPoolState,
  type BootStatus,
  type FailedActivity,
  type PoolState,
} from "../../model/aws/boot/poolState";
import { statusPrefix } from "../../model/aws/names";
import { HostProblem } from "../problem";
import type { PoolReadySpec, StepResult } from "../protocol";
import type { StepContext } from "../step";
import { anyControlPlaneNode } from "./anyControlPlaneNode";
import { afterRestore } from "./poolRestored";

type Context = StepContext<PoolReadySpec>;

/** Milliseconds between two looks. */
const INTERVAL = 5_000;
/** Milliseconds within which an instance whose boot failed has tried again (`RestartSec` of its unit, and a margin). */
const RETRY = 180_000;
/** Milliseconds between two questions after what the group failed at, and from when on before this run it counts. */
const ACTIVITIES = 60_000;
const BEFORE = 600_000;
/** Milliseconds by which an instance's clock may be behind. */
const CLOCKS = 5_000;

/**
 * Waits until a pool's instances are Ready nodes, and says what became of one whose boot failed. The instances join by
 * themselves; a control-plane node is only asked how far they are.
 * @throws HostProblem with instance, phase, exit status and the end of its log
 */
export async function poolReady(context: Context, interval = INTERVAL): Promise<StepResult> {
  const { spec, hosts, say } = context;
  const { pool, wanted } = spec;
  if (context.operation === "delete") return forgetStatuses(context);
  const { restored } = spec;
  const isRestored = restored !== undefined && context.previous?.restored !== restored;
  const result = { pool, ...(restored === undefined ? {} : { restored }) };
  if (wanted === 0 && !isRestored) return { ...result, nodes: 0 };
  const controlPlaneNode = await anyControlPlaneNode(context, `pool ${pool}`);
  if (isRestored) await afterRestore(context, controlPlaneNode, interval);
  const started = Date.now();
  const script = poolStateScript(spec.cluster, pool, spec.boot);
  const activities = new Activities(context, controlPlaneNode, started - BEFORE);
  // A rolling refresh replaces one after the other: the time is for the next node, and not for all.
  let last = started;
  let most = 0;
  let told = "";
  for (;;) {
    const output = await hosts.query(controlPlaneNode, `looking at pool ${pool}`, "/bin/bash -s", script);
    const state = readPoolState(output, spec.boot);
    const ready = state.nodes.filter((node) => node.ready).length;
    const line = progress(state, ready, wanted);
    if (line !== told) say(`${pool}: ${(told = line)}`);
    if (ready >= wanted) return { ...result, nodes: ready };
    if (ready > most) {
      most = ready;
      last = Date.now();
    }
    await activities.look(ACTIVITIES);
    // What failed before this run may have been put right since, and is tried again by the instance.
    const since = Date.now() - started > RETRY ? 0 : started - CLOCKS;
    const failed = state.statuses.find((one) => one.state === "failed" && one.time * 1000 >= since);
    if (failed !== undefined) throw bootFailed(spec, failed);
    const seconds = spec.timeout + (state.others > 0 ? spec.rolling : 0);
    if (Date.now() + interval > last + seconds * 1000) {
      await activities.look(0);
      throw new HostProblem(
        `pool ${pool}`,
        `${ready} of ${wanted} nodes are Ready${most > 0 ? ", and no more became Ready after" : " after"} ${seconds} s: ${line}. ${hint(state, activities.failed)}`,
      );
    }
    await delay(interval);
  }
}

/** Statuses of boots are read by nobody once the pool is gone. Never fails: they cost nothing, and a control plane may be gone. */
async function forgetStatuses(context: Context): Promise<StepResult> {
  const { spec, hosts, say } = context;
  try {
    const controlPlaneNode = await anyControlPlaneNode(context, `pool ${spec.pool}`);
    const script = forgetStatusesScript(spec.cluster, spec.pool);
    await hosts.query(controlPlaneNode, `forgetting boots of pool ${spec.pool}`, "/bin/bash -s", script);
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    say(`${error.report()}; the statuses of its boots stay in ${statusPrefix(spec.cluster, spec.pool)}`);
  }
  return { pool: spec.pool };
}

function bootFailed(spec: PoolReadySpec, status: BootStatus): HostProblem {
  return new HostProblem(
    `pool ${spec.pool}`,
    `instance ${status.instance}${status.node === "" ? "" : ` (${status.node})`} failed in phase "${status.phase}" ` +
      `(exit status ${status.exit}); the full log is /var/log/pulumi-kubeadm.log on the instance. It retries every two minutes`,
    status.tail ?? [],
  );
}

function progress(state: PoolState, ready: number, wanted: number): string {
  const phases = new Map<string, number>();
  for (const { state: how, phase } of state.statuses)
    if (how === "running") phases.set(phase, (phases.get(phase) ?? 0) + 1);
  const running = [...phases].sort().map(([phase, count]) => `${count} in ${phase}`);
  const registered = state.nodes.length - ready;
  return [
    `${ready} of ${wanted} Ready`,
    ...(registered > 0 ? [`${registered} registered`] : []),
    ...running,
  ].join(", ");
}

/** What the pool's group could not do: asked now and then, said once. */
class Activities {
  /** Newest first. */
  failed: readonly FailedActivity[] = [];
  private asked = Date.now();

  constructor(
    private readonly context: Context,
    private readonly controlPlaneNode: string,
    private readonly since: number,
  ) {}

  async look(pause: number): Promise<void> {
    if (Date.now() - this.asked < pause) return;
    this.asked = Date.now();
    const { spec, hosts, say } = this.context;
    const script = activitiesScript(spec.cluster, spec.pool);
    const output = await hosts.query(
      this.controlPlaneNode,
      `asking for activities of pool ${spec.pool}`,
      "/bin/bash -s",
      script,
    );
    const before = this.failed[0]?.StatusMessage;
    this.failed = readActivities(output, this.since);
    const [newest] = this.failed;
    if (newest !== undefined && newest.StatusMessage !== before)
      say(`${spec.pool}: Auto Scaling failed: ${newest.StatusMessage}`);
  }
}

/** Where to look when nothing was said. */
function hint(state: PoolState, [failed]: readonly FailedActivity[]): string {
  if (failed !== undefined) return `Auto Scaling said at ${failed.StartTime}: ${failed.StatusMessage}`;
  if (state.nodes.some((node) => !node.ready)) return "Nodes that are not Ready usually wait for the CNI";
  return state.statuses.length === 0
    ? "No instance has reported anything: check the group's activity (capacity, quota), its route to the internet, and /var/log/cloud-init-output.log on an instance"
    : "The instances are still booting";
}
