/** `npm run bench [-- RUNS]`: prints what a plan costs as ratios, each against its target. Nothing fails by a number. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Table from "cli-table3";
import { parse, stringify } from "yaml";
import type { PlanDocument } from "../../plan/document";
import { awsReport } from "./aws";
import { machinesReport } from "./machines";
import { measured, median, planCommand, ROOT, type Cost } from "./processes";

const DEFAULT_RUNS = 7;
/** Against a bare program of the SDK that makes the same resources. */
const TARGET_RATIO = 1.15;
/** Setup and node. */
const TARGET_PER_MACHINE = 2;
const ADDED_MACHINES = 5;
/** As Pulumi starts a program of this project (`nodeargs` in Pulumi.yaml). */
const BARE_OPTIONS = ["--import", "tsx"];

interface Compared {
  readonly plan: readonly Cost[];
  readonly bare: readonly Cost[];
  /** The bare program again, started in the way the plan is: what remains is the library's own work and its files. */
  readonly sameStart: readonly Cost[];
}

async function main(): Promise<void> {
  const runs = Number(process.argv[2] ?? DEFAULT_RUNS);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "bench-"));
  try {
    const costs = await compare(folder, runs);
    const perMachine = await resourcesPerMachine(folder);
    process.stdout.write(report(costs, perMachine, runs));
    process.stdout.write(await awsReport(folder, runs));
    process.stdout.write(await machinesReport(folder));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Plan and bare program in turn, so that whatever else the machine does meets both. The first of each only warms up. */
async function compare(folder: string, runs: number): Promise<Compared> {
  const { options, script } = planCommand();
  const plan: Cost[] = [];
  const bare: Cost[] = [];
  const sameStart: Cost[] = [];
  const file = path.join(folder, "model", "plan.json");
  await measured([...options, script, "metal", "--out", path.dirname(file)]);
  const bareWords = [...BARE_OPTIONS, path.join(__dirname, "bare.ts"), file];
  await measured(bareWords);
  for (let run = 0; run < runs; run += 1) {
    plan.push(await measured([...options, script, "metal", "--out", path.join(folder, `plan-${run}`)]));
    bare.push(await measured(bareWords));
    sameStart.push(await measured([...options, ...bareWords.slice(BARE_OPTIONS.length)]));
  }
  return { plan, bare, sameStart };
}

/** How many resources a machine more costs, by two plans of the same environment. */
async function resourcesPerMachine(folder: string): Promise<number> {
  const file = parse(fs.readFileSync(path.join(ROOT, "Pulumi.metal.yaml"), "utf8")) as {
    config: { "kubeadm:cluster": { machines: Record<string, Record<string, unknown>> } };
  };
  const before = await totalOf(folder, "before", stringify(file));
  const { machines } = file.config["kubeadm:cluster"];
  for (let index = 0; index < ADDED_MACHINES; index += 1) {
    const last = 100 + index;
    machines[`more${index}`] = { ...machines.w1, host: `192.0.2.${last}`, nodeAddress: `10.40.0.${last}` };
  }
  const after = await totalOf(folder, "after", stringify(file));
  return (after - before) / ADDED_MACHINES;
}

async function totalOf(folder: string, name: string, settings: string): Promise<number> {
  const { options, script } = planCommand();
  const file = path.join(folder, `${name}.yaml`);
  const out = path.join(folder, name);
  fs.writeFileSync(file, settings);
  await measured([...options, script, "metal", "--config-file", file, "--out", out]);
  return (JSON.parse(fs.readFileSync(path.join(out, "plan.json"), "utf8")) as PlanDocument).counts.total;
}

function report({ plan, bare, sameStart }: Compared, perMachine: number, runs: number): string {
  const table = new Table({
    head: ["", "plan", "bare program", "ratio", "target"],
    style: { head: [], border: [] },
    colAligns: ["left", "right", "right", "right", "right"],
  });
  const row = (
    label: string,
    unit: string,
    digits: number,
    value: (cost: Cost) => number,
    other: readonly Cost[] = bare,
  ): void => {
    const [ours, theirs] = [median(plan.map(value)), median(other.map(value))];
    const shown = (number: number) => `${number.toFixed(digits)} ${unit}`;
    table.push([label, shown(ours), shown(theirs), (ours / theirs).toFixed(2), TARGET_RATIO.toFixed(2)]);
  };
  row("time", "s", 2, (cost) => cost.seconds);
  row("processor time", "s", 2, (cost) => cost.cpuSeconds);
  row("peak memory", "MiB", 0, (cost) => cost.peakMebibytes);
  row("processor time, same start", "s", 2, (cost) => cost.cpuSeconds, sameStart);
  table.push([
    "resources per existing machine",
    "",
    "",
    perMachine.toFixed(2),
    TARGET_PER_MACHINE.toFixed(2),
  ]);
  return (
    `Environment metal; medians of ${runs} runs each, in turn. The bare program makes the same resources with the same\n` +
    `inputs by the SDK alone, started as Pulumi starts programs; the plan also renders and writes all files.\n${table.toString()}\n`
  );
}

void main();
