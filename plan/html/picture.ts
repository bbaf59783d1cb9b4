import { cniProfile } from "../../model/cni";
import { API_PORT } from "../../model/network/ports";
import type { ClusterSettings, Machine } from "../../model/settings/resolved";
import type { AwsPool } from "../../model/aws/settings";
import { accessText } from "../aws";
import { counted, fromTo } from "../counts";
import { Canvas, wrapped, type Frame } from "./canvas";
import { html, type Markup } from "./markup";

const GAP = 12;
const PAD = 16;
const BOX_TOP = 32;
const LINE = 15;
/** Machines of one group that are drawn; more are counted. */
const MOST_DRAWN = { wide: 24, narrow: 11 };
/** Narrower drawings are for phones. */
const NARROW = 500;

interface Box {
  readonly title: string;
  readonly lines: readonly string[];
  readonly tone: string;
}

/** Networks and machines. Drawn twice, since one drawing cannot be read both on a desk and on a phone. */
export function picture(settings: ClusterSettings): Markup {
  return html`<figure class="picture">
    ${draw(settings, 1060, "wide")}${draw(settings, 344, "narrow")}
  </figure>`;
}

function draw(settings: ClusterSettings, width: number, classes: string): Markup {
  const canvas = new Canvas(width, widestGroup(settings));
  let y = boxes(canvas, { x: 0, y: 4, width, height: 0 }, outside(settings));
  const first = y + 44;
  canvas.arrow(PAD + 14, y + 6, first - 4, wayText(settings));
  y = cluster(canvas, settings, first);
  y = ranges(canvas, settings, y + GAP);
  return canvas.svg(y + 2, classes, `Networks and machines of ${settings.name}`);
}

/** Boxes a row, so that a small cluster fills the width and a large one stays readable. */
function widestGroup(settings: ClusterSettings): number {
  const groups = new Map<string, number>([["outside", outside(settings).length]]);
  for (const { role, pool } of settings.machines) groups.set(role + pool, (groups.get(role + pool) ?? 0) + 1);
  return Math.min(5, Math.max(...groups.values()));
}

function outside(settings: ClusterSettings): Box[] {
  const { bastion, network } = settings;
  return [
    { title: "Operators", lines: [`API ${accessText(settings)}`], tone: "balancer" },
    ...(bastion === undefined
      ? []
      : [{ title: "Bastion", lines: [`${bastion.user}@${bastion.host}:${bastion.port}`], tone: "balancer" }]),
    ...network.peers.map((peer) => ({ title: peer.name, lines: [`peer ${peer.cidr}`], tone: "peers" })),
  ];
}

/** The frame around the node network, with a group of machines below the other. @returns where it ends */
function cluster(canvas: Canvas, settings: ClusterSettings, top: number): number {
  const inner = { x: PAD, width: canvas.width - 2 * PAD };
  const of = (role: Machine["role"]) => settings.machines.filter((machine) => machine.role === role);
  const heading = (y: number, text: string): number => {
    canvas.text(inner.x, y + 14, text, { classes: "strong", size: 13, width: inner.width });
    return y + 24;
  };
  canvas.text(inner.x, top + 24, "Node network", { classes: "muted", size: 12.5 });
  let y = top + 38;
  const balancers = of("loadBalancer");
  if (balancers.length > 0) {
    y = heading(y, "Load balancer");
    y = group(canvas, { ...inner, y }, balancers, "balancer", () => `nginx :${settings.endpoint.port}`);
    canvas.arrow(inner.x + 14, y + 4, y + 36, `balances across the API servers, ${API_PORT}`);
    y += 40;
  }
  y = heading(y, counted(of("controlPlane").length, "control-plane node"));
  y = group(canvas, { ...inner, y }, of("controlPlane"), "control-plane", () => `API ${API_PORT}, etcd`);
  const workers = of("worker");
  if (workers.length > 0) {
    canvas.arrow(inner.x + 14, y + 40, y + 8, endpointText(settings));
    y += 44;
  }
  for (const pool of [...new Set(workers.map((machine) => machine.pool))]) {
    const machines = workers.filter((machine) => machine.pool === pool);
    y = heading(y, `Pool ${pool}: ${counted(machines.length, "worker")}`);
    y = group(canvas, { ...inner, y }, machines, "worker", (machine) => extrasOf(machine)) + GAP;
  }
  const pools = settings.aws?.pools ?? [];
  if (pools.length > 0) {
    canvas.arrow(inner.x + 14, y + 40, y + 8, endpointText(settings));
    y = heading(y + 44, counted(pools.length, "pool"));
    y = boxes(canvas, { ...inner, y, height: 0 }, pools.map(poolBox)) + GAP;
  }
  const end = y + (workers.length + pools.length > 0 ? 2 : PAD);
  canvas.behind((below) =>
    below.rect({ x: 0.5, y: top, width: canvas.width - 1, height: end - top }, "frame", 10),
  );
  return end;
}

