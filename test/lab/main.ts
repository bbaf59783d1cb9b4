/** `npm run lab -- up | status | ssh HOST | kubectl ... | down | all`: a real cluster on hosts that the lab makes. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { parseArgs } from "node:util";
import { ensureTool } from "../support/toolchain";
import { ec2Command, ec2Environments } from "./ec2/command";
import { runEngine, kubeconfigFile } from "./engine";
import { labSettings, shapeOf, type Shape } from "./environment";
import { Lab } from "./lab";
import { inNamespace, labNamespace } from "./network";

const LAB = "lab";
const USAGE = `npm run lab -- COMMAND
  up [--control-plane N] [--workers N] [--backend vxlan|host-gw]   hosts, then the environment "lab" through the real engine
  status                                                     hosts, servers and nodes
  ssh HOST [COMMAND...]                                      a shell on a host
  kubectl ...                                                kubectl as the administrator
  down                                                       ends and removes everything
  all                                                        up, status, a second preview, destroy, down
  COMMAND --environment dev|prod                             up, status, kubectl, down, all: the environment on a simulated EC2; ssh
                                                             takes an instance's id
Needs root on Linux, and Go for what is not built yet.`;

const started = Date.now();

function say(line: string): void {
  console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s  ${line}`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function shapeFrom(args: string[]): Shape {
  const { values } = parseArgs({
    args,
    options: {
      "control-plane": { type: "string" },
      workers: { type: "string" },
      backend: { type: "string" },
    },
  });
  const count = (name: string, text: string | undefined, otherwise: number): number => {
    if (text === undefined) return otherwise;
    if (!/^\d{1,2}$/.test(text)) fail(`--${name} takes a number, not "${text}"`);
    return Number(text);
  };
  const { backend } = values;
  if (backend !== undefined && backend !== "vxlan" && backend !== "host-gw")
    fail(`--backend takes vxlan or host-gw, not "${backend}"`);
  return shapeOf(
    count("control-plane", values["control-plane"], 1),
    count("workers", values.workers, 2),
    backend,
  );
}

/** Makes the hosts that are missing and starts those that do not run. */
async function hosts(shape: Shape): Promise<Lab> {
  await ensureTool("pulumi");
  say("the pulumi CLI is there");
  const lab = Lab.exists(LAB) ? Lab.load(LAB) : await Lab.create({ id: LAB });
  say("mirror, registry and name server run");
  const names = [...shape.controlPlaneNodes, ...shape.workers];
  for (const name of names) if (!lab.hosts().some((host) => host.name === name)) await lab.addHost(name);
  await Promise.all(names.map((name) => lab.startHost(name)));
  say(`hosts ${names.join(", ")} run`);
  return lab;
}

function shapeFile(lab: Lab): string {
  return lab.folder("shape.json");
}

/** What of the engine's output a person wants to see while it goes on. */
function progress(line: string): void {
  if (
    /^\s*[@+~-]*\s*.*\b(created|updated|deleted|replaced|failed)\b|: (phase |cannot|failed)|error:|^Resources:|^\s+[+~-] \d+/.test(
      line,
    )
  )
    say(line.trim().slice(0, 200));
  else if (/^[ +~@-]*[a-z0-9-]+: /.test(line)) say(line.trim().slice(0, 200));
}

async function up(args: string[]): Promise<boolean> {
  const shape = shapeFrom(args);
  const lab = await hosts(shape);
  fs.writeFileSync(shapeFile(lab), JSON.stringify(shape));
  const report = await runEngine(lab, "up", await labSettings(lab, shape), { onLine: progress });
  if (!report?.ok) {
    console.error(report?.error ?? "the engine was killed");
    return false;
  }
  say("up is done");
  return (await kubectl(["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s"])) && status();
}

async function kubectl(args: readonly string[]): Promise<boolean> {
  const lab = Lab.load(LAB);
  const binary = await ensureTool("kubectl");
  const [command = "", ...rest] = inNamespace(labNamespace(lab.id), [binary, ...args]);
  const env = { ...process.env, KUBECONFIG: kubeconfigFile(lab) };
  return spawnSync(command, rest, { stdio: "inherit", env }).status === 0;
}

async function status(): Promise<boolean> {
  if (!Lab.exists(LAB)) {
    console.log("there is no lab; npm run lab -- up makes one");
    return true;
  }
  const { hosts: all, services } = Lab.load(LAB).status();
  console.log(`servers: ${services.join(", ")}`);
  for (const host of all)
    console.log(`${host.name.padEnd(8)} ${host.address.padEnd(14)} ${host.running ? "runs" : "is down"}`);
  return fs.existsSync(kubeconfigFile(Lab.load(LAB)))
    ? kubectl(["get", "nodes,pods", "-A", "-o", "wide"])
    : true;
}

function ssh(args: readonly string[]): boolean {
  const [host, ...rest] = args;
  if (host === undefined) fail("ssh takes the name of a host");
  const [command = "", ...line] = Lab.load(LAB).sshCommand(host, rest);
  return spawnSync(command, line, { stdio: "inherit" }).status === 0;
}

async function down(): Promise<boolean> {
  if (Lab.exists(LAB)) await Lab.load(LAB).down();
  say("the lab is gone");
  return true;
}

async function all(args: string[]): Promise<boolean> {
  try {
    if (!(await up(args))) return false;
    const lab = Lab.load(LAB);
    const settings = await labSettings(lab, JSON.parse(fs.readFileSync(shapeFile(lab), "utf8")) as Shape);
    const second = await runEngine(lab, "preview", settings);
    say(
      `second preview: ${second?.changed.length === 0 ? "empty" : (second?.changed.join(", ") ?? "killed")}`,
    );
    const destroyed = await runEngine(lab, "destroy", settings, { onLine: progress });
    say(`destroy: ${destroyed?.ok ? "done" : "failed"}`);
    return second?.changed.length === 0 && destroyed?.ok === true;
  } finally {
    await down();
  }
}

async function main(): Promise<boolean> {
  const [command = "", ...args] = process.argv.slice(2);
  const at = args.indexOf("--environment");
  if (at >= 0 && args[at + 1] !== LAB) {
    const [, environment = ""] = args.splice(at, 2);
    if (!ec2Environments.includes(environment))
      fail(`--environment takes ${[LAB, ...ec2Environments].join(", ")}, not "${environment}"`);
    return (await ec2Command(environment, command, args, { say, progress })) ?? fail(USAGE);
  }
  switch (command) {
    case "up":
      return up(args);
    case "status":
      return status();
    case "ssh":
      return ssh(args);
    case "kubectl":
      return kubectl(args);
    case "down":
      return down();
    case "all":
      return all(args);
    default:
      fail(USAGE);
  }
}

main().then(
  (ok) => process.exit(ok ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
