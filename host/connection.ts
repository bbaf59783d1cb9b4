import { Client, utils, type ClientChannel, type ConnectConfig } from "ssh2";
import type { Duplex } from "node:stream";
import { HostProblem } from "./problem";
import type { Connection } from "./protocol";

/** Milliseconds one dial may take, TCP and handshake together. */
const DIAL_TIMEOUT = 15_000;
/** Milliseconds between two dials; grows by half up to the maximum. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5_000;
/** Milliseconds between two empty lines on a standard input that stays open. */
const BEAT = 20_000;
/** The exit status of a command that a signal ended, as a shell's for SIGTERM. */
const KILLED = 143;

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
export class Dropped extends Error {}

class Refused extends Error {}

/** Ends retries at once: dialling again cannot help. */
class Final extends Error {}

/** As `Final`, but a host that still boots may come to it: its key and its users' are put there on the way. */
class Unready extends Final {}

function pinnedHostKey(connection: Connection): { algorithms: string[]; verify: (key: Buffer) => boolean } {
  const [type = "", blob = ""] = connection.hostKey.trim().split(/\s+/);
  const algorithms = type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type];
  return { algorithms, verify: (key) => key.toString("base64") === blob };
}

function dialOnce(connection: Connection, through?: Duplex): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    const pinned = pinnedHostKey(connection);
    let wrongKey: Buffer | undefined;
    const config: ConnectConfig = {
      host: connection.host,
      port: connection.port,
      username: connection.user,
      privateKey: connection.privateKey,
      readyTimeout: DIAL_TIMEOUT,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 6,
      algorithms: { serverHostKey: pinned.algorithms as never },
      hostVerifier: (key: Buffer) => {
        if (pinned.verify(key)) return true;
        wrongKey = key;
        return false;
      },
      ...(through ? { sock: through } : {}),
    };
    client.once("ready", () => resolve(client));
    client.on("error", (error: Error & { level?: string }) => {
      if (wrongKey) reject(new Unready(hostKeyText(connection, wrongKey)));
      else if (error.level === "client-authentication")
        reject(new Unready(`the key given for user ${connection.user} is not accepted`));
      else if (/no matching host key/i.test(error.message))
        reject(
          new Unready(
            `the host has no ${pinned.algorithms.join(" or ")} host key, but hostKey is of that type`,
          ),
        );
      else reject(new Refused(error.message));
    });
    client.once("close", () => reject(new Refused("the connection was closed during the handshake")));
    try {
      client.connect(config);
    } catch {
      // ssh2 throws on a private key it cannot read; its message may quote no key material, but is not needed either.
      reject(new Final(`the private key for user ${connection.user} cannot be read`));
    }
  });
}

function hostKeyText(connection: Connection, key: Buffer): string {
  const parsed = utils.parseKey(key);
  const type = parsed instanceof Error || Array.isArray(parsed) ? "unknown" : parsed.type;
  return (
    `the host key is not the one in the settings: the host shows ${type} ${key.toString("base64")}, ` +
    `hostKey says ${connection.hostKey}. Nothing was sent to it`
  );
}

async function dialThrough(connection: Connection, bastion: Connection | undefined): Promise<Client> {
  if (!bastion) return dialOnce(connection);
  const outer = await dialOnce(bastion).catch((error: Error) => {
    if (error instanceof Unready) throw new Unready(`bastion ${bastion.host}: ${error.message}`);
    if (error instanceof Final) throw new Final(`bastion ${bastion.host}: ${error.message}`);
    throw new Refused(`bastion ${bastion.host}: ${error.message}`);
  });
  try {
    const stream = await new Promise<Duplex>((resolve, reject) =>
      outer.forwardOut("127.0.0.1", 0, connection.host, connection.port, (error, channel) =>
        error ? reject(new Refused(`bastion ${bastion.host}: ${error.message}`)) : resolve(channel),
      ),
    );
    const inner = await dialOnce(connection, stream);
    inner.once("close", () => outer.end());
    return inner;
  } catch (error) {
    outer.end();
    throw error;
  }
}

/**
 * Opens a session as root on a host, dialling again until `patience` milliseconds have gone by.
 * @param options `booting`: the host is new, so that a wrong host key or a refused login is told to it and the host dialled
 *   again; nothing is sent to such a host, and nothing accepted from it
 * @throws HostProblem with the last reason when it cannot be reached, at once when the host key or the user's key is wrong.
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
      const reason = error instanceof Error ? error.message : String(error);
      const unready = error instanceof Unready && options.booting !== undefined;
      if (unready && told !== reason) options.booting?.((told = reason));
      if (error instanceof Final && !(unready && Date.now() + pause <= until))
        throw new HostProblem(machine, `SSH to ${connection.host}:${connection.port}: ${reason}`);
      if (Date.now() + pause > until)
        throw new HostProblem(
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
  const asRoot = (command: string): string =>
    connection.user === "root" ? command : `sudo -n -- /bin/sh -c ${quote(command)}`;
  return {
    machine,
    close: () => client.end(),
    run: (command, options = {}) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Dropped());
        const dropped = (): void => reject(new Dropped());
        client.once("close", dropped);
        const opened = (error: Error | undefined, channel: ClientChannel): void => {
          if (error) return reject(new Dropped(error.message));
          let stdout = "";
          let stderr = "";
          let partial = "";
          let status: number | undefined;
          // A character may come in two parts.
          channel.setEncoding("utf8");
          channel.stderr.setEncoding("utf8");
          channel.on("data", (text: string) => {
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
            if (status === undefined) return reject(new Dropped());
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
          reject(new Dropped(error instanceof Error ? error.message : undefined));
        }
      }),
  };
}

/** Quotes a word for a POSIX shell. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
