/** A folder and processes that nothing is left of, however the rehearsal ends. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { RehearsalError } from "./problem";

/** Lines of a log that an error shows. */
const TAIL = 5;
/** Milliseconds between two looks at a process that starts. */
const PAUSE = 100;

/**
 * Ends what the rehearsal started, and removes its folder, when its standard input ends: whoever held that is gone, killed perhaps.
 * Reads the id of each group of processes from it.
 */
const GUARD =
  'while read -r id; do ids="$ids -$id"; done; [ -z "$ids" ] || kill -9 $ids; sleep 0.2; rm -rf -- "$0"';

export class Scratch {
  /** Of mode 0700. */
  readonly folder: string;
  private readonly guard: ChildProcess;
  private readonly servers: ChildProcess[] = [];
  private readonly running = new Set<ChildProcess>();
  private ended = false;

  /** @param scrub takes secrets out of what a process wrote */
  constructor(private readonly scrub: (line: string) => string) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "pulumi-kubeadm-rehearsal-"));
    fs.chmodSync(this.folder, 0o700);
    this.guard = spawn("/bin/sh", ["-c", GUARD, this.folder], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    // Should it be gone, there is nothing to say to it.
    this.guard.stdin?.on("error", () => undefined);
  }

  path(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  /** Writes a file that its owner alone reads. */
  write(name: string, content: string): string {
    const file = this.path(name);
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.writeFileSync(file, content, { mode: 0o600 });
    return file;
  }

  /**
   * Runs a program to its end and gives its standard output.
   * @throws RehearsalError with its last words
   */
  run(what: string, program: string, words: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { cwd: this.folder, maxBuffer: 64 * 1024 ** 2 };
      const child = execFile(program, words, options, (error, stdout, stderr) => {
        this.running.delete(child);
        if (error === null) return resolve(stdout);
        const lines = (stderr || stdout || error.message).trim().split("\n").slice(-TAIL);
        reject(new RehearsalError(`${what}: ${lines.map(this.scrub).join(" ")}`));
      });
      this.running.add(child);
    });
  }

  /**
   * Starts a program and waits until it is ready; it ends with the scratch.
   * @throws RehearsalError with its last words when it ends, or is not ready within `seconds`
   */
  async start(
    name: string,
    program: string,
    words: readonly string[],
    ready: () => Promise<boolean>,
    seconds: number,
  ): Promise<void> {
    const log = this.path(`${name}.log`);
    const out = fs.openSync(log, "a", 0o600);
    const child = spawn(program, words, { cwd: this.folder, stdio: ["ignore", out, out], detached: true });
    fs.closeSync(out);
    this.servers.push(child);
    if (child.pid !== undefined) this.guard.stdin?.write(`${child.pid}\n`);
    let failed: Error | undefined;
    child.once("error", (error) => (failed = error));
    for (const until = Date.now() + seconds * 1_000; Date.now() < until; await delay(PAUSE)) {
      if (failed !== undefined) throw new RehearsalError(`${name} does not start: ${failed.message}`);
      if (child.exitCode !== null || child.signalCode !== null)
        throw new RehearsalError(`${name} ended: ${this.lastOf(log)}`);
      if (await ready().catch(() => false)) return;
    }
    throw new RehearsalError(`${name} is not ready after ${seconds} s: ${this.lastOf(log)}`);
  }

  /** Ends every process and removes the folder. */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    for (const child of this.running) child.kill();
    for (const child of this.servers)
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    // A process that dies may still write once more.
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: PAUSE });
    this.guard.kill("SIGKILL");
  }

  private lastOf(log: string): string {
    return fs.readFileSync(log, "utf8").trim().split("\n").slice(-TAIL).map(this.scrub).join(" ");
  }
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
