import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { Server, utils, type AuthContext, type Connection as Client, type ServerChannel } from "ssh2";
import { BEGIN } from "../../../host/connection";
import type { Connection } from "../../../host/protocol";
import { searchPath } from "../../../model/core/searchPath";
import { newKey, type KeyPair } from "../../support/sshKey";
import { StandIns } from "../../support/standIns";

/** What a client asks the host to run; `channel` carries its input and output. */
export type Exec = (command: string, channel: ServerChannel) => void;

export interface SshHostOptions {
  readonly exec?: Exec;
  /** Which key may log on; default: `userKey`'s. */
  readonly accept?: boolean;
  /** Opens connections to other hosts for its clients; default true. */
  readonly forwards?: boolean;
  /** What it says of a connection that it does not open (RFC 4254, 5.1); default: 2, connect failed, without words. */
  readonly refusal?: { readonly reason: number; readonly description: string };
  /** Default: an ed25519 key of its own. */
  readonly key?: KeyPair;
}

interface OpenFailures {
  channelOpenFail(recipient: number, reason: number, description?: string): void;
}

export const userKey = newKey();

/** What stands before each command, so that neither a host's own search path nor what its shell prints at the start matters. */
const WITH_PATH = `echo "${BEGIN}"; export PATH="${searchPath}"; `;

/** A command as it was meant, without the search path before it. */
export function meant(command: string): string {
  return command.replace(WITH_PATH, "");
}

/** A key as the settings have it: type and blob. */
export function hostKeyLine(key: KeyPair): string {
  return key.public.split(" ").slice(0, 2).join(" ");
}

/** Some other host's key, as the settings have it. */
export function otherHostKey(): string {
  return hostKeyLine(newKey());
}

/** An SSH server on loopback, in this process, that notes what is asked of it. */
export class SshHost {
  /** TCP connections that were made to it. */
  dials = 0;
  /** Attempts to log on; a key is offered before it is used, so one log-on is several. */
  logOns = 0;
  readonly commands: string[] = [];
  /** The same as they were sent. */
  readonly sent: string[] = [];
  /** Targets that connections were forwarded to. */
  readonly forwarded: string[] = [];
  readonly hostKey: string;
  private readonly server: Server;
  private readonly sockets = new Set<net.Socket>();
  private readonly events = new EventEmitter();

  private constructor(private readonly options: SshHostOptions) {
    const key = options.key ?? newKey();
    this.hostKey = hostKeyLine(key);
    this.server = new Server({ hostKeys: [key.private] }, (client) => this.serve(client));
    const tcp = (this.server as unknown as { _srv: net.Server })._srv;
    tcp.on("connection", (socket: net.Socket) => {
      this.dials += 1;
      this.sockets.add(socket);
      // As sshd does (`set_nodelay` in OpenSSH's packet.c).
      socket.setNoDelay(true);
      socket.once("close", () => {
        this.sockets.delete(socket);
        this.events.emit("gone");
      });
    });
  }

  static async start(options: SshHostOptions = {}, port = 0): Promise<SshHost> {
    const host = new SshHost(options);
    await new Promise<void>((ready) => host.server.listen(port, "127.0.0.1", ready));
    return host;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  /** How a step would be told to reach it. */
  connection(over: Partial<Connection> = {}): Connection {
    return {
      host: "127.0.0.1",
      port: this.port,
      user: "root",
      hostKey: this.hostKey,
      privateKey: userKey.private,
      ...over,
    };
  }

  /** Connections that are open now. */
  get open(): number {
    return this.sockets.size;
  }

  /** Resolves when its last client has gone. */
  empty(): Promise<void> {
    return this.down(0);
  }

  /** Resolves when no more than so many clients are left. */
  async down(count: number): Promise<void> {
    while (this.sockets.size > count) await once(this.events, "gone");
  }

  /** Breaks off every connection, as a network that goes away does. */
  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.drop();
    await new Promise<void>((closed) => this.server.close(() => closed()));
  }

