/** What the parts of the Kubernetes provider's contract suite share. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "@pulumi/pulumi/automation";
import { expect } from "vitest";
import type { ApiServer } from "../../apiServer";
import { EngineError, type EngineResult } from "../../result";

export interface StoredResource {
  readonly urn: string;
  readonly id?: string;
  readonly type: string;
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
  readonly initErrors?: string[];
}

export function stored(state: Deployment): StoredResource[] {
  return (state.deployment as { resources?: StoredResource[] }).resources ?? [];
}

export function storedOf(state: Deployment, name: string): StoredResource {
  const found = stored(state).find(({ urn }) => urn.endsWith(`::${name}`));
  if (!found) throw new Error(`${name} is not in the state`);
  return found;
}

/** The message of an operation that has to fail. */
export async function failure(operation: Promise<EngineResult>): Promise<string> {
  const error: unknown = await operation.then(
    (result) => new Error(`did not fail: ${result.changed.join("; ")}`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineError);
  return (error as EngineError).message;
}

export interface LiveObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation?: number;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly managedFields?: readonly { manager: string; operation: string }[];
  };
  readonly data?: Record<string, string>;
  readonly spec?: Record<string, unknown>;
}

/** Undefined where the object is not there. */
export async function live(api: ApiServer, path: string): Promise<LiveObject | undefined> {
  return api.request<LiveObject>("GET", path).catch((error: unknown) => {
    if (String(error).includes("404:")) return undefined;
    throw error;
  });
}

/** Waits, for at most a minute, until `ask` gives something. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within a minute`);
}

export function provider(
  api: ApiServer,
  args: Omit<k8s.ProviderArgs, "kubeconfig"> = {},
): { provider: k8s.Provider } {
  const kubeconfig = pulumi.secret(api.kubeconfig);
  return { provider: new k8s.Provider("cluster", { ...args, kubeconfig }) };
}

export const podTemplate = (app: string) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: "main", image: "example.invalid/none:1" }] },
});
