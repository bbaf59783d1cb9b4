import { word } from "../model/membership/shell";
import type { ClusterMachine } from "../model/machine";
import { HostProblem } from "./problem";
import type { Hosts } from "./runner";

/** A lock that a script on a control-plane node keeps for as long as its standard input stays open. */
export interface Lock {
  readonly script: string;
  /** What the script says; the last names the machine whose work failed. */
  readonly says: { readonly mine: string; readonly waits: string; readonly failed: string };
  /** What it is told where the work failed. */
  readonly tellFailed: string;
  /** What people read while the machine waits. */
  readonly waits: string;
  /** Why the machine is left as it is, by the machine whose work failed. */
  readonly refused: (failed: string) => string;
  /** What the turn is for, as in "to be drained". */
  readonly turn: string;
}

/**
 * Runs `work` while the lock is held. It lasts as long as the connection: steps of one run are processes of their own, and
 * nothing is left of one that is killed.
 * @throws HostProblem when the work of another machine failed before, or the lock cannot be had
 */
export async function holding<T>(
  { hosts, say }: { readonly hosts: Hosts; readonly say: (line: string) => void },
  machine: ClusterMachine,
  through: string,
  lock: Lock,
  work: () => Promise<T>,
): Promise<T> {
  let end: (words: string) => void = () => undefined;
  const last = new Promise<string>((resolve) => (end = resolve));
  let held: Promise<void> = Promise.resolve();
  await new Promise<void>((mine, refuse) => {
    const heard = (line: string): void => {
      if (line === lock.says.mine) mine();
      else if (line === lock.says.waits) say(`${machine.name}: ${lock.waits}`);
      else if (line.startsWith(lock.says.failed))
        refuse(new HostProblem(machine.name, lock.refused(line.slice(lock.says.failed.length))));
    };
    held = hosts
      .hold(through, `/bin/bash -c ${word(lock.script)}`, heard, last)
      .then(
        ({ status, stderr }) =>
          refuse(
            new HostProblem(
              machine.name,
              `could not wait for its turn ${lock.turn}: exit status ${status} on ${through}`,
              stderr.trim().split("\n"),
            ),
          ),
        refuse,
      );
  });
  try {
    const result = await work();
    end("");
    return result;
  } catch (error) {
    end(lock.tellFailed);
    throw error;
  } finally {
    await held;
  }
}
