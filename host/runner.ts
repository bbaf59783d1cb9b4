import { hostLog, jobScript } from "../model/node/log";
import { sh } from "../model/text";
import { randomBytes } from "node:crypto";
import { jobUnit as UNIT } from "../model/node/paths";
import { FAILED } from "../model/node/undo";
import { connect, SessionDroppedError, type RunResult, type Session } from "./connection";
import { ConnectionLostError, HostProblem } from "./problem";
import type { Connection, StepInput } from "./protocol";
import { scrubber } from "./secrets";

/** Where a running job's script, output and exit status are: memory, readable by root alone, gone with a reboot. */
const JOBS = "/run/pulumi-kubeadm";
/** Lines of the log that an error shows. */
const TAIL = 20;
/** Connections to a host that break off one after the other, each within `SETTLED` milliseconds, before it is given up. */
const DROPS = 5;
const SETTLED = 60_000;
/** Seconds for which the end of an earlier job is waited for on the host before it is asked again what runs. */
const SLICE = 60;
const UNIT_EXISTS = /already (loaded|exists)|was already loaded/i;

export interface Job {
  /** What the job does, as an error says it: `node setup`, `kubeadm init`. */
  readonly name: string;
  /** A whole bash script, run as root; may hold secrets. */
  readonly script: string;
  /** Seconds; default 1,800. */
  readonly timeout?: number;
}

/** Milliseconds for which a host is dialled: new ones may still be booting, ones to remove may be gone for good. */
export const PATIENCE = { create: 60_000, update: 60_000, delete: 20_000 } as const;

/** Milliseconds for which an instance is dialled that was made a moment ago: an image's first boot, slow disks, a first update. */
export const BOOTING = 600_000;

/** What sudo says where the user needs a password. */
export const NO_SUDO = /sudo: a (terminal|password) is required/;

/** The hosts a step talks to, dialled when first needed and kept until `close`. */
export class Hosts {
  private readonly sessions = new Map<string, Session>();
  private readonly scrubbers: ((line: string) => string)[];

  constructor(
    private readonly input: StepInput,
    private readonly patience: number,
    private readonly say: (line: string) => void,
    /** Hosts may still be on their way to their own host key. */
    private readonly booting = false,
  ) {
    this.scrubbers = [scrubber(input)];
  }

  /** Takes secrets out of a line that goes out. */
  readonly scrub = (line: string): string => this.scrubbers.reduce((text, scrub) => scrub(text), line);

  /** Takes a text that was made on a host for a secret from now on. */
  conceal(content: string): void {
    this.scrubbers.push(scrubber({ connections: {}, files: [{ path: "", content }] }));
  }

  has(machine: string): boolean {
    return Object.hasOwn(this.input.connections, machine);
  }

  /**
   * Dials a machine that may still boot: it is told while it shows another host key or refuses the login, and dialled again for
   * ten minutes.
   */
  async boot(machine: string): Promise<void> {
    await this.session(machine, BOOTING, true);
  }

  async session(machine: string, patience = this.patience, booting = this.booting): Promise<Session> {
    const open = this.sessions.get(machine);
    if (open) return open;
    const connection: Connection | undefined = this.input.connections[machine];
    if (!connection || !this.has(machine))
      throw new HostProblem(machine, "the step has no connection to this machine");
    const opened = await connect(machine, connection, {
      bastion: this.input.bastion,
      patience,
      ...(booting ? { booting: (reason: string) => this.say(`${machine}: not ready yet: ${reason}`) } : {}),
    });
    this.sessions.set(machine, opened);
    return opened;
  }

  /** Closes the connection to a host that is not needed any more for now. */
  leave(machine: string): void {
    this.sessions.get(machine)?.close();
    this.sessions.delete(machine);
  }

  close(): void {
    for (const session of this.sessions.values()) session.close();
    this.sessions.clear();
  }

  private async again<T>(machine: string, work: (session: Session) => Promise<T>): Promise<T> {
    for (let drops = 0; ;) {
      const session = await this.session(machine);
      const since = Date.now();
      try {
        return await work(session);
      } catch (error) {
        if (!(error instanceof SessionDroppedError)) throw error;
        this.leave(machine);
        drops = Date.now() - since > SETTLED ? 1 : drops + 1;
        if (drops >= DROPS)
          throw new ConnectionLostError(
            machine,
            `the SSH connection was lost ${DROPS} times in a row${error.message === "" ? "" : `: ${error.message}`}`,
          );
        this.say(`${machine}: the SSH connection was lost, reconnecting`);
      }
    }
  }

  /** Runs a short command that changes nothing, or can be repeated, and gives its standard output. */
  async query(machine: string, what: string, command: string, input?: string): Promise<string> {
    const result = await this.attempt(machine, command, input);
    if (result.status === 0) return result.stdout;
    const text = (result.stderr || result.stdout).trim().split("\n").slice(-TAIL).map(this.scrub);
    if (NO_SUDO.test(result.stderr))
      throw new HostProblem(machine, "the SSH user needs passwordless sudo", text);
    throw new HostProblem(machine, `${what}: exit status ${result.status}`, text);
  }

  /** Like `query`, for commands whose failure is an answer. */
  attempt(machine: string, command: string, input?: string): Promise<RunResult> {
    return this.again(machine, (session) => session.run(command, { input }));
  }

