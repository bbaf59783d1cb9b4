import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Leak } from "../engine/secrets";
import type { AwsSettings } from "./ec2/environment";
import { labSecrets, type Settings } from "./environment";
import type { Lab } from "./lab";
import { inNamespace, labNamespace } from "./network";

export interface EngineRequest {
  readonly operation: "preview" | "up" | "refresh" | "destroy";
  readonly workDir: string;
  readonly settings: Settings | AwsSettings;
  /** The stack's name, and for AWS its region. */
  readonly stack: string;
  readonly region?: string;
  readonly secrets: Readonly<Record<string, string>>;
  /** Secrets by name that must not stand anywhere in what the engine says or writes. */
  readonly search: Readonly<Record<string, string>>;
  readonly kubeconfigFile: string;
  readonly clockOffsetHours: number;
  /** A server of the stand-in provider for each machine, so that addresses and host keys are outputs. */
  readonly servers: boolean;
  /** Whether the program makes a pod with a role beside the cluster. */
  readonly podRole: boolean;
  /** URNs, or patterns of them, that the operation is limited to; none: all. */
  readonly target: readonly string[];
  /** Pools whose machines the program takes out of the settings, and makes components of. */
  readonly pools: readonly string[];
}

export interface EngineReport {
  readonly ok: boolean;
  /** Steps that are more than "same". */
  readonly changed: readonly string[];
  readonly log: string;
  readonly error: string;
  readonly leaks: readonly Leak[];
}

export interface EngineOptions {
  /** Default: `lab`. */
  readonly stack?: string;
  /** Of AWS. */
  readonly region?: string;
  /** Makes the command line that runs a command where the engine is to be; default: in the lab's network. */
  readonly enter?: (command: readonly string[]) => string[];
  readonly secrets?: Readonly<Record<string, string>>;
  readonly search?: Readonly<Record<string, string>>;
  readonly clockOffsetHours?: number;
  /** Another provider makes the machines, in the same program. */
  readonly servers?: boolean;
  /** On AWS: the program makes a pod with a role beside the cluster; default: false. */
  readonly podRole?: boolean;
  /** URNs, or patterns of them, that the operation is limited to; default: all. */
  readonly target?: readonly string[];
  /** Pools that the program makes components of; default: none. */
  readonly pools?: readonly string[];
  /** Added to the environment of the program and, through it, of engine and providers. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gets each line as it comes. */
  readonly onLine?: (line: string) => void;
  /** Gets the process id; used to kill it. */
  readonly onStart?: (pid: number) => void;
}

export function reportFile(requestFile: string): string {
  return `${requestFile}.report`;
}

/** Where `up` leaves the administrator's kubeconfig. */
export function kubeconfigFile(lab: Lab): string {
  return lab.folder("kubeconfig");
}

/** Where `up` leaves a tenant's, beside the administrator's. */
export function tenantKubeconfigFile(administrators: string, tenant: string): string {
  return `${administrators}-${tenant}`;
}

/** Runs one operation of the engine inside the lab's network; undefined when it was killed before it could report. */
export async function runEngine(
  lab: Lab,
  operation: EngineRequest["operation"],
  settings: Settings | AwsSettings,
  options: EngineOptions = {},
): Promise<EngineReport | undefined> {
  const workDir = lab.folder("engine");
  fs.mkdirSync(workDir, { recursive: true });
  const request: EngineRequest = {
    operation,
    workDir,
    settings,
    stack: options.stack ?? "lab",
    ...(options.region === undefined ? {} : { region: options.region }),
    secrets: options.secrets ?? labSecrets(lab),
    search: options.search ?? {},
    kubeconfigFile: kubeconfigFile(lab),
    clockOffsetHours: options.clockOffsetHours ?? 0,
    servers: options.servers ?? false,
    podRole: options.podRole ?? false,
    target: options.target ?? [],
    pools: options.pools ?? [],
  };
  const file = lab.folder(`request-${randomBytes(4).toString("hex")}.json`);
  fs.writeFileSync(file, JSON.stringify(request), { mode: 0o600 });
  try {
    await runProgram(lab, file, options);
    if (!fs.existsSync(reportFile(file))) return undefined;
    return JSON.parse(fs.readFileSync(reportFile(file), "utf8")) as EngineReport;
  } finally {
    fs.rmSync(file, { force: true });
    fs.rmSync(reportFile(file), { force: true });
  }
}

function runProgram(lab: Lab, requestFile: string, options: EngineOptions): Promise<void> {
  const program = [process.execPath, "--import", "tsx", path.join(__dirname, "engineMain.ts"), requestFile];
  const enter = options.enter ?? ((line: readonly string[]) => inNamespace(labNamespace(lab.id), line));
  const [command = "", ...args] = enter(program);
  const child = spawn(command, args, {
    cwd: path.resolve(__dirname, "..", ".."),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, ...options.env },
  });
  let partial = "";
  const take = (chunk: Buffer): void => {
    const lines = (partial + chunk.toString()).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) options.onLine?.(line);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const { pid } = child;
  if (pid !== undefined) options.onStart?.(pid);
  // The engine runs in its own group; Ctrl-C in the terminal has to reach it all the same.
  const interrupted = (): void => {
    if (pid !== undefined) killTree(pid);
    process.exit(130);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", () => {
      process.removeListener("SIGINT", interrupted).removeListener("SIGTERM", interrupted);
      if (partial !== "") options.onLine?.(partial);
      resolve();
    });
  });
}

/**
 * Kills a process and everything it started, as a crash of the machine that runs Pulumi would. All are stopped first: what one of them
 * starts between the look and the kill would outlive it.
 */
export function killTree(pid: number): void {
  const stopped = new Set<number>();
  for (;;) {
    const running = treeOf(pid).filter((id) => !stopped.has(id));
    if (running.length === 0) break;
    for (const id of running) {
      stopped.add(id);
      signal(id, "SIGSTOP");
    }
  }
  for (const id of stopped) signal(id, "SIGKILL");
}

/** A process and everything below it. */
function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of fs.readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, "utf8");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended between the two reads.
    }
  }
  const below = (id: number): number[] => [id, ...(children.get(id) ?? []).flatMap(below)];
  return below(pid);
}

function signal(id: number, name: "SIGSTOP" | "SIGKILL"): void {
  try {
    process.kill(id, name);
  } catch {
    // Gone already.
  }
}
