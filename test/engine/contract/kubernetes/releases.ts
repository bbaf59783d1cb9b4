import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureTool } from "../../../support/toolchain";
import { run } from "../../../support/run";
import type { ApiServer } from "../../apiServer";
import { createEngineStack, type EngineStack } from "../../harness";
import { findLeaks } from "../../secrets";
import { failure, live, provider, stored, storedOf } from "./fixture";

const chart = path.join(__dirname, "chart");
const word = "a-word-nobody-may-read";
const configMap = "/api/v1/namespaces/releases/configmaps/greeter";

interface Settings {
  readonly chart: string;
  readonly values: Record<string, unknown>;
  readonly version?: string;
  readonly timeout?: number;
  readonly atomic?: boolean;
}

/** Life of a Helm release. The chart is in a folder; no node runs its pods. */
export function releaseContract(api: () => ApiServer): void {
  let engine: EngineStack;
  let settings: Settings | undefined = { chart, values: { greeting: "good day", limit: null } };
  beforeAll(async () => {
    engine = await createEngineStack({
      projectName: "releases",
      stackName: "test",
      program: () => {
        if (settings === undefined) return Promise.resolve();
        const { values, ...rest } = settings;
        const release = new k8s.helm.v3.Release(
          "release",
          {
            name: "greeter",
            namespace: "releases",
            createNamespace: true,
            cleanupOnFail: true,
            maxHistory: 2,
            values: { ...values, secret: pulumi.secret(word) },
            ...rest,
          },
          provider(api()),
        );
        return Promise.resolve({ status: release.status.status, revision: release.status.revision });
      },
    });
  });
  afterAll(async () => engine?.close());

  const helm = async (...args: string[]): Promise<string> => {
    const env = { ...process.env, KUBECONFIG: api().kubeconfigFile };
    return (await run([await ensureTool("helm"), ...args, "--namespace", "releases"], { env })).stdout;
  };

  it("is checked against its chart before anything is done", async () => {
    settings = { chart: path.join(chart, "none"), values: {} };
    expect(await failure(engine.preview())).toContain("check the chart name and repository configuration");
    settings = { chart, values: { greeting: "good day", limit: null } };
    expect((await engine.preview()).changed).toContain("create release");
  });

  it("is installed, with its namespace, the values given and without a default that a null takes away", async () => {
    await engine.up();
    expect((await live(api(), configMap))?.data).toEqual({ greeting: "good day", chart: "1.2.3" });
    const { outputs, id } = storedOf(await engine.exportState(), "release");
    expect(id).toBe("releases/greeter");
    expect(outputs).toMatchObject({
      version: "1.2.3",
      status: {
        name: "greeter",
        namespace: "releases",
        status: "deployed",
        revision: 1,
        chart: "greeter",
        version: "1.2.3",
        appVersion: "v9",
      },
      resourceNames: { "ConfigMap/v1": ["greeter"], "Secret/v1": ["greeter"] },
    });
  });

  it("has nothing to do the second time", async () => {
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("tells nobody what is secret in its values", () => {
    expect(findLeaks({ word }, engine.written())).toEqual([]);
  });

  it("is upgraded in place when a value changes", async () => {
    settings = { chart, values: { greeting: "good night" } };
    expect((await engine.up()).changed).toEqual(["update release (values.greeting)"]);
    expect((await live(api(), configMap))?.data).toEqual({
      greeting: "good night",
      limit: "3",
      chart: "1.2.3",
    });
    const { outputs } = storedOf(await engine.exportState(), "release");
    expect(outputs).toMatchObject({ status: { revision: 2 } });
  });

  it("shows what somebody did to its values by hand, and takes it back", async () => {
    await helm("upgrade", "greeter", chart, "--reuse-values", "--set", "greeting=who are you");
    await engine.refresh();
    expect((await engine.preview()).changed).toEqual(["update release (values.greeting)"]);
    await engine.up();
    expect((await live(api(), configMap))?.data?.["greeting"]).toBe("good night");
  });

  it("keeps what did not become ready, and says so", async () => {
    settings = { chart, values: { greeting: "good night", broken: true }, timeout: 5 };
    expect(await failure(engine.up())).toContain("failed to initialize completely");
    expect(storedOf(await engine.exportState(), "release").initErrors?.join()).toContain("releases/greeter");
  });

  it("goes on from there, and keeps as many revisions as it is told", async () => {
    settings = { chart, values: { greeting: "good night" } };
    await engine.up();
    expect((await engine.preview()).changed).toEqual([]);
    expect(JSON.parse(await helm("history", "greeter", "--output", "json"))).toHaveLength(2);
  });

  it("is made anew when somebody has uninstalled it", async () => {
    await helm("uninstall", "greeter");
    await engine.refresh();
    expect(stored(await engine.exportState()).some(({ urn }) => urn.endsWith("::release"))).toBe(false);
    await engine.up();
    expect(await live(api(), configMap)).toBeDefined();
  });

  it("is uninstalled when it is taken out, and its objects with it", async () => {
    settings = undefined;
    await engine.up();
    expect(await live(api(), configMap)).toBeUndefined();
    expect((await helm("list", "--all", "--short")).trim()).toBe("");
  });

  it("leaves nothing of an install that failed where it is atomic", async () => {
    settings = { chart, values: { broken: true }, timeout: 5, atomic: true };
    await failure(engine.up());
    expect((await helm("list", "--all", "--short")).trim()).toBe("");
    expect(stored(await engine.exportState()).some(({ urn }) => urn.endsWith("::release"))).toBe(false);
  });
}
