/**
 * A node on paper for an API server without nodes: pods are bound to it and reported as running and ready, and are gone as
 * soon as they are to be deleted, which is what the waits of a provider look at. Nothing runs.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ApiServer } from "./apiServer";

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly name: string }[] };
  readonly status?: { readonly phase?: string };
}

export interface PaperNode {
  /** Which pods become ready, by their labels; may be changed at any time. Default: all. */
  runs: (labels: Readonly<Record<string, string>>) => boolean;
  /** Stops reporting. The Node stays until its API server goes. */
  stop(): Promise<void>;
}

const roundMilliseconds = 200;
/** The node controller takes a node for lost after 50 s without a sign of life. */
const heartbeatMilliseconds = 10_000;

export async function startPaperNode(api: ApiServer, name = "paper"): Promise<PaperNode> {
  await api.request("POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name } });
  const stop = new AbortController();
  const node: PaperNode = {
    runs: () => true,
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
  let alive = 0;
  const round = async () => {
    if (Date.now() - alive > heartbeatMilliseconds) {
      await api.patchStatus(`/api/v1/nodes/${name}`, {
        conditions: [{ ...condition("Ready"), lastHeartbeatTime: new Date().toISOString() }],
      });
      alive = Date.now();
    }
    const { items } = await api.request<{ items: Pod[] }>("GET", "/api/v1/pods");
    for (const pod of items) await settle(api, name, pod, node.runs(pod.metadata.labels ?? {}));
  };
  const ended = (async () => {
    while (!stop.signal.aborted) {
      // What has changed meanwhile, or an API server that is stopped for a while, is met again in the next round.
      await round().catch(() => undefined);
      await delay(roundMilliseconds, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  return node;
}

async function settle(api: ApiServer, node: string, pod: Pod, runs: boolean): Promise<void> {
  const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`;
  if (pod.metadata.deletionTimestamp !== undefined) {
    await api.request("DELETE", path, { gracePeriodSeconds: 0 });
    return;
  }
  if (!runs) return;
  if (!pod.spec.nodeName) {
    const target = { apiVersion: "v1", kind: "Node", name: node };
    await api.request("POST", `${path}/binding`, {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name: pod.metadata.name },
      target,
    });
  }
  if (pod.status?.phase === "Running") return;
  await api.patchStatus(path, {
    phase: "Running",
    podIP: "10.244.0.9",
    podIPs: [{ ip: "10.244.0.9" }],
    conditions: ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map(condition),
  });
}

function condition(type: string) {
  return { type, status: "True", reason: "OnPaper", lastTransitionTime: new Date().toISOString() };
}
