/** `npm run rehearse`: restores a snapshot on this machine, and says what is in it. */
import { SourceError, stateOf } from "../doctor/source";
import { StateError } from "../doctor/steps";
import { scrubber } from "../host/secrets";
import { UsageError } from "../model/commandLine";
import { unsuitableCluster } from "../model/etcd/restore/header";
import { parseArguments, USAGE, type Arguments } from "./arguments";
import { binariesIn, cacheFolder, downloadedBinaries, serversOf } from "./binaries";
import { restoredCluster } from "./cluster";
import { countObjects } from "./objects";
import { RehearsalError } from "./problem";
import { rehearsalOf, reportOf, type Rehearsal } from "./report";
import { Scratch } from "./scratch";
import { fetchSnapshot } from "./snapshot";
import { readRehearsed, type RehearsedStack } from "./state";

/** @returns the exit status */
export async function main(words: readonly string[] = process.argv.slice(2)): Promise<number> {
  try {
    const given = parseArguments(words);
    if (given === undefined) {
      process.stdout.write(USAGE);
      return 0;
    }
    const rehearsal = await rehearse(readRehearsed(await stateOf(given.source)), given);
    process.stdout.write(
      given.json ? `${JSON.stringify(rehearsal, null, 2)}\n` : reportOf(rehearsal, Date.now()),
    );
    return rehearsal.problems.length === 0 ? 0 : 1;
  } catch (error) {
    if (error instanceof UsageError) process.stderr.write(`error: ${error.message}\n\n${USAGE}`);
    else if (error instanceof RehearsalError || error instanceof SourceError || error instanceof StateError)
      process.stderr.write(`error: ${error.message}\n`);
    else throw error;
    return 2;
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function rehearse(stack: RehearsedStack, { wanted, bin }: Arguments): Promise<Rehearsal> {
  const began = Date.now();
  const { connections, bastion, files } = stack;
  const secrets = Object.entries(files).map(([path, content]) => ({ path, content }));
  const scrub = scrubber({ connections, files: secrets, ...(bastion === undefined ? {} : { bastion }) });
  const scratch = new Scratch(scrub);
  const stopped = (signal: NodeJS.Signals): void => {
    scratch.close();
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  process.once("SIGINT", stopped).once("SIGTERM", stopped).once("SIGHUP", stopped);
  try {
    const snapshot = await fetchSnapshot(scratch, stack, wanted, say);
    const { name, header } = snapshot;
    const wrong = unsuitableCluster(header, stack.cluster);
    if (wrong !== undefined) throw new RehearsalError(`${name} ${wrong}`);
    const binaries =
      bin === undefined
        ? await downloadedBinaries(scratch, cacheFolder(), header, serversOf(stack.kubeadmUrl), say)
        : await binariesIn(scratch, bin, header);
    const cluster = await restoredCluster(scratch, binaries, snapshot, stack);
    try {
      const counted = await countObjects(cluster);
      return rehearsalOf(snapshot, stack, counted, wanted.kind === "newest", began, Date.now());
    } finally {
      cluster.close();
    }
  } finally {
    process.off("SIGINT", stopped).off("SIGTERM", stopped).off("SIGHUP", stopped);
    scratch.close();
  }
}

if (require.main === module)
  main().then(
    (status) => process.exit(status),
    (error: unknown) => {
      console.error(error);
      process.exit(2);
    },
  );
