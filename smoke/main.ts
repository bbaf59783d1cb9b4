/** `npm run smoke`: is this cluster one that people can work with? */
import { existsSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { askPulumi, contentOf, SourceError } from "../doctor/source";
import { UsageError } from "../model/commandLine";
import { SMOKE_DEFAULTS, type SmokeOptions, type SmokeResult } from "../model/smoke/options";
import { type KubeconfigSource, parseArguments, USAGE } from "./arguments";
import { SmokeClient, type Kubeconfig } from "./client";
import { SmokeRun } from "./steps";

/** Runs the test. @returns the exit status */
export async function main(words: readonly string[] = process.argv.slice(2)): Promise<number> {
  try {
    const given = parseArguments(words, process.env);
    if (given === undefined) {
      process.stdout.write(USAGE);
      return 0;
    }
    return await test(await kubeconfigsOf(given.source), given.options, given.json);
  } catch (error) {
    if (error instanceof UsageError) process.stderr.write(`error: ${error.message}\n\n${USAGE}`);
    else if (error instanceof SourceError) process.stderr.write(`error: ${error.message}\n`);
    else throw error;
    return 2;
  }
}

async function test(
  kubeconfigs: readonly Kubeconfig[],
  options: SmokeOptions,
  json: boolean,
): Promise<number> {
  const client = await SmokeClient.connect(kubeconfigs);
  const run = new SmokeRun(client, options, (result) => {
    process.stdout.write(`${json ? JSON.stringify(result) : lineOf(result)}\n`);
  });
  const interrupted = (): void => {
    void run.cleanUp().finally(() => process.exit(130));
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    return (await run.run()) ? 0 : 1;
  } finally {
    process.removeListener("SIGINT", interrupted).removeListener("SIGTERM", interrupted);
  }
}

function lineOf({ step, ok, saw, seconds }: SmokeResult): string {
  return `${ok ? "ok    " : "failed"}  ${step.padEnd(12)}  ${saw} (${seconds} s)`;
}

async function kubeconfigsOf(source: KubeconfigSource): Promise<readonly Kubeconfig[]> {
  switch (source.kind) {
    case "file":
      return [await fileOf(source.file)];
    case "files":
      return existingFiles(source.files);
    case "stdin":
      return [{ text: await text(process.stdin) }];
    case "stack":
      return [{ text: await stackOutput(source.environment) }];
  }
}

async function fileOf(file: string): Promise<Kubeconfig> {
  return { text: await contentOf(file), folder: path.dirname(path.resolve(file)) };
}

/** @throws SourceError when none is there, or one cannot be read */
async function existingFiles(files: readonly string[]): Promise<readonly Kubeconfig[]> {
  const there = files.filter((file) => existsSync(file));
  if (there.length === 0)
    throw new SourceError(`KUBECONFIG names files that do not exist: ${files.join(", ")}`);
  return Promise.all(there.map(fileOf));
}

/** As Pulumi gives it to who may see the stack's secrets. */
async function stackOutput(environment: string): Promise<string> {
  const words = ["stack", "output", "kubeconfig", "--show-secrets", "--stack", environment];
  return askPulumi(words, {
    failed: `pulumi has no kubeconfig of ${environment}`,
    instead: "give the kubeconfig with --kubeconfig",
  });
}

/** The test as a step of a stack: options in the environment, the kubeconfig on standard input; ends the process. */
export function step(): void {
  const options = {
    ...SMOKE_DEFAULTS,
    ...(JSON.parse(process.env["KUBEADM_SMOKE"] ?? "{}") as Partial<SmokeOptions>),
  };
  ending(kubeconfigsOf({ kind: "stdin" }).then((kubeconfigs) => test(kubeconfigs, options, true)));
}

function ending(run: Promise<number>): void {
  run.then(
    (status) => process.exit(status),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
}

if (require.main === module) ending(main());
