import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A process that outlives the one that started it. The start time tells it from a later process of the same id. */
export interface Daemon {
  pid: number;
  /** Ticks since boot, field 22 of proc(5)'s stat. */
  startTime: string;
  /** What it writes. */
  log: string;
}

/** Starts a command in its own session, its output going to a file. */
export function startDaemon(command: readonly string[], log: string, env?: NodeJS.ProcessEnv): Daemon {
  const [program, ...args] = command;
  const output = fs.openSync(log, "a");
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", output, output],
    env: env ?? process.env,
    cwd: "/",
  });
  fs.closeSync(output);
  child.on("error", () => undefined); // shows as a missing pid below
  child.unref();
  if (child.pid === undefined) throw new Error(`${program} could not be started`);
  const started = processStat(child.pid);
  if (started === undefined) throw new Error(`${program} ended at once; see ${log}`);
  return { pid: child.pid, startTime: started.startTime, log };
}

/** Whether that very process still runs. */
export function daemonRuns(daemon: Daemon): boolean {
  const stat = processStat(daemon.pid);
  return stat !== undefined && stat.startTime === daemon.startTime && stat.state !== "Z";
}

/** Sends a signal to that very process, if it still runs. */
export function signalDaemon(daemon: Daemon, signal: NodeJS.Signals): void {
  if (!daemonRuns(daemon)) return;
  try {
    process.kill(daemon.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Waits until it has ended; false when it still runs after that many milliseconds. */
export async function daemonEnded(daemon: Daemon, timeout: number): Promise<boolean> {
  const deadline = Date.now() + timeout;
  while (daemonRuns(daemon)) {
    if (Date.now() >= deadline) return false;
    await delay(30);
  }
  return true;
}

/** Ends it: SIGTERM, and SIGKILL after the grace, in milliseconds. */
export async function stopDaemon(daemon: Daemon, grace = 5_000): Promise<void> {
  signalDaemon(daemon, "SIGTERM");
  if (await daemonEnded(daemon, grace)) return;
  signalDaemon(daemon, "SIGKILL");
  await daemonEnded(daemon, 5_000);
}

/** Children of a process, in order of their start. */
export function childrenOf(pid: number): number[] {
  try {
    const text = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  } catch {
    return []; // ended between two looks
  }
}

/** The last lines of a file, for errors. */
export function tailOf(file: string, lines = 15): string {
  if (!fs.existsSync(file)) return "";
  return fs.readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
}

function processStat(pid: number): { state: string; startTime: string } | undefined {
  try {
    // The command name, in parentheses, may hold spaces: count from the last parenthesis.
    const fields = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop()?.split(" ") ?? [];
    return { state: fields[0], startTime: fields[19] };
  } catch {
    return undefined;
  }
}
