/** What a plan of AWS costs: a pool of a thousand against one of three, user data, resources and time of `dev`. */
import * as fs from "node:fs";
import * as path from "node:path";
import Table from "cli-table3";
import { parse, stringify } from "yaml";
import { poolUserData } from "../../model/settings/pools";
import { readCluster } from "../../model/settings/parse";
import type { PlanDocument } from "../../plan/document";
import { measured, median, planCommand, ROOT, type Cost } from "./processes";

const TARGET_RATIO = 1.1;
const TARGET_SECONDS = 3;
const TARGET_RESOURCES = 160;
const FEW = 3;
export const MANY = 1_000;
/** EC2 API, RunInstances: user data before base64. */
const USER_DATA = 16_384;

interface Stack {
  config: { "aws:region": string; "kubeadm:cluster": Record<string, unknown> };
}

function stackOf(environment: string): Stack {
  return parse(fs.readFileSync(path.join(ROOT, `Pulumi.${environment}.yaml`), "utf8")) as Stack;
}

/** `dev` with a pool of so many nodes, and a pod range that they fit into, as the text of a stack file. */
export function awsStack(count: number): string {
  const stack = stackOf("dev");
  const cluster = stack.config["kubeadm:cluster"];
  cluster.network = { ...(cluster.network as object), maxNodes: 2 * MANY };
  cluster.cni = { ...(cluster.cni as object), podCidr: "10.128.0.0/9" };
  cluster.workers = { general: { count, instanceType: "t3.large" } };
  return stringify(stack);
}

export async function awsReport(folder: string, runs: number): Promise<string> {
  const table = new Table({
    head: ["AWS", "", "", "ratio", "target"],
    style: { head: [], border: [] },
    colAligns: ["left", "right", "right", "right", "right"],
  });
  const few: Cost[] = [];
  const many: Cost[] = [];
  const dev: Cost[] = [];
  for (let run = 0; run <= runs; run += 1) {
    few.push(await planned(folder, "few", awsStack(FEW)));
    many.push(await planned(folder, "many", awsStack(MANY)));
    dev.push(await planned(folder, "dev", stringify(stackOf("dev"))));
  }
  // The first of each only warms up.
  const seconds = (costs: readonly Cost[]) => median(costs.slice(1).map((cost) => cost.seconds));
  table.push([
    `plan with a pool of ${MANY} against ${FEW}`,
    `${seconds(many).toFixed(2)} s`,
    `${seconds(few).toFixed(2)} s`,
    (seconds(many) / seconds(few)).toFixed(2),
    TARGET_RATIO.toFixed(2),
  ]);
  const [ofMany, ofFew] = [resources(folder, "many"), resources(folder, "few")];
  table.push([
    "resources of these",
    ofMany.total,
    ofFew.total,
    (ofMany.total / ofFew.total).toFixed(2),
    "1.00",
  ]);
  table.push(["plan of dev", `${seconds(dev).toFixed(2)} s`, "", "", `${TARGET_SECONDS.toFixed(2)} s`]);
  table.push(["custom resources of dev", resources(folder, "dev").custom, "", "", TARGET_RESOURCES]);
  for (const environment of ["dev", "prod"])
    for (const [pool, bytes] of userDataSizes(environment))
      table.push([
        `user data of ${environment}, pool ${pool}`,
        `${bytes} B`,
        "",
        (bytes / USER_DATA).toFixed(2),
        "1.00",
      ]);
  return `${table.toString()}\n`;
}

async function planned(folder: string, name: string, settings: string): Promise<Cost> {
  const { options, script } = planCommand();
  const file = path.join(folder, `aws-${name}.yaml`);
  fs.writeFileSync(file, settings);
  return measured([
    ...options,
    script,
    "dev",
    "--config-file",
    file,
    "--out",
    path.join(folder, `aws-${name}`),
  ]);
}

function resources(folder: string, name: string): { total: number; custom: number } {
  const file = path.join(folder, `aws-${name}`, "plan.json");
  const { counts } = JSON.parse(fs.readFileSync(file, "utf8")) as PlanDocument;
  const components = Object.entries(counts.byType)
    .filter(([type]) => type.startsWith("kubeadm:"))
    .reduce((sum, [, count]) => sum + count, 0);
  return { total: counts.total, custom: counts.total - components };
}

function userDataSizes(environment: string): [string, number][] {
  const { config } = stackOf(environment);
  const settings = readCluster(config["kubeadm:cluster"], { environment, region: config["aws:region"] });
  return (settings.aws?.pools ?? []).map((pool) => [pool.name, poolUserData(settings, pool).length]);
}
