/** `npm run doctor`: what of a living cluster is not as its settings made it, and what cures it. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { UsageError } from "../model/commandLine";
import { parseArguments, USAGE, type Arguments, type StateSource } from "./arguments";
import { examine, type Diagnosis } from "./look";
import { page } from "./page";
import { readState, StateError } from "./state";

/** It could not look: Pulumi has no such stack, or a file cannot be read. */
class LookError extends Error {}

/** @returns the exit status */
export async function main(words: readonly string[] = process.argv.slice(2)): Promise<number> {
  try {
    const given = parseArguments(words);
    if (given === undefined) {
      process.stdout.write(USAGE);
      return 0;
    }
    return await look(given);
  } catch (error) {
    if (error instanceof UsageError) process.stderr.write(`error: ${error.message}\n\n${USAGE}`);
    else if (error instanceof LookError || error instanceof StateError)
      process.stderr.write(`error: ${error.message}\n`);
    else throw error;
    return 2;
  }
}

async function look({ source, kubeconfig, json, page: file }: Arguments): Promise<number> {
  const state = readState(await stateOf(source));
  const diagnosis = await examine(state, kubeconfig === undefined ? undefined : await contentOf(kubeconfig));
  const { findings, looked } = diagnosis;
  if (file !== undefined) await writeFile(file, page(diagnosis, state.expected.fixed.endpoint));
  process.stdout.write(json ? `${JSON.stringify(diagnosis, null, 2)}\n` : report(diagnosis));
  if (looked.hosts.length === 0 && !looked.api) return 2;
  return findings.length === 0 ? 0 : 1;
}

function report({ findings, looked }: Diagnosis): string {
  const lines = findings.map(({ where, what, cure }) => `${where}: ${what}\n    cure: ${cure}\n`);
  const seen = `Looked at ${looked.hosts.length} ${looked.hosts.length === 1 ? "host" : "hosts"}${looked.api ? " and the API" : ""}`;
  return `${lines.join("")}${seen}: ${findings.length === 0 ? "nothing found" : `${findings.length} found`}.\n`;
}

async function stateOf(source: StateSource): Promise<string> {
  if (source.kind === "file") return contentOf(source.file);
  const words = ["stack", "export", "--show-secrets", "--stack", source.environment];
  const { stdout } = await promisify(execFile)("pulumi", words, { maxBuffer: 1024 ** 3 }).catch(
    (error: Error & { code?: unknown; stderr?: string }) => {
      if (error.code === "ENOENT")
        throw new LookError(
          "the program pulumi is not on the PATH: install it, or give the state with --state",
        );
      const said = error.stderr?.trim() || error.message;
      throw new LookError(`pulumi has no state of ${source.environment}: ${said}`);
    },
  );
  return stdout;
}

async function contentOf(file: string): Promise<string> {
  if (file === "-") return text(process.stdin);
  return readFile(file, "utf8").catch((error: unknown) => {
    throw new LookError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  });
}

if (require.main === module)
  main().then(
    (status) => process.exit(status),
    (error: unknown) => {
      console.error(error);
      process.exit(2);
    },
  );
