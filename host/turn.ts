import { TURN, TURN_FAILED, turnScript } from "../model/membership/draining";
import { word } from "../model/membership/shell";
import type { Machine } from "../model/settings/resolved";
import { HostProblem } from "./problem";
import type { Hosts } from "./runner";

/**
 * Runs `work` when it is this machine's turn to be drained. The turn is a lock on a master that lasts as long as the
 * connection: steps of one run are processes of their own, and nothing is left of one that is killed.
 * @throws HostProblem when the upgrade of the machine before failed
 */
export async function inTurn<T>(
  context: { readonly hosts: Hosts; readonly say: (line: string) => void },
  machine: Machine,
  through: string,
  work: () => Promise<T>,
): Promise<T> {
  const { hosts, say } = context;
  const problem = (text: string, log: readonly string[] = []): HostProblem =>
    new HostProblem(machine.name, text, log);
  let end: (words: string) => void = () => undefined;
  const last = new Promise<string>((resolve) => (end = resolve));
  let held: Promise<void> = Promise.resolve();
  await new Promise<void>((mine, refuse) => {
    const heard = (line: string): void => {
      if (line === TURN.mine) mine();
      else if (line === TURN.waits) say(`${machine.name}: waits until another node is upgraded`);
      else if (line.startsWith(TURN.failed))
        refuse(
          problem(
            `is left as it is, since the upgrade of ${line.slice(TURN.failed.length)} failed: one node at a time is drained`,
          ),
        );
    };
    held = hosts
      .hold(through, `/bin/bash -c ${word(turnScript(machine))}`, heard, last)
      .then(
        ({ status, stderr }) =>
          refuse(
            problem(
              `could not wait for its turn to be drained: exit status ${status} on ${through}`,
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
    end(TURN_FAILED);
    throw error;
  } finally {
    await held;
  }
}
