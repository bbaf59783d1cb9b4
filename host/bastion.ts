import type { Client } from "ssh2";
import type { Duplex } from "node:stream";
import { dial, dialError, DialError } from "./dial";
import { BastionError, NameResolutionError, UnreachableError } from "./problem";
import type { Connection } from "./protocol";

/** Milliseconds a bastion may take to say whether a host behind it answers; Linux gives up after 127 s (tcp_syn_retries). */
const FORWARD_TIMEOUT = 150_000;
/** Milliseconds without a failed dial, after which the next one begins a new outage. */
const SAME_OUTAGE = 30_000;

/** One login at a bastion. */
interface Outer {
  readonly client: Promise<Client>;
  /** Hosts that are dialled or connected through it. */
  users: number;
}

/**
 * One bastion as this process uses it: one connection, with a channel for each host. A step that talks to a thousand hosts would
 * otherwise log in a thousand times, and sshd drops logins at random beyond ten unfinished ones (MaxStartups). Its
 * MaxSessions does not count forwarded channels.
 */
class Bastion {
  private outer: Outer | undefined;
  private outage: { readonly since: number; last: number } | undefined;

  constructor(private readonly connection: Connection) {}

  /** Connects to a host. The login lasts as long as one of its hosts is connected. */
  async dial(host: Connection): Promise<Client> {
    const outer = (this.outer ??= this.login());
    outer.users += 1;
    const leave = (): void => {
      outer.users -= 1;
      if (outer.users > 0) return;
      this.forget(outer);
      outer.client.then(
        (client) => client.end(),
        () => undefined,
      );
    };
    try {
      const client = await this.through(await outer.client, host);
      client.once("close", leave);
      return client;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Whoever comes next logs in anew. */
  private forget(outer: Outer): void {
    if (this.outer === outer) this.outer = undefined;
  }

  private login(): Outer {
    const outer: Outer = {
      users: 0,
      client: dial(this.connection).then(
        (client) => {
          this.outage = undefined;
          client.setMaxListeners(0); // one for each host
          client.once("close", () => this.forget(outer));
          return client;
        },
        (error: unknown) => {
          this.forget(outer);
          if (!(error instanceof DialError)) throw error;
          throw dialError(BastionError, this.text(error.message), error.again, this.failedAgain());
        },
      ),
    };
    return outer;
  }

  /** @returns when the outage began */
  private failedAgain(now = Date.now()): number {
    if (this.outage === undefined || now - this.outage.last > SAME_OUTAGE)
      this.outage = { since: now, last: now };
    this.outage.last = now;
    return this.outage.since;
  }

  private async through(outer: Client, host: Connection): Promise<Client> {
    let lost = false;
    const onLost = (): void => void (lost = true);
    outer.once("close", onLost);
    try {
      return await dial(host, await this.forward(outer, host));
    } catch (error) {
      throw lost ? this.brokeOff() : error;
    } finally {
      outer.removeListener("close", onLost);
    }
  }

  /** Waits for the bastion's own answer: nobody else can tell whether the host behind it is there. */
  private forward(outer: Client, host: Connection): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const end = (error: DialError): void => {
        clearTimeout(timer);
        outer.removeListener("close", lost);
        reject(error);
      };
      const lost = (): void => end(this.brokeOff());
      const timer = setTimeout(
        () => end(dialError(BastionError, this.text("it did not answer the request to open a connection"))),
        FORWARD_TIMEOUT,
      );
      outer.once("close", lost);
      try {
        outer.forwardOut("127.0.0.1", 0, host.host, host.port, (error, channel) => {
          if (error) return end(this.notForwarded(error));
          clearTimeout(timer);
          outer.removeListener("close", lost);
          resolve(channel);
        });
      } catch {
        // ssh2 throws where the socket has ended and its closing was not told yet.
        lost();
      }
    });
  }

  /** Its words are its libc's, or those of its language. */
  private notForwarded(error: Error & { reason?: number | string }): DialError {
    const text = this.text(error.message);
    if (error.reason !== OPEN_CONNECT_FAILED) return dialError(BastionError, text);
    if (/name or service|name resolution|no such host|unknown host/i.test(error.message))
      return dialError(NameResolutionError, text);
    // The bastion has no route at all: its own network is down.
    return dialError(
      /network is (unreachable|down)/i.test(error.message) ? BastionError : UnreachableError,
      text,
    );
  }

  private brokeOff(): DialError {
    return dialError(BastionError, this.text("the connection to it was lost"));
  }

  private text(message: string): string {
    return `bastion ${this.connection.host}: ${message}`;
  }
}

/** RFC 4254, 5.1: the bastion tried to connect and could not. Any other code is a matter between it and us. */
const OPEN_CONNECT_FAILED = 2;

const bastions = new Map<string, Bastion>();

/** Connects to a host, through the bastion where there is one. */
export function dialThrough(host: Connection, bastion: Connection | undefined): Promise<Client> {
  if (bastion === undefined) return dial(host);
  const key = JSON.stringify(bastion);
  const shared = bastions.get(key) ?? new Bastion(bastion);
  bastions.set(key, shared);
  return shared.dial(host);
}
