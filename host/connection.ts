import { Client, utils, type ClientChannel, type ConnectConfig } from "ssh2";
import type { Duplex } from "node:stream";
import { searchPath } from "../model/core/searchPath";
import {
  BastionError,
  HandshakeError,
  HostKeyError,
  LocalNetworkError,
  LoginRefusedError,
  NameResolutionError,
  UnreachableError,
  type NoSessionError,
} from "./problem";
import type { Connection } from "./protocol";

/** Milliseconds one dial may take, TCP and handshake together. */
const DIAL_TIMEOUT = 15_000;
/** Milliseconds a bastion may take to say whether a host behind it answers; Linux gives up after 127 s (tcp_syn_retries). */
const FORWARD_TIMEOUT = 150_000;
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

/** Why a dial did not succeed; a session's error is made of the last one. */
class DialError extends Error {
  constructor(
    message: string,
    readonly problem: (machine: string, message: string) => NoSessionError,
    /** `booting`: only a host that still boots may come to another answer. */
    readonly again: "yes" | "booting" | "no" = "yes",
  ) {
    super(message);
  }
}

type NoSession = new (machine: string, message: string) => NoSessionError;

function dialError(kind: NoSession, message: string, again?: DialError["again"]): DialError {
  return new DialError(message, (machine, text) => new kind(machine, text), again);
}

function hostKeyError(message: string, shown?: string): DialError {
  return new DialError(message, (machine, text) => new HostKeyError(machine, text, shown), "booting");
}

/** Names of errors (errno(3)) of a connection that the machine itself, or the last router before it, has answered or ignored. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ETIMEDOUT",
]);
/** Of getaddrinfo(3), as Node names them. */
const OF_THE_NAME: ReadonlySet<string> = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA"]);

/** A connection that ended before it was a session. @param connected something had answered at the address */
function socketError(error: Error & { code?: string; level?: string }, connected: boolean): DialError {
  const { code = "" } = error;
  if (connected) return dialError(HandshakeError, error.message);
  if (OF_THE_NAME.has(code)) return dialError(NameResolutionError, error.message);
  if (OF_THE_MACHINE.has(code) || error.level === "client-timeout")
    return dialError(UnreachableError, error.message);
  return dialError(code === "" ? HandshakeError : LocalNetworkError, error.message);
}

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
    let connected = through !== undefined;
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
    client.once("connect", () => (connected = true));
    client.once("ready", () => resolve(client));
    client.on("error", (error: Error & { level?: string }) => {
      if (wrongKey) {
        const shown = hostKeyText(wrongKey);
        reject(hostKeyError(otherKeyText(connection, shown), shown));
      } else if (error.level === "client-authentication")
        reject(
          dialError(
            LoginRefusedError,
            `the key given for user ${connection.user} is not accepted`,
            "booting",
          ),
        );
      else if (/no matching host key/i.test(error.message))
        reject(
          hostKeyError(
            `the host has no ${pinned.algorithms.join(" or ")} host key, but hostKey is of that type`,
          ),
        );
      else reject(socketError(error, connected));
      // The other side may keep its half of the connection open for as long as it likes.
      client.destroy();
    });
    client.once("close", () =>
      reject(dialError(HandshakeError, "the connection was closed during the handshake")),
    );
    try {
      client.connect(config);
    } catch {
      // ssh2 throws on a private key it cannot read; its message may quote no key material, but is not needed either.
      reject(
        dialError(LoginRefusedError, `the private key for user ${connection.user} cannot be read`, "no"),
      );
    }
  });
}

/** A key as `hostKey` has it. */
function hostKeyText(key: Buffer): string {
  const parsed = utils.parseKey(key);
  const type = parsed instanceof Error || Array.isArray(parsed) ? "unknown" : parsed.type;
  return `${type} ${key.toString("base64")}`;
}

function otherKeyText(connection: Connection, shown: string): string {
  return (
    `the host key is not the one in the settings: the host shows ${shown}, ` +
    `hostKey says ${connection.hostKey}. Nothing was sent to it`
  );
}

/** RFC 4254, 5.1: the bastion tried to connect and could not. Any other code is a matter between it and us. */
const OPEN_CONNECT_FAILED = 2;

/** What a bastion says of a connection that it did not open. Its words are its libc's, or those of its language. */
function forwardError(bastion: Connection, error: Error & { reason?: number | string }): DialError {
  const text = `bastion ${bastion.host}: ${error.message}`;
  if (error.reason !== OPEN_CONNECT_FAILED) return dialError(BastionError, text);
  if (/name or service|name resolution|no such host|unknown host/i.test(error.message))
    return dialError(NameResolutionError, text);
  // The bastion has no route at all: its own network is down.
  return dialError(
    /network is (unreachable|down)/i.test(error.message) ? BastionError : UnreachableError,
    text,
  );
}

async function dialThrough(connection: Connection, bastion: Connection | undefined): Promise<Client> {
  if (!bastion) return dialOnce(connection);
  const outer = await dialOnce(bastion).catch((error: unknown) => {
    if (!(error instanceof DialError)) throw error;
    throw dialError(BastionError, `bastion ${bastion.host}: ${error.message}`, error.again);
  });
  try {
    const stream = await forward(outer, bastion, connection);
    const inner = await dialOnce(connection, stream);
    inner.once("close", () => outer.end());
    return inner;
  } catch (error) {
    outer.end();
    throw error;
  }
}

/** Waits for the bastion's own answer: nobody else can tell whether the machine behind it is there. */
function forward(outer: Client, bastion: Connection, connection: Connection): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const silent = (): void =>
      reject(
        dialError(BastionError, `bastion ${bastion.host}: it says nothing of the connection it was to open`),
      );
    const timer = setTimeout(silent, FORWARD_TIMEOUT);
    const lost = (): void =>
      reject(dialError(BastionError, `bastion ${bastion.host}: the connection to it broke off`));
    outer.once("close", lost);
    outer.forwardOut("127.0.0.1", 0, connection.host, connection.port, (error, channel) => {
      clearTimeout(timer);
      outer.removeListener("close", lost);
      if (error) reject(forwardError(bastion, error));
      else resolve(channel);
    });
  });
}

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
      if (unready && told !== reason) options.booting?.((told = reason));
      if (error.again !== "yes" && !(unready && Date.now() + pause <= until))
        throw error.problem(machine, `SSH to ${connection.host}:${connection.port}: ${reason}`);
      if (Date.now() + pause > until)
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
    const found = `export PATH="${searchPath}"; ${command}`;
    return connection.user === "root" ? found : `sudo -n -- /bin/sh -c ${quote(found)}`;
  };
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
