/** `npm run lab -- COMMAND --environment dev|prod`: one of these environments on a simulated region of EC2. */
import { spawnSync } from "node:child_process";
import { ensureTool } from "../../support/toolchain";
import { kubeconfigFile } from "../engine";
import {
  deviations,
  devSettings,
  prodDeviations,
  prodSettings,
  type AwsSettings,
  type Deviation,
} from "./environment";
import { SimulatedRegion } from "./simulation";
import { atOperator } from "./wires";

interface Ec2Environment {
  readonly name: "dev" | "prod";
  /** Id of its lab. */
  readonly lab: string;
  readonly deviations: readonly Deviation[];
  readonly settings: () => Promise<AwsSettings>;
  /** Whether its registry has the images of add-ons. */
  readonly addons: boolean;
  /** Whether people reach its nodes' own addresses. */
  readonly open: boolean;
}

const environments: Readonly<Record<string, Ec2Environment>> = {
  dev: { name: "dev", lab: "ec2", deviations, settings: devSettings, addons: false, open: true },
  prod: {
    name: "prod",
    lab: "prod",
    deviations: prodDeviations,
    settings: prodSettings,
    addons: true,
    open: false,
  },
};

/** Environments that run on a simulated region. */
export const ec2Environments: readonly string[] = Object.keys(environments);

export interface Said {
  readonly say: (line: string) => void;
  readonly progress: (line: string) => void;
}

/** Runs one command; undefined: there is none of that name here. */
export async function ec2Command(
  name: string,
  command: string,
  args: readonly string[],
  said: Said,
): Promise<boolean | undefined> {
  const environment = environments[name];
  if (environment === undefined) throw new Error(`${name} does not run on a simulated region`);
  switch (command) {
    case "up":
      return up(environment, said);
    case "status":
      return status(environment, said);
    case "ssh":
      return shell(environment, args);
    case "kubectl":
      return kubectl(environment, args);
    case "down":
      return down(environment, said);
    case "all":
      return all(environment, said);
    default:
      return undefined;
  }
}

async function up(environment: Ec2Environment, { say, progress }: Said): Promise<boolean> {
  const { name: stack, lab, addons } = environment;
  say(`${stack} as in Pulumi.${stack}.yaml, but for:`);
  for (const { what, why } of environment.deviations) say(`  ${what}: ${why}`);
  const settings = await environment.settings();
  const range = settings.network?.vpcCidr;
  if (range === undefined) throw new Error(`${stack} has no network.vpcCidr`);
  const region = SimulatedRegion.exists(lab)
    ? SimulatedRegion.load(lab)
    : await SimulatedRegion.create(lab, range, { stack, addons });
  say("the region is open");
  const report = await region.engine("up", settings, { onLine: progress });
  if (!report.ok) {
    console.error(report.error);
    return false;
  }
  say("up is done");
  return (
    (await kubectl(environment, ["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s"])) &&
    smoke(environment) &&
    (await kubectl(environment, ["get", "nodes,pods", "-A", "-o", "wide"]))
  );
}

function run({ lab }: Ec2Environment, command: readonly string[]): boolean {
  const region = SimulatedRegion.load(lab);
  const [program = "", ...rest] = atOperator(lab, command);
  const env = { ...process.env, KUBECONFIG: kubeconfigFile(region.lab) };
  return spawnSync(program, rest, { stdio: "inherit", env }).status === 0;
}

async function kubectl(environment: Ec2Environment, args: readonly string[]): Promise<boolean> {
  return run(environment, [await ensureTool("kubectl"), ...args]);
}

function smoke(environment: Ec2Environment): boolean {
  return run(environment, SimulatedRegion.load(environment.lab).smokeCommand({ nodePort: environment.open }));
}

/** A command, or a shell, on an instance, as its console has it. */
async function shell(
  environment: Ec2Environment,
  [instance, ...command]: readonly string[],
): Promise<boolean> {
  if (instance === undefined) throw new Error("ssh takes the id of an instance");
  const { lab } = SimulatedRegion.load(environment.lab);
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

async function status(environment: Ec2Environment, { say }: Said): Promise<boolean> {
  const { name, lab } = environment;
  if (!SimulatedRegion.exists(lab)) {
    say(`there is no region; npm run lab -- up --environment ${name} opens one`);
    return true;
  }
  for (const { instance, phase } of SimulatedRegion.load(lab).instances())
    say(`${instance.id} ${instance.address} ${instance.tags["Name"] ?? ""}: ${phase}`);
  return kubectl(environment, ["get", "nodes,pods", "-A", "-o", "wide"]);
}

async function down({ lab }: Ec2Environment, { say }: Said): Promise<boolean> {
  if (SimulatedRegion.exists(lab)) await SimulatedRegion.load(lab).down();
  say("the region is gone");
  return true;
}

async function all(environment: Ec2Environment, said: Said): Promise<boolean> {
  const { say, progress } = said;
  try {
    if (!(await up(environment, said))) return false;
    const settings = await environment.settings();
    const region = SimulatedRegion.load(environment.lab);
    const second = await region.engine("preview", settings);
    say(`second preview: ${second.changed.length === 0 ? "empty" : second.changed.join(", ")}`);
    const refreshed = await region.engine("refresh", settings);
    say(`refresh: ${refreshed.changed.length === 0 ? "empty" : refreshed.changed.join(", ")}`);
    const destroyed = await region.engine("destroy", settings, { onLine: progress });
    const left = region.inventory();
    say(
      `destroy: ${destroyed.ok ? "done" : destroyed.error}; left in the account: ${left.join(", ") || "nothing"}`,
    );
    const empty = second.changed.length + refreshed.changed.length === 0;
    return empty && destroyed.ok && region.leftovers().length === 0;
  } finally {
    await down(environment, said);
  }
}