  private serve(client: Client): void {
    // A client that goes away in the middle of a handshake is an error to ssh2, and what some tests are about.
    client.on("error", () => undefined);
    client.on("authentication", (context) => this.logOn(context));
    const { refusal } = this.options;
    if (refusal !== undefined) {
      // ssh2's own servers have no words for it.
      const protocol = (client as unknown as { _protocol: OpenFailures })._protocol;
      const fail = protocol.channelOpenFail.bind(protocol);
      protocol.channelOpenFail = (recipient) => fail(recipient, refusal.reason, refusal.description);
    }
    client.on("tcpip", (accept, reject, { destIP, destPort }) => {
      this.forwarded.push(`${destIP}:${destPort}`);
      if (this.options.forwards === false) return reject();
      const socket = net.connect(destPort, destIP);
      socket.once("connect", () => {
        const channel = accept();
        channel.pipe(socket).pipe(channel);
      });
      socket.on("error", () => reject());
    });
    client.on("session", (accept) => {
      accept().on("exec", (accepted, refuse, { command }) => {
        this.sent.push(command);
        this.commands.push(meant(command));
        if (this.options.exec === undefined) return refuse();
        this.options.exec(command, accepted());
      });
    });
  }

  private logOn(context: AuthContext): void {
    this.logOns += 1;
    const known = utils.parseKey(userKey.public);
    if (known instanceof Error) throw known;
    const right =
      context.method === "publickey" &&
      this.options.accept !== false &&
      context.key.data.equals(known.getPublicSSH());
    if (right) context.accept();
    else context.reject(["publickey"]);
  }
}

/** Answers a command with text and a status. */
export function answer(channel: ServerChannel, status: number, stdout = "", stderr = ""): void {
  channel.stdout.write(`${BEGIN}\n${stdout}`);
  channel.stderr.write(stderr);
  channel.exit(status);
  channel.end();
}

/** What a healthy node says of itself, with such a record of its node step; null: it has none. */
export function stateLine(node: object | null): string {
  const state = { node, setup: null, machineId: "", kubelet: true, apiServer: true, etcd: true, now: 0 };
  return `##state ${JSON.stringify(state)}`;
}

/** Systemd as far as jobs use it: one unit of a name at a time, `$ROOT/unit` holding its process. */
const STUBS: Readonly<Record<string, string>> = {
  "systemd-run": `for a in "$@"; do case "$a" in --description=*) said=\${a#*=}; shift ;; --*) shift ;; *) break ;; esac; done
if [ -s "$ROOT/unit" ] && read -r unit <"$ROOT/unit" && kill -0 "$unit" 2>/dev/null; then
  echo "Failed to start transient service unit: Unit pulumi-kubeadm-job.service was already loaded or has a fragment file." >&2
  exit 1
fi
echo "$*" >>"$ROOT/units"
echo "$said" >"$ROOT/description"
: >"$ROOT/unit"
# A parent of its own, that knows of its end at once as systemd does.
read -r _ < <("$@" >/dev/null 2>&1 </dev/null & echo $! >"$ROOT/unit"; echo; exec >/dev/null 2>&1 </dev/null; wait)`,
  systemctl: `[ "$1" != show ] || { echo shown >>"$ROOT/shown"; printf '%s\\n' "$(<"$ROOT/description")"; exit 0; }
[ "$1" = is-active ] || exit 0
[ -s "$ROOT/unit" ] && read -r unit <"$ROOT/unit" && kill -0 "$unit" 2>/dev/null`,
  sudo: `[ "$1 $2" = "-n --" ] || exit 1
shift 2
exec "$@"`,
};

/** Empty for a process that has ended or is somebody else's. */
function environmentOf(process: string): string {
  try {
    return `\0${fs.readFileSync(`/proc/${process}/environ`, "latin1")}`;
  } catch {
    return "";
  }
}

/** Ends a process at once; false where it had ended by itself. */
function ended(id: number): boolean {
  try {
    return process.kill(id, "SIGKILL");
  } catch {
    return false;
  }
}

/**
 * A folder that plays a host's file system: commands run in a real shell, with the paths of jobs moved into the folder
 * and systemd stood in for.
 */
