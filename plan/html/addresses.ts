import { servicePools } from "../../model/addons";
import {
  formatAddress,
  parseAddress,
  range,
  rangeOf,
  relation,
  type Range,
} from "../../model/network/addresses";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { AwsSettings } from "../../model/aws/settings";
import { fromTo, nodesOf } from "../counts";
import type { PlanDocument } from "../document";
import { html, type Markup } from "./markup";
import { table } from "./table";

interface Entry {
  readonly name: string;
  readonly tone: string;
  readonly range: Range;
  readonly use: string;
}

/** Blocks that private networks are cut from (RFC 1918, RFC 6598): an entry is drawn to scale within its own. */
const BLOCKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"].map(range);

const COLUMNS = 32;
const MOST_CELLS = 256;

export function addressMap(plan: PlanDocument, settings: ClusterSettings): Markup {
  const entries = entriesOf(settings);
  const nodes = settings.machines.flatMap((machine) => parseAddress(machine.nodeAddress) ?? []);
  const blocks = blocksOf(entries, nodes);
  return html` <p class="lead">
      Each bar is a whole block of addresses, and the ranges in it are drawn to scale.
    </p>
    ${blocks.map((block) => blockBar(block, entries, nodes))}
    ${table(
      [
        ["Range", "keep"],
        ["CIDR", "mono"],
        ["Last address", "mono"],
        ["Addresses", "number"],
        ["What gets them", "reason"],
      ],
      [
        ...entries.map(({ name, tone, range, use }) => [
          swatch(tone, name),
          range.text,
          formatAddress(range.last),
          number(size(range)),
          use,
        ]),
        [swatch("control-plane", "machines"), addressSpan(nodes), "", nodes.length, machinesUse(settings)],
      ],
    )}
    ${zooms(plan, settings)}`;
}

const swatch = (tone: string, name: string): Markup => html`<span class="swatch ${tone}"></span>${name}`;

function machinesUse({ aws }: ClusterSettings): string {
  return aws === undefined
    ? "one for each machine, given by the settings"
    : "one for each control-plane node, fixed; AWS gives workers theirs out of their subnet";
}

/** The VPC and its subnets, where AWS has them. */
function vpcEntries({ vpc }: AwsSettings): Entry[] {
  return [
    { name: "VPC", tone: "peers", range: range(vpc.cidr), use: "all of the subnets below" },
    ...vpc.subnets.map((subnet) => ({
      name: `subnet ${subnet.name}`,
      tone: "worker",
      range: range(subnet.cidr),
      use: `${subnet.subnetType} subnet in ${subnet.zone}`,
    })),
  ];
}

function entriesOf({ network, addons, aws }: ClusterSettings): Entry[] {
  return [
    ...(aws === undefined ? [] : vpcEntries(aws)),
    {
      name: "pods",
      tone: "pods",
      range: range(network.podCidr),
      use: `a /${network.nodeCidrMaskSize} for each node, assigned as nodes join`,
    },
    {
      name: "services",
      tone: "services",
      range: range(network.serviceCidr),
      use: `kubernetes ${network.kubernetesServiceAddress}, DNS ${network.dnsServiceAddress}, then one for each new Service`,
    },
    ...servicePools(addons).flatMap(({ name, ranges }) =>
      ranges.map((one) => ({
        name: `load balancers, pool ${name}`,
        tone: "balancer",
        range: { ...one, prefix: 32 },
        use: "assigned to Services of type LoadBalancer",
      })),
    ),
    ...network.peers.map((peer) => ({
      name: peer.name,
      tone: "peers",
      range: range(peer.cidr),
      use: "outside the cluster: reachable, never assigned here",
    })),
  ];
}

/** The private blocks in use, and the /8 of whatever lies in none of them. */
function blocksOf(entries: readonly Entry[], nodes: readonly number[]): Range[] {
  const all = [...entries.map((entry) => entry.range), ...nodes.map((node) => rangeOf(node, 32))];
  const used = all.map(
    (one) =>
      BLOCKS.find((block) => ["equal", "contains"].includes(relation(block, one))) ??
      rangeOf(one.first, Math.min(8, one.prefix)),
  );
  const unique = new Map(used.map((block) => [block.text, block]));
  return [...unique.values()].sort((a, b) => a.first - b.first);
}

