/** `npm run account-test`: the life of a cluster in a real account (docs/aws-account.md). */
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { UsageError } from "../../model/commandLine";
import { SettingsError } from "../../model/settings/problems";
import { readCluster } from "../../model/settings/parse";
import { projectFiles } from "../../components/extras/projectFiles";
import { readEnvironment } from "../../plan/config";
import { PlanError } from "../../plan/error";
import { parseArguments, USAGE, type Arguments } from "./arguments";
import { AccountTestError, accountTest, afterwards, InterruptedError, NotBegunError } from "./run";
import { CommandError, machineShell } from "./shell";

const ROOT = path.resolve(__dirname, "..", "..");

async function start(args: Arguments): Promise<number> {
  const { stack } = args;
  const source = path.join(ROOT, `Pulumi.${stack}.yaml`);
  const read = readEnvironment({ environment: stack, configFile: source, configFileGiven: false, out: "" });
  const settings = readCluster(read.cluster, {
    environment: stack,
    region: read.region,
    files: projectFiles(),
  });
  let stopped = false;
  process.on("SIGINT", () => {
    stopped = true;
    console.error("\ninterrupted: the command that runs is given time to end");
  });
  try {
    await accountTest({
      args,
      settings,
      source,
      folder: path.join(ROOT, "out", "account-test", stack),
      shell: machineShell,
      say: (line) => console.log(line),
      interrupted: () => stopped,
      pause: (milliseconds) => delay(milliseconds),
    });
    return 0;
  } catch (error) {
    if (error instanceof InterruptedError) {
      console.error(`interrupted in "${error.message}"\n${afterwards(args)}`);
      return 130;
    }
    if (!(error instanceof AccountTestError || error instanceof CommandError)) throw error;
    if (error instanceof NotBegunError) {
      console.error(error.message);
      return 1;
    }
    console.error(`${error.message}\n${afterwards(args)}`);
    return 1;
  }
}

async function main(words: readonly string[]): Promise<number> {
  try {
    const args = parseArguments(words);
    if (args !== undefined) return await start(args);
    console.log(USAGE);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof SettingsError || error instanceof PlanError))
      throw error;
    console.error(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : error.message);
    return 2;
  }
}

void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
