import { LOCK, LOCK_DONE, LOCK_FAILED, LOCK_SILENT } from "../model/lifecycle/lock";
import { bashCommand } from "../model/text";
import type { ClusterMachine } from "../model/machine";
import { HostProblem } from "./problem";
import type { Hosts } from "./runner";

/** A lock that a script on a control-plane node keeps for a step. */
export interface Lock {
  readonly script: string;
  /** The control-plane node. */
  readonly keeper: string;
  /** What the lock is called. */
  readonly name: string;
  /** What people read while the machine waits. */
  readonly waits: string;
  /** What did not happen to the machine where the lock cannot be had. Default: `was not changed`. */
  readonly undone?: string;
  /** Why the machine is not changed at all, from what follows `LOCK.blocked`. */
  readonly blocked?: (by: string) => string;
}

/**
 * Resolves while the step holds the lock. Another step takes the lock when the keeper has not heard from this one for three minutes;
 * then it resolves when the lock is back.
 * @throws HostProblem when the lock cannot be had any more
 */
export type StillHeld = () => Promise<void>;

/**
 * Runs `work` while the lock is held. A connection that breaks off does not give the lock away, and work that must not overlap with
 * another node's asks `stillHeld` before it begins.
 * @throws HostProblem when the change of another machine failed before, or the lock cannot be had
 */
export async function holding<T>(
  { hosts, say }: { readonly hosts: Hosts; readonly say: (line: string) => void },
  machine: ClusterMachine,
  lock: Lock,
  work: (stillHeld: StillHeld) => Promise<T>,
): Promise<T> {
  const { undone = "was not changed" } = lock;
  let ended = false;
  let end: (words: string) => void = () => undefined;
  const last = new Promise<string>((resolve) => (end = resolve));
  let gate = new Gate();
  const shut = (error: unknown): void => {
    if (gate.isOpen) gate = new Gate();
    gate.refuse(error);
  };
  const heard = (line: string): void => {
    if (line === LOCK.held) gate.open();
    else if (line.startsWith(LOCK.waits)) {
      if (gate.isOpen) {
        gate = new Gate();
        say(
          `${machine.name}: another machine took the ${lock.name} while ${lock.keeper} could not be reached`,
        );
      }
      const names = line.slice(LOCK.waits.length).trim();
      say(`${machine.name}: ${lock.waits}${names === "" ? "" : `. It waits for ${names}`}`);
    } else if (line.startsWith(LOCK.failed)) {
      const failed = line.slice(LOCK.failed.length);
      const why = `${undone}, because the change of ${failed} failed: fix that error and run up again`;
      shut(new HostProblem(machine.name, why));
    } else if (line === LOCK.blind) {
      const why = `${undone}: the API does not answer on ${lock.keeper}, so nobody knows which nodes are away`;
      shut(new HostProblem(machine.name, why));
    } else if (line.startsWith(LOCK.blocked)) {
      const by = line.slice(LOCK.blocked.length);
      shut(new HostProblem(machine.name, `${undone}: ${lock.blocked?.(by) ?? by}`));
    }
  };
  const keep = async (): Promise<void> => {
    for (;;) {
      const command = bashCommand(lock.script);
      const { status, stderr } = await hosts.hold(lock.keeper, command, heard, last);
      if (status === 0 || ended) return;
      if (status === LOCK_SILENT) continue;
      const why = `cannot hold the ${lock.name}: exit status ${status} on ${lock.keeper}`;
      throw new HostProblem(machine.name, why, stderr.trim().split("\n"));
    }
  };
  const kept = keep().catch(shut);
  try {
    await gate.passed;
    const result = await work(() => gate.passed);
    end(LOCK_DONE);
    return result;
  } catch (error) {
    end(LOCK_FAILED);
    throw error;
  } finally {
    ended = true;
    await kept;
  }
}

/** Something to wait for, which is refused at most once, and never without somebody who waits. */
class Gate {
  isOpen = false;
  open: () => void = () => undefined;
  refuse: (error: unknown) => void = () => undefined;
  readonly passed = new Promise<void>((resolve, reject) => {
    this.open = () => {
      this.isOpen = true;
      resolve();
    };
    this.refuse = reject;
  });

  constructor() {
    // Whoever asks later is told; until then it is not an error of the program.
    this.passed.catch(() => undefined);
  }
}
