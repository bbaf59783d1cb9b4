/** What a plan of a thousand workers costs against one of a hundred: nothing may grow with the square of the machines. */
import * as fs from "node:fs";
import * as path from "node:path";
import Table from "cli-table3";
import { parse, stringify } from "yaml";
import { measured, planCommand, ROOT, type Cost } from "./processes";

const FEW = 100;
const MANY = 1_000;
const TARGET_RATIO = 11;
const TARGET_SECONDS = 90;
const TARGET_MEBIBYTES = 1_536;

interface Stack {
  config: { "kubeadm:cluster": Record<string, unknown> & { machines: Record<string, object> } };
}

/** `metal`, with three control-plane nodes and so many workers. */
export function machinesStack(workers: number, firewall: string): string {
  const stack = parse(fs.readFileSync(path.join(ROOT, "Pulumi.metal.yaml"), "utf8")) as Stack;
  const cluster = stack.config["kubeadm:cluster"];
  const { w1, ...machines } = cluster.machines;
  for (const name of Object.keys(machines)) if (name.startsWith("w")) delete machines[name];
  for (let index = 0; index < workers; index += 1) {
    const last = `${index >> 7}.${(index & 127) + 1}`;
    machines[`worker-${index}`] = { ...w1, host: `198.18.${last}`, nodeAddress: `10.41.${last}` };
  }
  const network = { ...(cluster["network"] as object), maxNodes: MANY + 100 };
  const cni = { ...(cluster["cni"] as object), podCidr: "10.128.0.0/11" };
  stack.config["kubeadm:cluster"] = { ...cluster, firewall, network, cni, machines };
  return stringify(stack, { aliasDuplicateObjects: false });
}

async function planned(folder: string, workers: number, firewall: string): Promise<Cost> {
  const { options, script } = planCommand();
  const file = path.join(folder, `machines-${workers}-${firewall}.yaml`);
  fs.writeFileSync(file, machinesStack(workers, firewall));
  const out = path.join(folder, `machines-${workers}-${firewall}`);
  return measured([...options, script, "metal", "--config-file", file, "--out", out]);
}

/** One run each: what grows with the square shows in one. */
export async function machinesReport(folder: string): Promise<string> {
  const table = new Table({
    head: ["workers", `${FEW}`, `${MANY}`, "target", "ratio", "target"],
    style: { head: [], border: [] },
    colAligns: ["left", "right", "right", "right", "right", "right"],
  });
  for (const firewall of ["none", "nftables"]) {
    const few = await planned(folder, FEW, firewall);
    const many = await planned(folder, MANY, firewall);
    const row = (label: string, unit: string, target: number | "", value: (cost: Cost) => number): void => {
      const [first, last] = [value(few), value(many)];
      const shown = (number: number): string => `${number.toFixed(1)} ${unit}`;
      const most = target === "" ? "" : `${target} ${unit}`;
      table.push([
        `${label}, firewall: ${firewall}`,
        shown(first),
        shown(last),
        most,
        (last / first).toFixed(2),
        TARGET_RATIO.toFixed(2),
      ]);
    };
    row("time", "s", TARGET_SECONDS, (cost) => cost.seconds);
    row("processor time", "s", "", (cost) => cost.cpuSeconds);
    row("peak memory", "MiB", TARGET_MEBIBYTES, (cost) => cost.peakMebibytes);
  }
  return `${table.toString()}\n`;
}