function blockBar(block: Range, entries: readonly Entry[], nodes: readonly number[]): Markup {
  const inside = entries.filter((entry) => ["equal", "contains"].includes(relation(block, entry.range)));
  const ticks = nodes.filter((node) => block.first <= node && node <= block.last);
  const names = [
    ...inside.map(({ tone, name }) => html`<span class="keep">${swatch(tone, name)}</span> `),
    ticks.length > 0 && html`<span class="keep">${swatch("control-plane", "machines")}</span>`,
  ];
  const share = (length: number) => `${((length / size(block)) * 100).toFixed(4)}%`;
  return html`<div class="block">
    <div class="ends">
      <span><b>${block.text}</b></span
      ><span>${names}</span>
    </div>
    <div class="ruler">
      ${inside.map(
        (entry) =>
          html`<i
            class="${entry.tone}"
            style="left:${share(entry.range.first - block.first)};width:${share(size(entry.range))}"
            title="${entry.name} ${entry.range.text}"
          ></i>`,
      )}
      ${ticks.map((node) => html`<i class="tick control-plane" style="left:${share(node - block.first)}" title="${formatAddress(node)}"></i>`)}
    </div>
    <div class="ends mono">
      <span>${formatAddress(block.first)}</span><span>${formatAddress(block.last)}</span>
    </div>
  </div>`;
}

function zooms(plan: PlanDocument, settings: ClusterSettings): Markup {
  const { network } = settings;
  const { capacity } = plan.network;
  const [least, most] = nodesOf(settings);
  return html`<div class="zoom">
    <div>
      <h3>Pod range, slice by slice</h3>
      ${sliceGrid(capacity.nodes, [least, most], network.maxNodes)}
      <p class="soft">
        ${fromTo(least, most)} of ${number(capacity.nodes)} slices in use; the settings allow
        ${network.maxNodes} nodes.
      </p>
    </div>
    <div>
      <h3>A node's slice, /${network.nodeCidrMaskSize}</h3>
      ${meter("pods", network.podsPerNode, capacity.podsPerNode)}
      <p class="soft">${network.podsPerNode} pods at most, of ${number(capacity.podsPerNode)} addresses.</p>
      <h3>Services</h3>
      ${meter("services", 2, capacity.services)}
      <p class="soft">
        2 addresses are taken from the start, of ${number(capacity.services)}. NodePorts
        ${network.nodePortRange.from} to ${network.nodePortRange.to}.
      </p>
    </div>
  </div>`;
}

/** A square for each slice of the pod range, or for each equal part of many. */
function sliceGrid(slices: number, [least, most]: readonly [number, number], allowed: number): Markup {
  const cells = Math.min(slices, MOST_CELLS);
  const perCell = slices / cells;
  const columns = Math.min(COLUMNS, cells);
  const squares = Array.from({ length: cells }, (_, index) => {
    const state = index * perCell < most ? "used" : index * perCell < allowed ? "spare" : "";
    return html`<rect
      class="cell ${state}"
      x="${index % columns}"
      y="${Math.floor(index / columns)}"
      width="1"
      height="1"
    />`;
  });
  const title = `${fromTo(least, most)} of ${slices} slices in use, ${allowed} allowed`;
  return html`<svg viewBox="0 0 ${columns} ${Math.ceil(cells / columns)}" role="img" aria-label="${title}">
    ${squares}
  </svg>`;
}

function meter(tone: string, part: number, whole: number): Markup {
  const share = whole > 0 ? Math.min(100, (part / whole) * 100) : 100;
  return html`<div class="meter ${tone}"><i style="width:${share.toFixed(3)}%"></i></div>`;
}

function size({ first, last }: Range): number {
  return last - first + 1;
}

function addressSpan(nodes: readonly number[]): string {
  if (nodes.length === 0) return "";
  const lowest = Math.min(...nodes);
  const highest = Math.max(...nodes);
  return lowest === highest ? formatAddress(lowest) : `${formatAddress(lowest)} … ${formatAddress(highest)}`;
}

/** With narrow spaces between thousands, where no line breaks, the same in every locale. */
function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}
