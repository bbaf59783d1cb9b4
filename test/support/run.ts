import { spawn } from "node:child_process";

/** What a finished command left behind. */
export interface RunResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** How a command is run. */
export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Text for standard input; without it standard input is empty. */
  input?: string | Buffer;
  /** Milliseconds after which the command is ended and the call fails; default none. */
  timeout?: number;
  /** Return a status other than 0 instead of throwing; default false. */
  allowFailure?: boolean;
  /** Show output while it comes, besides returning it; default false. */
  stream?: boolean;
}

/** Runs a command without a shell; a status other than 0 is an error with the tail of what it wrote. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.timeout,
      killSignal: "SIGKILL",
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout.push(chunk);
      if (options.stream) process.stdout.write(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr.push(chunk);
      if (options.stream) process.stderr.write(chunk);
    });
    child.stdin.on("error", () => undefined); // the command may end without reading its input
    child.stdin.end(options.input ?? "");
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const result: RunResult = {
        status: code ?? 128,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      };
      if (result.status === 0 || (options.allowFailure && signal === null)) return resolve(result);
      const ended = signal === null ? `exit status ${result.status}` : `ended by ${signal}`;
      const tail = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-15).join("\n");
      reject(new Error(`${command.join(" ")}: ${ended}\n${tail}`));
    });
  });
}
