import type { Client, ClientChannel } from "ssh2";
import { searchPath } from "../model/core/searchPath";
import { dialThrough } from "./bastion";
import { DialError } from "./dial";
import { HostProblem } from "./problem";
import type { Connection } from "./protocol";
import { sh } from "../model/text";

/** Milliseconds between two dials; grows by half up to the maximum. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5_000;
/** Milliseconds between two empty lines on a standard input that stays open. */
const BEAT = 20_000;
/** Lines that are shown of what a shell said that ran nothing. */
const TAIL = 5;
/** The exit status of a command that a signal ended, as a shell's for SIGTERM. */
const KILLED = 143;

/** What a host prints before a command's own output. Start files of the user's shell, such as `~/.bashrc`, may have printed before it. */
export const BEGIN = "##begin";

export interface Session {
  readonly machine: string;
  /** Runs a command as root. */
  run(command: string, options?: RunOptions): Promise<RunResult>;
  close(): void;
}

export interface RunOptions {
  /** Its standard input. */
  readonly input?: string;
  /** Gets each line of its standard output. */
  readonly onLine?: (line: string) => void;
  /** Standard input stays open until this is there, which ends it; until then it gets an empty line now and then. */
  readonly last?: Promise<string>;
}

export interface RunResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The connection broke off while a command ran; whether it ended is not known. */
export class SessionDroppedError extends Error {}

/**
 * Opens a session as root on a host, dialling again until `patience` milliseconds have gone by.
 * @param options `booting`: the host is new, so that a wrong host key or a refused login is told to it and the host dialled
 *   again; nothing is sent to such a host, and nothing accepted from it
 * @throws NoSessionError of the last reason when no session came about, at once when the host key or the user's key is wrong.
 */
export async function connect(
  machine: string,
  connection: Connection,
  options: { bastion?: Connection; patience: number; booting?: (reason: string) => void },
): Promise<Session> {
  const until = Date.now() + options.patience;
  let pause = FIRST_PAUSE;
  let told = "";
  for (let attempt = 1; ; attempt += 1) {
    try {
      return session(machine, connection, await dialThrough(connection, options.bastion));
    } catch (error) {
      if (!(error instanceof DialError)) throw error;
      const reason = error.message;
      const unready = error.again === "booting" && options.booting !== undefined;
      const over = Date.now() + pause > Math.min(until, (error.since ?? Infinity) + options.patience);
      if (unready && told !== reason) options.booting?.((told = reason));
      if (error.again !== "yes" && (!unready || over))
        throw error.problem(machine, `SSH to ${connection.host}:${connection.port}: ${reason}`);
      if (over)
        throw error.problem(
          machine,
          `cannot be reached over SSH at ${connection.host}:${connection.port}: ${reason} ` +
            `(${attempt} attempts in ${Math.round(options.patience / 1000)} s)`,
        );
    }
    await new Promise((wake) => setTimeout(wake, pause));
    pause = Math.min(pause * 1.5, LONGEST_PAUSE);
  }
}

function session(machine: string, connection: Connection, client: Client): Session {
  let closed = false;
  client.on("error", () => undefined);
  client.once("close", () => (closed = true));
  const asRoot = (command: string): string => {
    const found = `echo "${BEGIN}"; export PATH="${searchPath}"; ${command}`;
    return connection.user === "root" ? found : `sudo -n -- /bin/sh -c ${sh(found)}`;
  };
  return {
    machine,
    close: () => client.end(),
    run: (command, options = {}) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new SessionDroppedError());
        const dropped = (): void => reject(new SessionDroppedError());
        client.once("close", dropped);
        const opened = (error: Error | undefined, channel: ClientChannel): void => {
          if (error) return reject(new SessionDroppedError(error.message));
          let stdout = "";
          let stderr = "";
          let partial = "";
          /** Undefined once the command itself has begun. */
          let before: string | undefined = "";
          let status: number | undefined;
          // A character may come in two parts.
          channel.setEncoding("utf8");
          channel.stderr.setEncoding("utf8");
          channel.on("data", (received: string) => {
            let text = received;
            if (before !== undefined) {
              before += received;
              const begin = before.indexOf(`${BEGIN}\n`);
              if (begin === -1) return;
              text = before.slice(begin + BEGIN.length + 1);
              before = undefined;
            }
            stdout += text;
            if (!options.onLine) return;
            const lines = (partial + text).split("\n");
            partial = lines.pop() ?? "";
            lines.forEach(options.onLine);
          });
          channel.stderr.on("data", (text: string) => (stderr += text));
          channel.on("exit", (code: number | null) => (status = code ?? KILLED));
          const beat = options.last && setInterval(() => channel.write("\n"), BEAT);
          channel.on("close", () => {
            clearInterval(beat);
            client.removeListener("close", dropped);
            // A channel that closes without an exit status went down with its connection; so did the rest of its line.
            if (status === undefined) return reject(new SessionDroppedError());
            // A shell that a signal ended, as at a reboot, has not shown what its start files do.
            if (before !== undefined && status !== KILLED && (status === 0 || stderr === ""))
              return reject(
                new HostProblem(
                  machine,
                  `the shell of SSH user ${connection.user} ended with status ${status} before it ran anything: its start files, ` +
                    "such as ~/.bashrc, must neither end a shell that is not interactive nor start another program",
                  `${before}${stderr}`.trim().split("\n").filter(Boolean).slice(-TAIL),
                ),
              );
            if (partial !== "") options.onLine?.(partial);
            resolve({ status, stdout, stderr });
          });
          if (options.last === undefined) channel.end(options.input ?? "");
          else {
            channel.on("error", () => undefined); // it may be gone when the last words are there
            void options.last.then((text) => {
              clearInterval(beat);
              channel.end(text);
            });
          }
        };
        try {
          client.exec(asRoot(command), opened);
        } catch (error) {
          // ssh2 throws where the socket has ended and its closing was not told yet.
          reject(new SessionDroppedError(error instanceof Error ? error.message : undefined));
        }
      }),
  };
}
