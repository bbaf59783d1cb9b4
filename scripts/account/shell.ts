import { spawn } from "node:child_process";

/** One command, as its words. */
export type Command = readonly string[];

export interface Shell {
  /** Shows the command's output as it comes. @returns its exit status */
  run(command: Command): Promise<number>;
  /** Keeps the command's output, which is never shown: it may be a secret. @throws CommandError when it fails */
  read(command: Command): Promise<string>;
}

export class CommandError extends Error {}

export function shown(command: Command): string {
  return command
    .map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

/** The machine's own. An interrupt of the terminal reaches the command itself, so that Pulumi can end in order. */
export const machineShell: Shell = {
  run: ([program = "", ...args]) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, { stdio: "inherit" });
      child.on("error", reject);
      child.on("close", (status) => resolve(status ?? 1));
    }),
  read: (command) => {
    const [program = "", ...args] = command;
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("error", reject);
      child.on("close", (status) => {
        if (status === 0) resolve(stdout);
        else reject(new CommandError(`${shown(command)}: ${stderr.trim().split("\n").at(-1) ?? ""}`));
      });
    });
  },
};
