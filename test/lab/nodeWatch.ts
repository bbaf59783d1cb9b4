/** Nodes as the API has them, watched from outside the cluster while they are changed. */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { WELL_WITH } from "../../model/lifecycle/lock";
import { UPGRADING } from "../../model/lifecycle/draining";
import type { LabCluster } from "./cluster";
import { kubeconfigFile } from "./engine";
import { inNamespace, labNamespace } from "./network";

interface NodeObject {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly unschedulable?: boolean };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly nodeInfo: { readonly kubeletVersion: string };
  };
}

/** What matters of a Node. */
export interface NodeSeen {
  readonly cordoned: boolean;
  readonly ready: boolean;
  /** A step says in the API that it takes the node away. */
  readonly marked: boolean;
  readonly kubelet: string;
  /** The change that the node is well with. */
  readonly well: string;
}

/** All Nodes at one moment, by name. */
export interface Moment {
  /** Milliseconds since the watch began. */
  readonly at: number;
  /** The node that changed. */
  readonly changed: string;
  readonly nodes: Readonly<Record<string, NodeSeen>>;
}

/** @returns undefined of a line that ended with its API server */
function parsed(line: string): { readonly type: string; readonly object: NodeObject } | undefined {
  try {
    return JSON.parse(line) as { type: string; object: NodeObject };
  } catch {
    return undefined;
  }
}

function isAway(node: NodeSeen | undefined): boolean {
  return node !== undefined && (node.cordoned || node.marked || !node.ready);
}

/** Records every change of Nodes that matters, by a watch, so that nothing that is over in a moment is missed. */
export class NodeWatch {
  readonly moments: Moment[] = [];
  private nodes: Record<string, NodeSeen> = {};
  private readonly began = Date.now();
  private child: ChildProcess | undefined;
  private version = "";
  private over = false;
  private readonly ended: Promise<void>;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly cluster: LabCluster) {
    this.ended = this.follow();
  }

  /** While the API server restarts there is nobody to ask; the next watch goes on from the last version that was seen. */
  private async follow(): Promise<void> {
    while (!this.over) {
      if (this.version === "") await this.list();
      if (this.version !== "") await this.watch();
      if (!this.over) await delay(250);
    }
  }

  private async list(): Promise<void> {
    const { status, stdout } = await this.cluster.tryKubectl(
      ["get", "--raw", "/api/v1/nodes", "--request-timeout=5s"],
      { allowFailure: true },
    );
    if (status !== 0) return;
    const list = JSON.parse(stdout) as { metadata: { resourceVersion: string }; items: NodeObject[] };
    for (const name of Object.keys(this.nodes))
      if (!list.items.some(({ metadata }) => metadata.name === name)) this.see(name, undefined);
    for (const node of list.items) this.take(node);
    this.version = list.metadata.resourceVersion;
  }

  private async watch(): Promise<void> {
    const path = `/api/v1/nodes?watch=1&allowWatchBookmarks=true&timeoutSeconds=600&resourceVersion=${this.version}`;
    const [program = "", ...args] = inNamespace(labNamespace(this.cluster.lab.id), [
      this.cluster.kubectlBinary,
      "get",
      "--raw",
      path,
    ]);
    const env = { ...process.env, KUBECONFIG: kubeconfigFile(this.cluster.lab) };
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "ignore"] });
    this.child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const event = parsed(line);
      if (event === undefined) break;
      // The version is too old for the API server: all of it is read anew.
      if (event.type === "ERROR") this.version = "";
      else {
        this.version = event.object.metadata.resourceVersion;
        if (event.type === "DELETED") this.see(event.object.metadata.name, undefined);
        else if (event.type !== "BOOKMARK") this.take(event.object);
      }
    }
  }

  private take({ metadata: { name, annotations = {} }, spec, status }: NodeObject): void {
    this.see(name, {
      cordoned: spec.unschedulable === true,
      ready: status.conditions?.find(({ type }) => type === "Ready")?.status === "True",
      marked: annotations[UPGRADING] !== undefined,
      kubelet: status.nodeInfo.kubeletVersion,
      well: annotations[WELL_WITH] ?? "",
    });
  }

  private see(name: string, node: NodeSeen | undefined): void {
    if (JSON.stringify(this.nodes[name]) === JSON.stringify(node)) return;
    const { [name]: _former, ...others } = this.nodes;
    this.nodes = node === undefined ? others : { ...others, [name]: node };
    this.moments.push({ at: Date.now() - this.began, changed: name, nodes: this.nodes });
    for (const wake of this.waiting) wake();
  }

  /** Resolves at once when the Nodes are so. */
  async until(accept: (nodes: Readonly<Record<string, NodeSeen>>) => boolean): Promise<void> {
    for (;;) {
      if (accept(this.nodes)) return;
      let wake: () => void = () => undefined;
      await new Promise<void>((resolve) => this.waiting.add((wake = resolve)));
      this.waiting.delete(wake);
    }
  }

  /** The most nodes of these that were marked or cordoned at one time from a moment on. */
  mostTaken(names: readonly string[], from = 0): number {
    return this.most(from, ({ nodes }) =>
      names.filter((name) => nodes[name]?.marked || nodes[name]?.cordoned),
    );
  }

  /** The most nodes of these that were away, those included that were not Ready, just when a step took one. */
  mostWhenTaken(names: readonly string[], from = 0): number {
    return this.most(from, ({ changed, nodes }, before) =>
      names.includes(changed) && nodes[changed]?.marked && !before?.nodes[changed]?.marked
        ? names.filter((name) => isAway(nodes[name]))
        : [],
    );
  }

  private most(from: number, of: (moment: Moment, before: Moment | undefined) => readonly string[]): number {
    return Math.max(
      0,
      ...this.moments.map((moment, index) =>
        moment.at < from ? 0 : of(moment, this.moments[index - 1]).length,
      ),
    );
  }

  /** Milliseconds since the watch began. */
  now(): number {
    return Date.now() - this.began;
  }

  /** A line for each change from a moment on. */
  lines(from = 0): string {
    return this.moments
      .filter(({ at }) => at >= from)
      .map(({ at, changed, nodes }) => {
        const node = nodes[changed];
        const facts =
          node === undefined
            ? ["gone"]
            : [
                node.kubelet,
                ...(node.ready ? [] : ["not Ready"]),
                ...(node.marked ? ["marked"] : []),
                ...(node.cordoned ? ["cordoned"] : []),
                ...(node.well === "" ? [] : [`well with ${node.well}`]),
              ];
        const away = Object.keys(nodes).filter((name) => isAway(nodes[name]));
        return `${(at / 1000).toFixed(1).padStart(6)} s ${changed} ${facts.join(", ")}; away: ${away.sort().join(" ") || "none"}`;
      })
      .join("\n");
  }

  async end(): Promise<void> {
    this.over = true;
    this.child?.kill();
    await this.ended;
  }
}
