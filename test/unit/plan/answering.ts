import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { afterAll } from "vitest";

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** No passphrase, no account, no engine; not even a command is to be found. */
export const NOTHING_AROUND = { PATH: "/nonexistent", HOME: "/nonexistent", NODE_OPTIONS: "" };

/**
 * What the command says in a folder, from one process for all tests of a file.
 *
 * @param options of Node
 */
export function answering(...options: string[]): (folder: string, ...words: string[]) => Promise<Ended> {
  let child: ChildProcess | undefined;
  afterAll(() => child?.kill());
  return async (folder, ...words) => {
    child ??= fork(path.join(__dirname, "answering.cjs"), { env: NOTHING_AROUND, execArgv: options });
    child.send({ folder, words });
    const [ended] = (await once(child, "message")) as [Ended];
    return ended;
  };
}
