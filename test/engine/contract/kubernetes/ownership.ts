import * as k8s from "@pulumi/kubernetes";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ApiServer } from "../../apiServer";
import { createEngineStack, type EngineStack } from "../../harness";
import { failure, live, provider, stored } from "./fixture";

const configMaps = "/api/v1/namespaces/default/configmaps";
const apply = "application/apply-patch+yaml";
const configMap = (name: string, data: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data,
});

export function ownershipContract(api: () => ApiServer): void {
  let engine: EngineStack;
  let program: () => void = () => undefined;
  const upsert = { enableConfigMapMutable: true, upsertExistingObjects: true };
  beforeAll(async () => {
    engine = await createEngineStack({
      projectName: "ownership",
      stackName: "test",
      program: () => Promise.resolve(program()),
    });
  });
  afterAll(async () => engine?.close());

  it("does not take over an object that exists", async () => {
    await api().request("POST", configMaps, configMap("taken", { owner: "somebody" }));
    program = () => {
      new k8s.core.v1.ConfigMap(
        "taken",
        { metadata: { name: "taken" }, data: { owner: "me" } },
        provider(api()),
      );
    };
    expect((await engine.preview()).changed).toContain("create taken");
    const message = await failure(engine.up());
    expect(message).toContain('configmaps "taken" already exists');
    expect(message).toContain("set upsertExistingObjects on the provider");
    expect((await live(api(), `${configMaps}/taken`))?.data).toEqual({ owner: "somebody" });
  });

  it("reports who has a field that an apply wants", async () => {
    await api().request(
      "PATCH",
      `${configMaps}/shared?fieldManager=somebody`,
      configMap("shared", { a: "1" }),
      apply,
    );
    program = () => {
      new k8s.core.v1.ConfigMap(
        "shared",
        { metadata: { name: "shared" }, data: { a: "2" } },
        provider(api(), upsert),
      );
    };
    const message = await failure(engine.up());
    expect(message).toContain("server-side apply field conflict detected");
    expect(message).toMatch(
      /Apply failed with 1 conflict: conflict with "somebody"(?: using v1)?: \.data\.a/,
    );
    expect((await live(api(), `${configMaps}/shared`))?.data).toEqual({ a: "1" });
  });

  it("takes the field where the annotation asks for it, under the field manager that is asked for", async () => {
    program = () => {
      const annotations = { "pulumi.com/patchForce": "true", "pulumi.com/patchFieldManager": "me" };
      new k8s.core.v1.ConfigMap(
        "shared",
        { metadata: { name: "shared", annotations }, data: { a: "2" } },
        provider(api(), upsert),
      );
    };
    await engine.up();
    const shared = await live(api(), `${configMaps}/shared`);
    expect(shared?.data).toEqual({ a: "2" });
    expect(shared?.metadata.managedFields?.map(({ manager }) => manager)).toContain("me");
    await engine.destroy();
    expect(await live(api(), `${configMaps}/shared`)).toBeUndefined();
  });

  it("patches an object of somebody else, and lets go of its own fields alone", async () => {
    await api().request(
      "PATCH",
      `${configMaps}/corefile?fieldManager=kubeadm`,
      configMap("corefile", { theirs: "1" }),
      apply,
    );
    await api().request("POST", "/api/v1/nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "cp1" },
    });
    let value = "1";
    program = () => {
      const options = provider(api());
      new k8s.core.v1.ConfigMapPatch(
        "corefile",
        { metadata: { name: "corefile" }, data: { mine: value } },
        options,
      );
      new k8s.core.v1.NodePatch("role", { metadata: { name: "cp1", labels: { role: value } } }, options);
    };
    await engine.up();
    expect((await live(api(), `${configMaps}/corefile`))?.data).toEqual({ theirs: "1", mine: "1" });
    expect((await live(api(), "/api/v1/nodes/cp1"))?.metadata.labels).toMatchObject({ role: "1" });
    expect((await engine.preview()).changed).toEqual([]);
    expect((await engine.refresh()).changed).toEqual([]);

    // Data of a ConfigMap that is immutable for the provider is not replaced through a patch.
    value = "2";
    expect([...(await engine.up()).changed].sort()).toEqual([
      "update corefile (data.mine)",
      "update role (metadata.labels.role)",
    ]);
    expect((await live(api(), `${configMaps}/corefile`))?.data).toEqual({ theirs: "1", mine: "2" });

    await engine.destroy();
    expect((await live(api(), `${configMaps}/corefile`))?.data).toEqual({ theirs: "1" });
    expect((await live(api(), "/api/v1/nodes/cp1"))?.metadata.labels?.["role"]).toBeUndefined();
    await api().request("DELETE", "/api/v1/nodes/cp1");
  });

  it("refuses a patch without a name", async () => {
    program = () => {
      new k8s.core.v1.ConfigMapPatch("nameless", { data: { a: "1" } }, provider(api()));
    };
    expect(await failure(engine.preview())).toContain(
      "patch resources require the `.metadata.name` field to be set",
    );
  });

  it("leaves an ignored field that another manager has as it is", async () => {
    let label = "1";
    program = () => {
      new k8s.core.v1.ConfigMap(
        "ignoring",
        { metadata: { name: "ignoring", labels: { mine: label } }, data: { scale: "1" } },
        { ...provider(api(), { enableConfigMapMutable: true }), ignoreChanges: ["data.scale"] },
      );
    };
    await engine.up();
    const theirs = { ...configMap("ignoring", { scale: "5" }) };
    await api().request("PATCH", `${configMaps}/ignoring?fieldManager=scaler&force=true`, theirs, apply);
    label = "2";
    expect((await engine.up()).changed).toEqual(["update ignoring (metadata.labels.mine)"]);
    const object = await live(api(), `${configMaps}/ignoring`);
    expect(object?.data).toEqual({ scale: "5" });
    expect(object?.metadata.labels).toEqual({ mine: "2" });
  });

  it("replaces a ConfigMap and a Secret whose data change, unless the provider lets them be changed", async () => {
    let value = "1";
    let mutable = false;
    program = () => {
      const options = provider(api(), { enableConfigMapMutable: mutable, enableSecretMutable: mutable });
      new k8s.core.v1.ConfigMap("map", { data: { value } }, options);
      new k8s.core.v1.Secret("hidden", { metadata: { name: "hidden" }, stringData: { value } }, options);
    };
    await engine.up();
    value = "2";
    const replaced = (await engine.preview()).steps
      .filter(({ op }) => op === "replace")
      .map(({ name }) => name);
    expect(replaced.sort()).toEqual(["hidden", "map"]);
    mutable = true;
    const updated = (await engine.up()).steps.filter(({ op }) => op === "update").map(({ name }) => name);
    expect(updated.sort()).toEqual(["cluster", "hidden", "map"]);
    await engine.destroy();
    expect(stored(await engine.exportState())).toEqual([]);
  });
}