/** Instances come and go, so that a pool is drawn as one. */
function poolBox({ name, min, max, instanceTypes, subnets }: AwsPool): Box {
  const size = counted(fromTo(min, max), "worker");
  return { title: name, lines: [size, instanceTypes.join(" or "), subnets.join(", ")], tone: "worker" };
}

function wayText({ access, aws, bastion }: ClusterSettings): string {
  return `SSH with pinned host keys${bastion === undefined && aws?.bastion === undefined ? "" : " through the bastion"}, API ${access.port}`;
}

function endpointText({ endpoint }: ClusterSettings): string {
  const name = `${endpoint.host}:${endpoint.port}`;
  switch (endpoint.kind) {
    case "nodeLocal":
      return `${name}, nginx on every node`;
    case "loadBalancer":
      return `${name}, by the load balancer`;
    case "address":
    case "addresses":
      return name;
  }
}

function extrasOf(machine: Machine): string {
  const labels = Object.entries(machine.labels).map(([key, value]) => `${key}=${value}`);
  const taints = machine.taints.map((taint) => `${taint.key}:${taint.effect}`);
  return [...labels, ...taints].join(", ");
}

function group(
  canvas: Canvas,
  place: { x: number; y: number; width: number },
  machines: readonly Machine[],
  tone: string,
  about: (machine: Machine) => string,
): number {
  const drawn = machines.slice(0, canvas.width < NARROW ? MOST_DRAWN.narrow : MOST_DRAWN.wide);
  const content = drawn.map((machine) => ({
    title: machine.name,
    lines: [machine.nodeAddress, about(machine)].filter((line) => line !== ""),
    tone,
  }));
  const rest = machines.length - drawn.length;
  const more = rest > 0 ? [{ title: `${rest} more`, lines: ["like these"], tone }] : [];
  return boxes(canvas, { ...place, height: 0 }, [...content, ...more]);
}

/** Boxes in rows, as many in one as are readable. @returns where the last row ends */
function boxes(canvas: Canvas, place: Frame, content: readonly Box[]): number {
  const columns = Math.max(1, Math.min(canvas.columns, Math.floor((place.width + GAP) / (140 + GAP))));
  const width = (place.width - GAP * (columns - 1)) / columns;
  const height = BOX_TOP + LINE * Math.max(...content.map((box) => box.lines.length));
  content.forEach((box, index) => {
    const x = place.x + (index % columns) * (width + GAP);
    const y = place.y + Math.floor(index / columns) * (height + GAP);
    canvas.rect({ x: x + 0.5, y, width: width - 1, height }, "box", 7);
    canvas.rect({ x: x + 0.5, y: y + 9, width: 3, height: height - 18 }, `edge ${box.tone}`, 1.5);
    canvas.text(x + 13, y + 20, box.title, { classes: "strong", width: width - 20 });
    box.lines.forEach((line, number) =>
      canvas.text(x + 13, y + 37 + LINE * number, line, { classes: "muted", size: 12, width: width - 20 }),
    );
  });
  const rows = Math.ceil(content.length / columns);
  return place.y + rows * height + Math.max(0, rows - 1) * GAP;
}

/** What lies over the node network: pods and services. @returns where they end */
function ranges(canvas: Canvas, settings: ClusterSettings, top: number): number {
  const { network, cni, kubeProxy } = settings;
  const { ports: facts, replacesKubeProxy = false } = cniProfile(cni);
  const ports = facts
    .filter(({ reason }) => reason !== undefined)
    .map((one) => `${one.protocol.toUpperCase()} ${one.port ?? ""}`.trim());
  const over = ports.length > 0 ? ` over ${ports.join(", ")}` : ", routed by the nodes";
  const pods = `${network.podCidr}, a /${network.nodeCidrMaskSize} for each node, ${cni.kind} ${cni.backend}${over}`;
  const services = `${network.serviceCidr}, virtual: ${replacesKubeProxy ? cni.kind : `kube-proxy (${kubeProxy.mode})`} on every node; DNS at ${network.dnsServiceAddress}`;
  const below = band(canvas, top, "Pods", pods, "pods");
  return band(canvas, below + GAP, "Services", services, "services");
}

function band(canvas: Canvas, top: number, title: string, text: string, tone: string): number {
  const narrow = canvas.width < NARROW;
  const start = narrow ? PAD : PAD + 84;
  const lines = wrapped(text, canvas.width - start - PAD, 12.5);
  const height = (narrow ? 34 : 16) + lines.length * 17 + 2;
  canvas.rect({ x: 0.5, y: top, width: canvas.width - 1, height }, `wash ${tone}`, 8);
  canvas.text(PAD, top + 22, title, { classes: "strong" });
  lines.forEach((line, index) =>
    canvas.text(start, top + (narrow ? 42 : 22) + 17 * index, line, { size: 12.5 }),
  );
  return top + height;
}
