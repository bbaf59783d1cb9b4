/** Running a command as local/commandOutputs.go, run, does: environment, streams, log lines, errors. */
import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { constants as osConstants } from "node:os";
import * as path from "node:path";
import type { Engine } from "../shared/provider";
import { isObject, type Value, type Values } from "../shared/values";
import { LineLog } from "./log";
import { goQuote } from "./quote";

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly urn: string;
  /** Without secret marks. */
  readonly inputs: Values;
  readonly previous: Output;
  /** Seconds; 0: as long as it takes. */
  readonly timeout: number;
}

export class Runner {
  private readonly running = new Set<ChildProcess>();

  constructor(private readonly engine: Engine) {}

  /** Output of the command, or of the previous one where there is nothing to run. */
  async run(command: Value | undefined, options: RunOptions): Promise<Output> {
    if (typeof command !== "string") return options.previous;
    const { inputs } = options;
    const interpreter = strings(inputs["interpreter"]);
    const [program, ...args] = [...(interpreter.length > 0 ? interpreter : ["/bin/sh", "-c"]), command];
    const log = new LineLog(this.engine, options.urn);
    const logging = inputs["logging"] ?? "stdoutAndStderr";
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const both: Buffer[] = [];
    const fault = await this.wait(program, args, options, {
      stdout: (chunk) => {
        stdout.push(chunk);
        both.push(chunk);
        if (logging === "stdout" || logging === "stdoutAndStderr") log.write(chunk);
      },
      stderr: (chunk) => {
        stderr.push(chunk);
        both.push(chunk);
        if (logging === "stderr" || logging === "stdoutAndStderr") log.write(chunk);
      },
    });
    await log.end();
    if (fault !== undefined) throw new Error(`${fault}: running ${goQuote(command)}:\n${text(both)}`);
    return { stdout: trimmed(stdout), stderr: trimmed(stderr) };
  }

  /** exec.CommandContext kills the one process, not what it started (Go, os/exec). */
  cancel(): void {
    for (const child of this.running) child.kill("SIGKILL");
  }

  private wait(
    program: string,
    args: string[],
    options: RunOptions,
    sinks: Sinks,
  ): Promise<string | undefined> {
    const missing = startFault(program, options.inputs["dir"]);
    if (missing !== undefined) return Promise.resolve(missing);
    const child = spawn(program, args, {
      ...(typeof options.inputs["dir"] === "string" ? { cwd: options.inputs["dir"] } : {}),
      env: environment(options.inputs, options.previous),
    });
    this.running.add(child);
    child.stdout.on("data", sinks.stdout);
    child.stderr.on("data", sinks.stderr);
    // A command that does not read its standard input is no error (Go, os/exec: skipStdinCopyError).
    child.stdin.on("error", () => undefined);
    const stdin = options.inputs["stdin"];
    child.stdin.end(typeof stdin === "string" ? stdin : "");
    const timer =
      options.timeout > 0 ? setTimeout(() => child.kill("SIGKILL"), options.timeout * 1000) : undefined;
    return new Promise((resolve) => {
      const settle = (fault: string | undefined): void => {
        clearTimeout(timer);
        this.running.delete(child);
        resolve(fault);
      };
      child.on("error", (error) => settle(error.message));
      // `close`, not `exit`: Go's Wait returns when the pipes are at their end too.
      child.on("close", (code, signal) => settle(exitFault(code, signal)));
    });
  }
}

interface Sinks {
  readonly stdout: (chunk: Buffer) => void;
  readonly stderr: (chunk: Buffer) => void;
}

/** The environment of the engine's plugin, then the resource's, then the output of the command before. */
function environment(inputs: Values, previous: Output): NodeJS.ProcessEnv {
  const given = isObject(inputs["environment"]) ? inputs["environment"] : {};
  const before =
    inputs["addPreviousOutputInEnv"] === false
      ? {}
      : {
          ...(previous.stdout !== "" ? { PULUMI_COMMAND_STDOUT: previous.stdout } : {}),
          ...(previous.stderr !== "" ? { PULUMI_COMMAND_STDERR: previous.stderr } : {}),
        };
  return { ...process.env, ...(given as Record<string, string>), ...before };
}

/** Texts of Go's os and os/exec for a process that cannot be started; undefined: it can. */
function startFault(program: string, dir: Value | undefined): string | undefined {
  if (!program.includes("/")) {
    const folders = (process.env["PATH"] ?? "").split(path.delimiter);
    if (!folders.some((folder) => canRun(path.join(folder, program)))) {
      return `exec: ${goQuote(program)}: executable file not found in $PATH`;
    }
  }
  if (typeof dir === "string" && !exists(dir)) return `chdir ${dir}: no such file or directory`;
  if (program.includes("/") && !canRun(path.resolve(typeof dir === "string" ? dir : ".", program))) {
    const fault = exists(program) ? "permission denied" : "no such file or directory";
    return `fork/exec ${program}: ${fault}`;
  }
  return undefined;
}

function exitFault(code: number | null, signal: NodeJS.Signals | null): string | undefined {
  if (signal) return `signal: ${signalTexts[signal] ?? `signal ${osConstants.signals[signal]}`}`;
  return code === 0 ? undefined : `exit status ${code}`;
}

/** Go, syscall/zerrors_linux_amd64.go: the signals that end a process and that people send. */
const signalTexts: Partial<Record<NodeJS.Signals, string>> = {
  SIGHUP: "hangup",
  SIGINT: "interrupt",
  SIGQUIT: "quit",
  SIGABRT: "aborted",
  SIGKILL: "killed",
  SIGSEGV: "segmentation fault",
  SIGPIPE: "broken pipe",
  SIGALRM: "alarm clock",
  SIGTERM: "terminated",
};

function canRun(file: string): boolean {
  return accessible(file, constants.X_OK);
}

function exists(file: string): boolean {
  return accessible(file, constants.F_OK);
}

function accessible(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}

function strings(value: Value | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString("utf8");
}

function trimmed(chunks: readonly Buffer[]): string {
  return text(chunks).replace(/\n$/, "");
}
