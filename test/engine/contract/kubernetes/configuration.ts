import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ApiServer } from "../../apiServer";
import { createEngineStack, type EngineStack } from "../../harness";
import { failure, live, stored } from "./fixture";

const configMaps = "/api/v1/namespaces/default/configmaps";

export function configurationContract(api: () => ApiServer): void {
  let engine: EngineStack;
  let settings: k8s.ProviderArgs;
  const kubeconfig = (edit: (text: string) => string = (text) => text) =>
    pulumi.secret(edit(api().kubeconfig));
  const elsewhere = () => kubeconfig((text) => text.replace("https://127.0.0.1", "https://localhost"));

  const program = () => {
    const provider = new k8s.Provider("cluster", settings);
    new k8s.core.v1.ConfigMap("config", { metadata: { name: "configured" }, data: { a: "1" } }, { provider });
  };
  const stackOptions = {
    projectName: "configuration",
    stackName: "test",
    program: () => Promise.resolve(program()),
  };
  beforeAll(async () => {
    engine = await createEngineStack(stackOptions);
  });
  afterAll(async () => engine?.close());

  it("previews against a cluster out of reach, but creates nothing there", async () => {
    settings = { kubeconfig: kubeconfig((text) => text.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1")) };
    expect((await engine.preview()).changed).toContain("create config");
    const message = await failure(engine.up());
    expect(message).toContain("configured Kubernetes cluster is unreachable");
    expect(message).toContain("connection refused");
  });

  it("previews with a kubeconfig that is not known yet", async () => {
    const fresh = await createEngineStack({
      ...stackOptions,
      program: () => {
        const first = new k8s.Provider("first", { kubeconfig: kubeconfig() });
        const map = new k8s.core.v1.ConfigMap(
          "source",
          { metadata: { name: "source" } },
          { provider: first },
        );
        settings = { kubeconfig: map.metadata.uid.apply(() => api().kubeconfig) };
        return Promise.resolve(program());
      },
    });
    try {
      expect((await fresh.preview()).changed).toContain("create config");
    } finally {
      await fresh.close();
    }
  });

  it("replaces the provider and what it made when the cluster of its kubeconfig changes", async () => {
    settings = { kubeconfig: kubeconfig() };
    await engine.up();
    settings = { kubeconfig: elsewhere() };
    const replaced = (await engine.preview()).steps
      .filter(({ op }) => op === "replace")
      .map(({ name }) => name);
    expect(replaced).toContain("cluster");
  });

  it("keeps both while the clusterIdentifier stays the same", async () => {
    settings = { kubeconfig: kubeconfig(), clusterIdentifier: "one" };
    expect((await engine.up()).changed).toEqual(["update cluster (clusterIdentifier)"]);
    settings = { kubeconfig: elsewhere(), clusterIdentifier: "one" };
    expect((await engine.up()).changed).toEqual(["update cluster (kubeconfig)"]);
    expect((await engine.preview()).changed).toEqual([]);
    settings = { kubeconfig: elsewhere(), clusterIdentifier: "two" };
    const replaced = (await engine.preview()).steps
      .filter(({ op }) => op === "replace")
      .map(({ name }) => name);
    expect(replaced).toContain("cluster");
  });

  it("does not take a cluster out of reach for one that is gone, unless told to", async () => {
    await api().suspend();
    try {
      expect(await failure(engine.refresh())).toContain(
        "failed to read resource state due to unreachable cluster",
      );
      const message = await failure(engine.destroy());
      expect(message).toContain("configured Kubernetes cluster is unreachable. If the cluster was deleted");
      expect(message).toContain("PULUMI_K8S_DELETE_UNREACHABLE");

      const env = { PULUMI_K8S_DELETE_UNREACHABLE: "true" };
      const told = await createEngineStack({ ...stackOptions, workDir: engine.workDir, env });
      await told.destroy();
      expect(stored(await told.exportState())).toEqual([]);
    } finally {
      await api().resume();
    }
    // Nothing was deleted: the object outlived the state.
    expect(await live(api(), `${configMaps}/configured`)).toBeDefined();
  });
}
