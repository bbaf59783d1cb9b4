/** `npm run doctor`: what of a living cluster is not as its settings made it, and what cures it. */
import { writeFile } from "node:fs/promises";
import { UsageError } from "../model/commandLine";
import { parseArguments, USAGE, type Arguments } from "./arguments";
import { examine, type Diagnosis } from "./look";
import { page } from "./page";
import { contentOf, SourceError, stateOf } from "./source";
import { readState, StateError } from "./state";

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
    else if (error instanceof SourceError || error instanceof StateError)
      process.stderr.write(`error: ${error.message}\n`);
    else throw error;
    return 2;
  }
}

async function look({ source, kubeconfig, json, page: file, upgrade }: Arguments): Promise<number> {
  const state = readState(await stateOf(source));
  const api = kubeconfig === undefined ? undefined : await contentOf(kubeconfig);
  const diagnosis = await examine(state, api, upgrade);
  const { findings, looked } = diagnosis;
  if (file !== undefined) await writeFile(file, page(diagnosis, state.expected.fixed.endpoint));
  process.stdout.write(json ? `${JSON.stringify(diagnosis, null, 2)}\n` : report(diagnosis));
  if (looked.hosts.length === 0 && !looked.api) return 2;
  return findings.length === 0 ? 0 : 1;
}

function report({ findings, notes = [], looked }: Diagnosis): string {
  const lines = findings.map(({ where, what, cure }) => `${where}: ${what}\n    cure: ${cure}\n`);
  const seen = `Looked at ${looked.hosts.length} ${looked.hosts.length === 1 ? "host" : "hosts"}${looked.api ? " and the API" : ""}`;
  return `${lines.join("")}${notes.map((note) => `note: ${note}\n`).join("")}${seen}: ${findings.length === 0 ? "nothing found" : `${findings.length} found`}.\n`;
}

if (require.main === module)
  main().then(
    (status) => process.exit(status),
    (error: unknown) => {
      console.error(error);
      process.exit(2);
    },
  );