export class Machine {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), "ssh-host-"));
  private patient = true;
  private readonly programs = new StandIns(this.root);

  /**
   * @param folders that are moved into the host's own folder, besides those of jobs: `/etc/`, `/var/lib/`
   * @param instead gives what runs in place of a script that must never run here
   */
  constructor(
    private readonly folders: readonly string[] = [],
    private readonly instead: (script: string) => string = (script) => script,
  ) {
    for (const [name, body] of Object.entries(STUBS)) this.program(name, body);
    fs.mkdirSync(path.join(this.root, "var/log"), { recursive: true });
  }

  /** Runs what a client asks for; `onOutput` sees what goes back while it goes. */
  exec(onOutput?: (text: string) => void): Exec {
    return (command, channel) => {
      const child = spawn("/bin/sh", ["-c", this.inside(command)], {
        cwd: this.root,
        env: {
          ...process.env,
          ROOT: this.root,
          ...this.programs.environment,
          // As sudo leaves it: root's own folder, and no shell around this one.
          HOME: this.root,
          SHLVL: "0",
        },
      });
      // A command that reads lines gets them while it runs; a script is whole before it is moved inside.
      if (command.includes("read -r -t")) channel.pipe(child.stdin);
      else {
        let input = "";
        channel.on("data", (chunk: Buffer) => (input += chunk.toString()));
        channel.on("end", () => child.stdin.end(this.inside(this.instead(input))));
      }
      channel.on("error", () => undefined);
      // A command that comes when the host has been removed.
      child.on("error", () => channel.end());
      child.stdin.on("error", () => undefined);
      child.stdout.on("data", (chunk: Buffer) => {
        channel.stdout.write(chunk);
        onOutput?.(chunk.toString());
      });
      child.stderr.on("data", (chunk: Buffer) => channel.stderr.write(chunk));
      // As sshd does: what the shell has started is not hung up with it, and reads the end of its input.
      channel.on("close", () => {
        child.stdin.end();
        child.kill("SIGHUP");
      });
      child.on("close", (code, signal) => {
        if (signal === null) channel.exit(code ?? 0);
        else channel.exit(signal);
        channel.end();
      });
    };
  }

  write(file: string, content: string, mode = 0o644): void {
    const target = path.join(this.root, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, content, { mode });
  }

  /** A program's stand-in, in bash; `$ROOT` is the host's own folder. The last one of a name is it. */
  program(name: string, body: string): void {
    this.programs.set(name, body);
  }

  /** Other words in a program that is there. */
  changeProgram(name: string, from: string, to: string): void {
    this.programs.change(name, from, to);
  }

  link(file: string, target: string): void {
    const from = path.join(this.root, file);
    fs.mkdirSync(path.dirname(from), { recursive: true });
    fs.rmSync(from, { force: true });
    fs.symlinkSync(target, from);
  }

  read(file: string): string {
    const target = path.join(this.root, file);
    return fs.existsSync(target) ? fs.readFileSync(target, "utf8") : "";
  }

  /** From now on, whoever waits for nodes that nobody works on gives up soon. */
  losePatience(): void {
    this.patient = false;
  }

  /** Files of jobs, by the ends of their names. */
  left(): string[] {
    const folder = path.join(this.root, "run/pulumi-kubeadm");
    return fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
  }

  /** Resolves when nothing runs there any more. */
  async idle(): Promise<void> {
    while (this.running().length > 0) await new Promise((wake) => setTimeout(wake, 20));
  }

  /** Ends what still runs there, which would write into the folder while it goes. */
  remove(): void {
    while (this.running().some(ended)) continue;
    fs.rmSync(this.root, { recursive: true, force: true, maxRetries: 10 });
  }

  /** The host is there, and all that was written on it is gone. */
  wipe(): void {
    this.remove();
    fs.mkdirSync(path.join(this.root, "var/log"), { recursive: true });
  }

  /** Processes of this host: those that have its folder in their environment. */
  private running(): number[] {
    if (!fs.existsSync("/proc/self/environ")) return [];
    return fs
      .readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(`\0ROOT=${this.root}\0`))
      .map(Number);
  }

  private inside(text: string): string {
    // Whoever waits for a lock or for a job's end looks now and then, and a test does not wait for the next look.
    const soon = text
      .replaceAll(/\bhear 1$/gm, "hear 0.1")
      .replaceAll(/\b(tail .*) -s 0\.2 /g, "$1 -s 0.01 ");
    const timed = this.patient ? soon : soon.replaceAll(/^(stuck_for|first_for)=.*$/gm, "$1=1");
    const moved = this.folders.reduce(
      (all, folder) => all.replaceAll(folder, `${this.root}${folder}`),
      timed,
    );
    return moved.replaceAll(
      /\/(run\/pulumi-kubeadm|var\/log\/pulumi-kubeadm|usr\/local\/s?bin)/g,
      `${this.root}/$1`,
    );
  }
}
