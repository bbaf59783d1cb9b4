/** `npm run lab -- COMMAND --environment dev`: the environment `dev` on a simulated region of EC2. */
import { spawnSync } from "node:child_process";
import { ensureTool } from "../../support/toolchain";
import { kubeconfigFile } from "../engine";
import { deviations, devSettings } from "./environment";
import { SimulatedRegion } from "./simulation";
import { atOperator } from "./wires";

const LAB = "ec2";

export interface Said {
  readonly say: (line: string) => void;
  readonly progress: (line: string) => void;
}

/** Runs one command; undefined: there is none of that name here. */
export async function devCommand(
  command: string,
  args: readonly string[],
  said: Said,
): Promise<boolean | undefined> {
  switch (command) {
    case "up":
      return up(said);
    case "status":
      return status(said);
    case "ssh":
      return shell(args);
    case "kubectl":
      return kubectl(args);
    case "down":
      return down(said);
    case "all":
      return all(said);
    default:
      return undefined;
  }
}

async function up({ say, progress }: Said): Promise<boolean> {
  say("dev as in Pulumi.dev.yaml, but for:");
  for (const { what, why } of deviations) say(`  ${what}: ${why}`);
  const settings = await devSettings();
  const range = settings.network?.vpcCidr;
  if (range === undefined) throw new Error("dev has no network.vpcCidr");
  const region = SimulatedRegion.exists(LAB)
    ? SimulatedRegion.load(LAB)
    : await SimulatedRegion.create(LAB, range);
  say("the region is open");
  const report = await region.engine("up", settings, { onLine: progress });
  if (!report.ok) {
    console.error(report.error);
    return false;
  }
  say("up is done");
  return (
    (await kubectl(["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s"])) &&
    smoke() &&
    (await kubectl(["get", "nodes,pods", "-A", "-o", "wide"]))
  );
}

function run(command: readonly string[]): boolean {
  const region = SimulatedRegion.load(LAB);
  const [program = "", ...rest] = atOperator(LAB, command);
  const env = { ...process.env, KUBECONFIG: kubeconfigFile(region.lab) };
  return spawnSync(program, rest, { stdio: "inherit", env }).status === 0;
}

async function kubectl(args: readonly string[]): Promise<boolean> {
  return run([await ensureTool("kubectl"), ...args]);
}

function smoke(): boolean {
  return run(SimulatedRegion.load(LAB).smokeCommand());
}

/** A command, or a shell, on an instance, as its console has it. */
async function shell([instance, ...command]: readonly string[]): Promise<boolean> {
  if (instance === undefined) throw new Error("ssh takes the id of an instance");
  const { lab } = SimulatedRegion.load(LAB);
  const {
    stdout,
    stderr,
    status: code,
  } = await lab.exec(instance, command.length > 0 ? command : ["hostname"], {
    allowFailure: true,
  });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  return code === 0;
}

async function status({ say }: Said): Promise<boolean> {
  if (!SimulatedRegion.exists(LAB)) {
    say("there is no region; npm run lab -- up --environment dev opens one");
    return true;
  }
  for (const { instance, phase } of SimulatedRegion.load(LAB).instances())
    say(`${instance.id} ${instance.address} ${instance.tags["Name"] ?? ""}: ${phase}`);
  return kubectl(["get", "nodes,pods", "-A", "-o", "wide"]);
}

async function down({ say }: Said): Promise<boolean> {
  if (SimulatedRegion.exists(LAB)) await SimulatedRegion.load(LAB).down();
  say("the region is gone");
  return true;
}

async function all(said: Said): Promise<boolean> {
  const { say, progress } = said;
  try {
    if (!(await up(said))) return false;
    const settings = await devSettings();
    const region = SimulatedRegion.load(LAB);
    const second = await region.engine("preview", settings);
    say(`second preview: ${second.changed.length === 0 ? "empty" : second.changed.join(", ")}`);
    const destroyed = await region.engine("destroy", settings, { onLine: progress });
    const left = region.inventory();
    say(
      `destroy: ${destroyed.ok ? "done" : destroyed.error}; left in the account: ${left.join(", ") || "nothing"}`,
    );
    return second.changed.length === 0 && destroyed.ok && region.leftovers().length === 0;
  } finally {
    await down(said);
  }
}
