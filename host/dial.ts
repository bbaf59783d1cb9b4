import { Client, utils, type ConnectConfig } from "ssh2";
import type { Duplex } from "node:stream";
import {
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

/** Why a dial did not succeed; a session's error is made of the last one. */
export class DialError extends Error {
  constructor(
    message: string,
    readonly problem: (machine: string, message: string) => NoSessionError,
    /** `booting`: only a host that still boots may come to another answer. */
    readonly again: "yes" | "booting" | "no" = "yes",
    /** When what failed began to fail, if before this dial. */
    readonly since?: number,
  ) {
    super(message);
  }
}

type NoSession = new (machine: string, message: string) => NoSessionError;

export function dialError(
  kind: NoSession,
  message: string,
  again?: DialError["again"],
  since?: number,
): DialError {
  return new DialError(message, (machine, text) => new kind(machine, text), again, since);
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

/** @param through a connection that is open already; undefined: over TCP */
export function dial(connection: Connection, through?: Duplex): Promise<Client> {
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
    client.once("connect", () => {
      connected = true;
      // A session is small packets that wait for answers: TCP would hold each back until the host acknowledges the last.
      client.setNoDelay(true);
    });
    client.once("ready", () => resolve(client));
    client.on("error", (error: Error & { level?: string }) => {
      if (wrongKey) {
        const shown = hostKeyText(wrongKey);
        reject(hostKeyError(otherKeyText(connection, shown), shown));
      } else if (error.level === "client-authentication")
        reject(
          dialError(
            LoginRefusedError,
            `the host does not accept the SSH key for user ${connection.user}`,
            "booting",
          ),
        );
      else if (/no matching host key/i.test(error.message))
        reject(
          hostKeyError(
            `hostKey is of type ${pinned.algorithms.join(" or ")}, but the host has no host key of that type`,
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
      reject(dialError(LoginRefusedError, `cannot read the private key for user ${connection.user}`, "no"));
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
    `the host key does not match the settings: the host presented ${shown}, ` +
    `hostKey says ${connection.hostKey}. Nothing was sent to it`
  );
}
