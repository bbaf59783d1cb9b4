import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ApiServer } from "../../apiServer";
import { createEngineStack, type EngineStack } from "../../harness";
import { startPaperNode, type PaperNode } from "../../paperNode";
import { eventually, failure, live, podTemplate, provider, stored, storedOf } from "./fixture";

const deployments = "/apis/apps/v1/namespaces/default/deployments";
const services = "/api/v1/namespaces/default/services";
const configMaps = "/api/v1/namespaces/default/configmaps";

export function waitingContract(api: () => ApiServer): void {
  let engine: EngineStack;
  let node: PaperNode;
  let program: (options: pulumi.CustomResourceOptions) => void = () => undefined;
  beforeAll(async () => {
    node = await startPaperNode(api());
    engine = await createEngineStack({
      projectName: "waiting",
      stackName: "test",
      program: () => Promise.resolve(program(provider(api()))),
      env: { PULUMI_KUBEADM_TEST_SETTLE_SECONDS: "2" },
    });
  });
  afterAll(async () => {
    await node?.stop();
    await engine?.close();
  });

  /** Whether the promise is still open once `seen` has happened. */
  async function pendingAfter(operation: Promise<unknown>, seen: Promise<unknown>): Promise<boolean> {
    let open = true;
    operation.then(
      () => (open = false),
      () => (open = false),
    );
    await seen;
    await new Promise((resolve) => setImmediate(resolve));
    return open;
  }

  const deployment = (name: string, more: Record<string, string>, options: pulumi.CustomResourceOptions) =>
    new k8s.apps.v1.Deployment(
      name,
      {
        metadata: { name, annotations: more },
        spec: { selector: { matchLabels: { app: name } }, replicas: 2, template: podTemplate(name) },
      },
      options,
    );

  it("waits for a Deployment's pods to be ready", async () => {
    program = (options) => void deployment("slow", {}, options);
    node.runs = () => false;
    const up = engine.up();
    const created = eventually("the Deployment", async () => live(api(), `${deployments}/slow`));
    expect(await pendingAfter(up, created)).toBe(true);
    node.runs = () => true;
    await up;
    const { outputs } = storedOf(await engine.exportState(), "slow");
    expect(outputs["status"]).toMatchObject({ readyReplicas: 2 });
    expect((await engine.preview()).changed).toEqual([]);
    expect((await engine.refresh()).changed).toEqual([]);
  });

  it("waits for the new pods of an update", async () => {
    program = (options) =>
      void new k8s.apps.v1.Deployment(
        "slow",
        {
          metadata: { name: "slow" },
          spec: {
            selector: { matchLabels: { app: "slow" } },
            replicas: 1,
            template: { metadata: { labels: { app: "slow", round: "2" } }, spec: podTemplate("slow").spec },
          },
        },
        options,
      );
    node.runs = ({ round }) => round === undefined;
    const up = engine.up();
    const rolledOut = eventually("the new generation", async () => {
      const found = await live(api(), `${deployments}/slow`);
      return (found?.metadata.generation ?? 0) > 1 ? found : undefined;
    });
    expect(await pendingAfter(up, rolledOut)).toBe(true);
    node.runs = () => true;
    expect((await up).changed).toContainEqual(expect.stringMatching(/^update slow/));
  });

  it("says what is missing when the time is over, and keeps the object in its state", async () => {
    program = (options) => void deployment("never", {}, { ...options, customTimeouts: { create: "5s" } });
    node.runs = ({ app }) => !["never", "hasty", "careless"].includes(app ?? "");
    const message = await failure(engine.up());
    expect(message).toContain("'never' timed out waiting to be Ready");
    expect(message).toContain("Minimum number of live Pods was not attained");
    expect(message).toContain("[MinimumReplicasUnavailable] Deployment does not have minimum availability.");
    const state = storedOf(await engine.exportState(), "never");
    expect(state.initErrors?.join()).toContain("failed to fully initialize or become live");
    expect(await live(api(), `${deployments}/never`)).toBeDefined();
  });

  it("takes the time-out and the wish not to wait from annotations", async () => {
    program = (options) => void deployment("hasty", { "pulumi.com/timeoutSeconds": "3" }, options);
    expect(await failure(engine.up())).toContain("'hasty' timed out waiting to be Ready");
    program = (options) => void deployment("careless", { "pulumi.com/skipAwait": "true" }, options);
    await engine.up();
    expect(storedOf(await engine.exportState(), "careless").id).toBe("default/careless");
  });

  it("waits for the pods of a DaemonSet", async () => {
    program = (options) =>
      void new k8s.apps.v1.DaemonSet(
        "agent",
        {
          metadata: { name: "agent" },
          spec: {
            selector: { matchLabels: { app: "agent" } },
            template: {
              ...podTemplate("agent"),
              spec: { ...podTemplate("agent").spec, tolerations: [{ operator: "Exists" }] },
            },
          },
        },
        { ...options, customTimeouts: { create: "60s" } },
      );
    await engine.up();
    const { outputs } = storedOf(await engine.exportState(), "agent");
    expect(outputs["status"]).toMatchObject({ numberReady: 1, numberAvailable: 1 });
  });

  it("waits for a balancer's address, and for endpoints to settle", async () => {
    program = (options) =>
      void new k8s.core.v1.Service(
        "edge",
        {
          metadata: { name: "edge" },
          spec: { type: "LoadBalancer", selector: { app: "agent" }, ports: [{ port: 80 }] },
        },
        options,
      );
    const up = engine.up();
    await eventually("the Service", async () => live(api(), `${services}/edge`));
    await api().patchStatus(`${services}/edge`, { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } });
    await up;
    const { outputs } = storedOf(await engine.exportState(), "edge");
    expect(outputs["status"]).toMatchObject({ loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } });
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("waits for a pod to be ready", async () => {
    program = (options) =>
      void new k8s.core.v1.Pod(
        "single",
        { metadata: { name: "single", labels: { app: "single" } }, spec: podTemplate("single").spec },
        options,
      );
    await engine.up();
    expect(storedOf(await engine.exportState(), "single").outputs["status"]).toMatchObject({
      phase: "Running",
    });
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("fails to create what is in no namespace that exists, after several tries", async () => {
    program = (options) =>
      void new k8s.core.v1.ConfigMap(
        "homeless",
        { metadata: { name: "homeless", namespace: "nowhere" } },
        options,
      );
    expect((await engine.preview()).changed).toContain("create homeless");
    const started = Date.now();
    expect(await failure(engine.up())).toContain('namespaces "nowhere" not found');
    expect(Date.now() - started).toBeGreaterThan(30_000); // 1 + 2 + 4 + 8 + 16 s
  });

  it("waits for a deletion until the object is gone", async () => {
    const finalizers = ["test.example.com/hold"];
    program = (options) =>
      void new k8s.core.v1.ConfigMap(
        "held",
        { metadata: { name: "held", finalizers } },
        { ...options, customTimeouts: { delete: "4s" } },
      );
    await engine.up();
    program = () => undefined;
    const message = await failure(engine.up());
    expect(message).toContain("finalizers might be preventing deletion");
    expect(message).toContain("timed out waiting for the condition");
    expect(storedOf(await engine.exportState(), "held").id).toBe("default/held");

    const destroy = engine.destroy();
    await api().request(
      "PATCH",
      `${configMaps}/held`,
      { metadata: { finalizers: null } },
      "application/merge-patch+json",
    );
    await destroy;
    expect(stored(await engine.exportState())).toEqual([]);
    expect(await live(api(), `${configMaps}/held`)).toBeUndefined();
  });
}
