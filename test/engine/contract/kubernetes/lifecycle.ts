import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ApiServer } from "../../apiServer";
import { createEngineStack, type EngineStack } from "../../harness";
import { findLeaks } from "../../secrets";
import { failure, live, podTemplate, provider, stored, storedOf } from "./fixture";

const password = "correct-horse-battery-staple";
const namespace = "lifecycle";
const inNamespace = (group: string, plural: string, name: string) =>
  `/${group}/namespaces/${namespace}/${plural}/${name}`;

interface Settings {
  greeting: string;
  selector: string;
  memory: string;
  widget: string;
  force: boolean;
}

/** One object of every kind that needs no node to become ready. */
function program(api: ApiServer, settings: Settings): void {
  const options: pulumi.CustomResourceOptions = provider(api, {
    enableConfigMapMutable: true,
    enablePatchForce: settings.force,
  });
  const { metadata: created } = new k8s.core.v1.Namespace("ns", { metadata: { name: namespace } }, options);
  new k8s.apiextensions.v1.CustomResourceDefinition(
    "widgets",
    {
      metadata: { name: "widgets.test.example.com" },
      spec: {
        group: "test.example.com",
        scope: "Namespaced",
        names: { plural: "widgets", singular: "widget", kind: "Widget" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: { spec: { type: "object", x_kubernetes_preserve_unknown_fields: true } },
              },
            },
          },
        ],
      },
    },
    options,
  );
  // What is in the namespace waits for it: the engine works on a few resources at a time, and those that are tried again
  // and again could all be in the way of what they wait for.
  const metadata = (name: string) => ({ name, namespace: created.name });
  const account = new k8s.core.v1.ServiceAccount("account", { metadata: metadata("account") }, options);
  new k8s.core.v1.ConfigMap(
    "config",
    { metadata: metadata("config"), data: { greeting: settings.greeting } },
    options,
  );
  new k8s.core.v1.Secret(
    "secret",
    { metadata: { namespace: created.name }, stringData: { password } },
    options,
  );
  const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
  const subjects = [{ kind: "ServiceAccount", name: "account", namespace }];
  const apiGroup = "rbac.authorization.k8s.io";
  new k8s.rbac.v1.Role("role", { metadata: metadata("role"), rules }, options);
  new k8s.rbac.v1.RoleBinding(
    "bind",
    { metadata: metadata("bind"), subjects, roleRef: { apiGroup, kind: "Role", name: "role" } },
    options,
  );
  new k8s.rbac.v1.ClusterRole("wide-role", { metadata: { name: "lifecycle-role" }, rules }, options);
  new k8s.rbac.v1.ClusterRoleBinding(
    "wide-bind",
    {
      metadata: { name: "lifecycle-bind" },
      subjects,
      roleRef: { apiGroup, kind: "ClusterRole", name: "lifecycle-role" },
    },
    options,
  );
  // An amount in a spelling that the server rewrites, and empty values that it does not store.
  new k8s.core.v1.ResourceQuota(
    "quota",
    {
      metadata: metadata("quota"),
      spec: { hard: { "limits.memory": settings.memory, "requests.cpu": "1000m" } },
    },
    options,
  );
  new k8s.core.v1.LimitRange(
    "limits",
    { metadata: metadata("limits"), spec: { limits: [{ type: "Container", default: { cpu: "0.5" } }] } },
    options,
  );
  new k8s.networking.v1.NetworkPolicy(
    "deny",
    { metadata: metadata("deny"), spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [] } },
    options,
  );
  new k8s.policy.v1.PodDisruptionBudget(
    "budget",
    { metadata: metadata("budget"), spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } } },
    options,
  );
  new k8s.networking.v1.IngressClass(
    "class",
    { metadata: { name: "lifecycle" }, spec: { controller: "example.com/none" } },
    options,
  );
  new k8s.storage.v1.StorageClass(
    "disk",
    { metadata: { name: "lifecycle" }, provisioner: "example.com/none", parameters: { type: "fast" } },
    options,
  );
  new k8s.core.v1.Service(
    "headless",
    { metadata: metadata("headless"), spec: { clusterIP: "None", ports: [{ port: 80 }] } },
    options,
  );
  new k8s.core.v1.Endpoints(
    "headless-targets",
    { metadata: metadata("headless"), subsets: [{ addresses: [{ ip: "10.9.8.7" }], ports: [{ port: 80 }] }] },
    options,
  );
  const template = { ...podTemplate(settings.selector) };
  const spec = {
    ...template.spec,
    hostNetwork: false,
    hostPID: false,
    serviceAccountName: account.metadata.name,
  };
  const selector = { matchLabels: { app: settings.selector } };
  const workload = { selector, template: { ...template, spec } };
  new k8s.apps.v1.Deployment(
    "web",
    { metadata: metadata("web"), spec: { ...workload, replicas: 0 } },
    options,
  );
  new k8s.apps.v1.StatefulSet(
    "db",
    { metadata: metadata("db"), spec: { ...workload, serviceName: "headless", replicas: 0 } },
    options,
  );
  new k8s.apps.v1.DaemonSet("agent", { metadata: metadata("agent"), spec: workload }, options);
  // No dependency on its definition: its creation has to be tried until the kind is there.
  new k8s.apiextensions.CustomResource(
    "widget",
    {
      apiVersion: "test.example.com/v1",
      kind: "Widget",
      metadata: metadata("widget"),
      spec: { color: settings.widget },
    },
    options,
  );
}

