import { setTimeout as delay } from "node:timers/promises";
import type { LabCluster } from "./cluster";
import { killTree, type EngineOptions } from "./engine";

/** Change it to kill at other moments; the report of a failure has it. */
export const SEED = Number(process.env["LAB_SEED"] ?? 20_261_122);

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** When something happens on a host, as `untilPhase` has it. */
interface Moment {
  readonly host: string;
  readonly phase: string;
  readonly after: string;
  readonly since?: string;
}

/**
 * Bash that ends so many seconds after a phase has begun in the host's own log: a watcher from outside would be late by what it takes to
 * look. Of several phases, as an extended regular expression, the first that comes; not before the phase `since`, where that is given.
 */
export function untilPhase(phase: string, after: string, since = ".*"): string {
  return `since='^##phase (${since})$' phase='^##phase (${phase})$' begun=
while IFS= read -r line; do
  if [[ $line =~ $since ]]; then begun=yes; fi
  if [ -n "$begun" ] && [[ $line =~ $phase ]]; then break; fi
done < <(timeout 2400 tail -n 0 -s 0.1 -F /var/log/pulumi-kubeadm.log 2>/dev/null </dev/null)
sleep ${after}
`;
}

/** Runs a line on a host when a phase begins there; nothing where it does not within forty minutes. */
export async function atPhase(cluster: LabCluster, host: string, phase: string, line: string): Promise<void> {
  await cluster.host(host, `${untilPhase(phase, "0")}${line}`).catch(() => undefined);
}

/** An `up` that is killed when a host loses its power, so many seconds after a phase has begun in the host's own log. */
export async function powerCut(cluster: LabCluster, moment: Moment): Promise<void> {
  let engine = 0;
  const plug = cluster.host(moment.host, untilPhase(moment.phase, moment.after, moment.since));
  const up = cluster.attempt("up", { onStart: (pid) => (engine = pid) });
  plug.catch(() => undefined);
  const ended = await Promise.race([plug, up]);
  if (typeof ended !== "string") throw new Error(`up ended before: ${ended.error}`);
  await cluster.lab.stopHost(moment.host, 0);
  killTree(engine);
  await up.catch(() => undefined);
}

/**
 * An `up` that is killed, with the job on a host unless that goes on, so many seconds after a phase has begun in the host's own log. Tells what
 * happened on the host, and whether `up` ended well nevertheless.
 */
export async function killedUp(
  cluster: LabCluster,
  moment: Moment & {
    /** The machine that runs Pulumi dies, and the host does not. */
    readonly jobGoesOn?: boolean;
  },
  options: EngineOptions = {},
): Promise<{ job: string; ok: boolean }> {
  const kill = moment.jobGoesOn
    ? "echo the job goes on"
    : "systemctl kill --signal=SIGKILL pulumi-kubeadm-job && echo a job was killed || echo no job ran";
  const plug = cluster
    .host(moment.host, untilPhase(moment.phase, moment.after, moment.since) + kill)
    .catch((error: unknown) => String(error));
  let engine = 0;
  const ended = cluster.attempt("up", { ...options, onStart: (pid) => (engine = pid) }).then(
    (report) => report.ok,
    () => false,
  );
  // An `up` that ends by itself never comes to the moment.
  const missed = ended.then(() => delay(10_000)).then(() => "up ended before");
  const job = (await Promise.race([plug, missed])).trim();
  killTree(engine);
  return { job, ok: await ended };
}