  /** Runs a command that goes on until `last` is there, which it is told; it may run again when a connection drops. */
  hold(
    machine: string,
    command: string,
    onLine: (line: string) => void,
    last: Promise<string>,
  ): Promise<RunResult> {
    return this.again(machine, (session) => session.run(command, { onLine, last }));
  }

  /**
   * Runs a job in its own unit, so that neither a dropped connection nor the end of this process cuts it in half,
   * and follows its output. A job that somebody else has running there is waited for first.
   */
  async job(machine: string, job: Job): Promise<void> {
    const id = `${JOBS}/${randomBytes(6).toString("hex")}`;
    const timeout = job.timeout ?? 1_800;
    await this.start(machine, id, { ...job, timeout });
    let phase = "start";
    let failedIn: string | undefined;
    let message = "";
    let seen = 0;
    let status: string | undefined;
    const tail: string[] = [];
    const take = (raw: string): void => {
      const line = this.scrub(raw.replaceAll("\r", ""));
      if (line.startsWith("##status ")) {
        status = line.slice("##status ".length);
        return;
      }
      seen += 1;
      if (line.startsWith("##phase ")) {
        phase = line.slice("##phase ".length);
        this.say(`${machine}: ${phase}`);
      } else if (line === FAILED) failedIn = phase;
      else if (line.startsWith("##note ")) this.say(`${machine}: ${line.slice("##note ".length)}`);
      else if (line.startsWith("##error "))
        message += `${message === "" ? "" : "; "}${line.slice("##error ".length)}`;
      else if (line.trim() !== "") {
        tail.push(line);
        // What the job does after its change has failed is not why it failed.
        if (tail.length > TAIL && failedIn === undefined) tail.shift();
        else if (tail.length > TAIL) tail.pop();
      }
    };
    for (let silent = 0; status === undefined; silent += 1) {
      const before = seen;
      const followed = await this.again(machine, (session) =>
        session.run(follow(id, seen + 1), { onLine: take }),
      );
      if (seen > before) silent = 0;
      if (status === undefined && silent >= DROPS)
        throw new HostProblem(
          machine,
          `${job.name}: cannot follow its output (exit status ${followed.status}); the log is ${hostLog} on the host`,
          followed.stderr.trim().split("\n").slice(-TAIL).map(this.scrub),
        );
    }
    if (status === "0") return;
    const why = status === "124" ? `took longer than ${timeout} s` : `exit status ${status}`;
    throw new HostProblem(
      machine,
      `${job.name} failed in phase "${failedIn ?? phase}" (${why})${message === "" ? "" : `: ${message}`}; the full log is ${hostLog} on the host`,
      tail,
    );
  }

  private async start(machine: string, id: string, job: Required<Job>): Promise<void> {
    const wrap = jobScript({ id, folder: JOBS, name: job.name, seconds: job.timeout });
    // Not together with the start: of a connection that breaks off in the middle, the host takes the part that came for the whole.
    const put = `umask 077 && mkdir -p ${JOBS} && cat > ${id}.sh && printf %s ${sh(wrap)} > ${id}.wrap`;
    await this.query(machine, `handing over ${job.name}`, put, job.script);
    for (let told: string | undefined; ;) {
      const unit =
        `systemd-run --quiet --collect --unit=${UNIT} --setenv=HOME=/root ` +
        `--description=${JSON.stringify(`pulumi-kubeadm: ${job.name}`)} /bin/bash ${id}.wrap`;
      // A connection may break off when the job has started and nobody has heard of it.
      const started = await this.attempt(machine, `[ -e ${id}.pid ] || { : >> ${id}.log && ${unit}; }`);
      if (started.status === 0) return;
      if (!UNIT_EXISTS.test(started.stderr))
        throw new HostProblem(machine, `${job.name} could not be started`, started.stderr.trim().split("\n"));
      const running = await this.query(
        machine,
        "asking what runs there",
        `systemctl show --property=Description --value ${UNIT} || true`,
      );
      const what = running.trim().replace(/^pulumi-kubeadm: /, "");
      if (what !== told)
        this.say(
          `${machine}: an earlier job is still running there${what === "" ? "" : ` (${what})`}, waiting for it to end`,
        );
      told = what;
      // Every job has its own end, and several may wait here: whoever waits needs no other bound.
      const idle = `n=0; while [ $n -lt ${SLICE * 4} ] && systemctl is-active --quiet ${UNIT}; do n=$((n+1)); sleep 0.25; done; systemctl reset-failed ${UNIT} 2>/dev/null; exit 0`;
      await this.query(machine, "waiting for an earlier job", idle);
    }
  }
}

/** Prints a job's output from line `from` until it has ended, then its exit status. */
function follow(id: string, from: number): string {
  return (
    `n=0; until [ -s ${id}.pid ] || [ $n -gt 400 ]; do sleep 0.05; n=$((n+1)); done; ` +
    `read -r pid < ${id}.pid; tail -n +${from} -s 0.2 --pid="$pid" -f ${id}.log; ` +
    `if [ -e ${id}.rc ]; then read -r rc < ${id}.rc; echo "##status $rc"; else echo "##status killed"; fi`
  );
}