export function lifecycleContract(api: () => ApiServer): void {
  let engine: EngineStack;
  const settings: Settings = {
    greeting: "hello",
    selector: "web",
    memory: "1024Mi",
    widget: "red",
    force: false,
  };
  beforeAll(async () => {
    engine = await createEngineStack({
      projectName: "lifecycle",
      stackName: "test",
      program: () => Promise.resolve(program(api(), settings)),
    });
  });
  afterAll(async () => engine?.close());

  it("previews objects whose namespace and kind are not there yet, and makes none", async () => {
    const { changes } = await engine.preview();
    expect(changes).toEqual({ create: 23 });
    expect(await live(api(), `/api/v1/namespaces/${namespace}`)).toBeUndefined();
  });

  it("creates every kind, under the name of a creator without server-side apply", async () => {
    const { changes } = await engine.up();
    expect(changes).toEqual({ create: 23 });
    const config = await live(api(), inNamespace("api/v1", "configmaps", "config"));
    expect(config?.data).toEqual({ greeting: "hello" });
    const managers = config?.metadata.managedFields?.map(
      ({ manager, operation }) => `${manager} ${operation}`,
    );
    expect(managers).toEqual(["pulumi-kubernetes Update"]);
    expect(await live(api(), inNamespace("apis/test.example.com/v1", "widgets", "widget"))).toBeDefined();
  });

  it("names an object that has no name after its resource, and says so in an annotation", async () => {
    const { id, outputs } = storedOf(await engine.exportState(), "secret");
    expect(id).toMatch(/^lifecycle\/secret-[0-9a-f]{8}$/);
    expect(outputs["metadata"]).toMatchObject({ annotations: { "pulumi.com/autonamed": "true" } });
  });

  it("is quiet when nothing changed: preview and refresh", async () => {
    expect((await engine.preview()).changed).toEqual([]);
    expect((await engine.refresh()).changed).toEqual([]);
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("keeps the data of Secrets secret in the state and in all output", async () => {
    expect(findLeaks({ password }, engine.written())).toEqual([]);
    const { outputs } = storedOf(await engine.exportState(), "secret");
    // What is exported is decrypted, but says that it was secret.
    expect(outputs["data"]).toHaveProperty("plaintext");
  });

  it("updates one value in place by server-side apply, in the name of the resource's own manager", async () => {
    settings.greeting = "good evening";
    expect((await engine.preview()).changed).toEqual(["update config (data.greeting)"]);
    expect((await engine.up()).changed).toEqual(["update config (data.greeting)"]);
    const config = await live(api(), inNamespace("api/v1", "configmaps", "config"));
    expect(config?.data).toEqual({ greeting: "good evening" });
    const managers = config?.metadata.managedFields?.map(
      ({ manager, operation }) => `${manager} ${operation}`,
    );
    expect(managers).toEqual([expect.stringMatching(/^pulumi-kubernetes-[0-9a-f]{8} Apply$/)]);
  });

  it("updates a custom resource and an amount in place", async () => {
    settings.widget = "blue";
    settings.memory = "2Gi";
    const { changed } = await engine.up();
    expect([...changed].sort()).toEqual([
      'update quota (spec.hard["limits.memory"])',
      "update widget (spec.color)",
    ]);
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("takes another spelling of the same amount for no change", async () => {
    settings.memory = "2048Mi";
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("replaces a workload whose selector changes, the old one first since its name is fixed", async () => {
    const before = await live(api(), inNamespace("apis/apps/v1", "deployments", "web"));
    settings.selector = "web2";
    const { steps, changed } = await engine.up();
    expect(changed).toContainEqual(expect.stringMatching(/^replace web \(spec\.selector\.matchLabels\.app/));
    const ops = steps.filter(({ name }) => name === "web").map(({ op }) => op);
    expect(ops).toEqual(["delete-replaced", "replace", "create-replacement"]);
    const after = await live(api(), inNamespace("apis/apps/v1", "deployments", "web"));
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("finds at a refresh what was changed and what is gone, and puts both right where it may", async () => {
    const config = inNamespace("api/v1", "configmaps", "config");
    await api().request("PATCH", config, { data: { greeting: "by hand" } }, "application/merge-patch+json");
    await api().request("DELETE", inNamespace("api/v1", "serviceaccounts", "account"));
    const { changed } = await engine.refresh();
    expect([...changed].sort()).toEqual(["delete account", expect.stringMatching(/^update config/)]);
    expect(await failure(engine.preview())).toContain("Apply failed with 1 conflict");
    settings.force = true;
    const repaired = await engine.up();
    expect([...repaired.changed].sort()).toEqual([
      "create account",
      "update cluster (enablePatchForce)",
      "update config (data.greeting)",
    ]);
    expect((await live(api(), config))?.data).toEqual({ greeting: "good evening" });
    expect(await live(api(), inNamespace("api/v1", "serviceaccounts", "account"))).toBeDefined();
  });

  it("removes all of it", async () => {
    await engine.destroy();
    expect(stored(await engine.exportState())).toEqual([]);
    expect(await live(api(), `/api/v1/namespaces/${namespace}`)).toBeUndefined();
    expect(
      await live(api(), "/apis/rbac.authorization.k8s.io/v1/clusterroles/lifecycle-role"),
    ).toBeUndefined();
    expect(
      await live(api(), "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.test.example.com"),
    ).toBeUndefined();
  });
}
