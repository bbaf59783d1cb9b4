import Table from "cli-table3";
import { isToken } from "../model/core/tokens";
import { counted, fromTo } from "./counts";
import type { PlanDocument, PlannedMachine } from "./document";
import { COMPUTED } from "./resources";
import type { WatchItem } from "./watch";

/** Lines that lists may take, so that the whole stays within a terminal's forty. */
const MOST_MACHINES = 8;
const MOST_WATCH_LINES = 12;

/**
 * What is on the terminal after a plan: at most 40 lines.
 *
 * @param terminal its columns, and whether it shows colours; without, nothing is wrapped, cut or coloured
 */
export function summary(
  plan: PlanDocument,
  folder: string,
  { columns = Infinity, colours = false } = {},
): string {
  const paint = paints(colours);
  const { cluster, network, versions } = plan;
  const facts = table([
    ["Kubernetes", `${versions.kubernetes}, containerd ${versions.containerd}, ${cniText(plan)}`],
    ["API", `${cluster.endpoint} for nodes, ${cluster.access} for people`],
    [
      "pods",
      `${network.podCidr}, /${network.nodeCidrMaskSize} a node: ${network.capacity.nodes} nodes, ${network.podsPerNode} pods each`,
    ],
    ["services", `${network.serviceCidr}, DNS at ${network.dnsServiceAddress}`],
    ["peers", network.peers.map((peer) => `${peer.name} ${peer.cidr}`).join(", ") || "none"],
    ["flows", flowsText(plan)],
    ["resources", countsText(plan)],
  ]);
  const lines = [
    paint.bold(`Plan of ${plan.environment}: cluster ${cluster.name} on ${cluster.platform}`),
    "",
    ...facts,
    "",
    ...machineLines(plan.machines),
    ...(plan.aws === undefined ? [] : poolLines(plan.aws)),
    "",
    paint.bold("What to watch"),
    ...watchLines(plan.watch, columns, paint),
    "",
    `Open ${paint.bold(`${folder}/index.html`)} in a browser. In the same folder: plan.json, ${countOf(plan, "nodes/")} files in nodes/, ${countOf(plan, "manifests/")} in manifests/`,
  ];
  return `${lines.join("\n")}\n`;
}

function cniText({ network }: PlanDocument): string {
  return `${network.cni.kind} (${network.cni.backend})`;
}

function flowsText({ reachability: { flows, unused } }: PlanDocument): string {
  const blocked = flows.filter((flow) => flow.blocked.length > 0).length;
  const arrive = blocked === 0 ? `all ${flows.length} arrive` : `${blocked} of ${flows.length} are blocked`;
  return unused.length === 0 ? arrive : `${arrive}; no flow uses ${counted(unused.length, "rule")}`;
}

/** By the package that makes them, the most first. */
function countsText({ counts }: PlanDocument): string {
  const packages = new Map<string, number>();
  for (const [type, count] of Object.entries(counts.byType)) {
    const name = type.startsWith("kubeadm:")
      ? "components"
      : type.startsWith("pulumi:")
        ? "provider"
        : type.split(":")[0];
    packages.set(name, (packages.get(name) ?? 0) + count);
  }
  const parts = [...packages].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${count} ${name}`);
  return `${counts.total}: ${parts.join(", ")}`;
}

function machineLines(machines: readonly PlannedMachine[]): string[] {
  const rows = machines
    .slice(0, MOST_MACHINES)
    .map((one) => [one.name, roleText(one), one.nodeAddress, sshText(one)]);
  const more = machines.length - rows.length;
  return [...table(rows), ...(more > 0 ? [`  and ${more} more machines`] : [])];
}

/** Pools of AWS, and what a month of it all costs. */
function poolLines({ pools, region, vpc, cost }: NonNullable<PlanDocument["aws"]>): string[] {
  const rows = pools
    .slice(0, MOST_MACHINES)
    .map((pool) => [
      pool.name,
      "pool",
      `${fromTo(pool.min, pool.max)} x ${pool.instanceTypes.join(" or ")}`,
      pool.subnets.join(", "),
    ]);
  const more = pools.length - rows.length;
  return [
    ...table(rows),
    ...(more > 0 ? [`  and ${more} more pools`] : []),
    `  in ${region}, VPC ${vpc.id ?? vpc.cidr}: about ${cost.from === cost.to ? "" : `$${dollars(cost.from)} to `}$${dollars(cost.to)} a month at list prices`,
  ];
}

/** Two digits are all that an order of magnitude has. */
function dollars(amount: number): number {
  return Number(amount.toPrecision(2));
}

function roleText({ role, pool }: Pick<PlannedMachine, "role" | "pool">): string {
  switch (role) {
    case "controlPlane":
      return "control-plane node";
    case "worker":
      return `worker, pool ${pool}`;
    case "loadBalancer":
      return "load balancer";
  }
}

/** In full as far as there is room: what is to be done and what deserves a look comes first. */
function watchLines(items: readonly WatchItem[], columns: number, paint: Paints): string[] {
  const lines: string[] = [];
  for (const [index, item] of items.entries()) {
    const mark =
      item.kind === "todo" || item.kind === "blocked"
        ? paint.red("!")
        : item.kind === "advisory"
          ? paint.yellow("!")
          : "-";
    const wrapped = wrap(item.text, columns - 4).map((line, at) => `  ${at === 0 ? mark : " "} ${line}`);
    if (lines.length + wrapped.length > MOST_WATCH_LINES)
      return [...lines, `  and ${items.length - index} more, in index.html`];
    lines.push(...wrapped);
  }
  return lines;
}

/** Lines of whole words that are no longer than the width. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function sshText({ host, nodeAddress }: PlannedMachine): string {
  if (host === nodeAddress) return "";
  if (host === COMPUTED) return "SSH to the address that AWS gives";
  return isToken(host) ? "SSH to the address that the program makes" : `SSH ${host}`;
}

type Paints = ReturnType<typeof paints>;

/** Text in the terminal's colours (ECMA-48, "Select graphic rendition"), or as it is. */
function paints(colours: boolean) {
  const by = (on: number, off: number) => (text: string) =>
    colours ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return { bold: by(1, 22), red: by(31, 39), yellow: by(33, 39) };
}

function countOf(plan: PlanDocument, prefix: string): number {
  return plan.files.filter((file) => file.startsWith(prefix)).length;
}

const BORDERS = [
  "top",
  "top-mid",
  "top-left",
  "top-right",
  "bottom",
  "bottom-mid",
  "bottom-left",
  "bottom-right",
  "left",
  "left-mid",
  "mid",
  "mid-mid",
  "right",
  "right-mid",
];

/** Columns side by side without lines around them. */
function table(rows: readonly (readonly string[])[]): string[] {
  const grid = new Table({
    chars: { ...Object.fromEntries(BORDERS.map((place) => [place, ""])), middle: "  " },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  grid.push(...rows.map((row) => [...row]));
  return rows.length === 0
    ? []
    : grid
        .toString()
        .split("\n")
        .map((line) => `  ${line}`.trimEnd());
}
