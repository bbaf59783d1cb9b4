/**
 * `pulumi up --target` beside an ingress whose Service a chart makes: what is not targeted is left out, and the state stays one that
 * the engine can read. Traefik's own chart is not at hand here; a folder with its Service is in its place.
 */
import * as path from "node:path";
import * as k8s from "@pulumi/kubernetes";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { Ingress } from "../../index";
import { startApiServer, type ApiServer } from "./apiServer";
import { describeWithEngine } from "./available";
import { live, provider, stored } from "./contract/kubernetes/fixture";
import { createEngineStack, type EngineStack } from "./harness";

const service = "/api/v1/namespaces/traefik/services/traefik";
const ADDRESS = "192.0.2.10";

describeWithEngine("targets beside Traefik", () => {
  let api: ApiServer;
  let engine: EngineStack;
  let sourceRanges = ["10.0.0.0/8"];

  beforeAll(async () => {
    api = await startApiServer();
    engine = await createEngineStack({
      projectName: "targets",
      stackName: "test",
      program: () => {
        const opts = provider(api);
        new k8s.core.v1.ConfigMap("other", { metadata: { name: "other" }, data: { a: "b" } }, opts);
        const ingress = new Ingress(
          "web",
          {
            kind: "traefik",
            expose: { type: "loadBalancer", sourceRanges },
            helm: { sources: { traefik: path.join(__dirname, "charts", "traefik") } },
          },
          opts,
        );
        return Promise.resolve({ address: ingress.address });
      },
    });
  });
  afterAll(async () => {
    await engine?.close();
    await api?.stop();
  });

  const urnOf = async (name: string): Promise<string> =>
    (await engine.preview()).steps.find((step) => step.name === name)?.urn ?? expect.fail(`no ${name}`);
  const names = async (): Promise<string[]> =>
    stored(await engine.exportState())
      .map(({ urn }) => urn.split("::").at(-1) ?? "")
      .filter((name) => /^(other|web)/.test(name))
      .sort();

  /** What gives a Service of type LoadBalancer its address, as MetalLB would. */
  const balance = (): Promise<unknown> =>
    vi.waitFor(
      () =>
        api.request(
          "PATCH",
          `${service}/status`,
          { status: { loadBalancer: { ingress: [{ ip: ADDRESS }] } } },
          "application/merge-patch+json",
        ),
      { timeout: 120_000, interval: 200 },
    );

  it("leave the ingress out of a first run, and nothing of it in the state", async () => {
    const changed = (await engine.up({ target: [await urnOf("other")] })).changed;
    expect(changed.filter((one) => one.includes(" web"))).toEqual([]);
    expect(await live(api, service)).toBeUndefined();
    expect(await names()).toEqual(["other"]);
  });

  it("leave a state from which the next run goes on, and makes all of it", async () => {
    const [result] = await Promise.all([engine.up(), balance()]);
    expect(result.changed).toContain("create web-service");
    expect((await engine.stack.outputs())["address"]?.value).toBe(ADDRESS);
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("leave the ingress as it is while something else is changed, and the other way round", async () => {
    sourceRanges = ["172.16.0.0/12"];
    const [release, other] = [await urnOf("web-release"), await urnOf("other")];
    expect((await engine.up({ target: [other] })).changed).toEqual([]);
    expect((await live(api, service))?.spec?.["loadBalancerSourceRanges"]).toEqual(["10.0.0.0/8"]);
    const { changed } = await engine.up({ target: [release] });
    expect(changed.map((one) => one.split(" ").slice(0, 2).join(" "))).toEqual(["update web-release"]);
    expect((await live(api, service))?.spec?.["loadBalancerSourceRanges"]).toEqual(sourceRanges);
    await engine.up();
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("leave nothing behind", async () => {
    await engine.up();
    await engine.destroy();
    expect(await names()).toEqual([]);
    expect(await live(api, service)).toBeUndefined();
  });
});
