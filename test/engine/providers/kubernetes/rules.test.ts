/** The stand-in's pure rules; its behaviour as a whole is held by `contract/kubernetes.test.ts`. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Values } from "../shared/values";
import { changes, parsePath, withoutIgnored } from "./changes";
import { configDiff } from "./configuration";
import { likeLive, liveInputs, normalized, pruned } from "./inputs";
import { replacingFields } from "./kinds";
import { takeOver, withIgnoredFields } from "./managedFields";
import { kubeconfigText, parseKubeconfig } from "./kubeconfig";
import { sameQuantity } from "./quantity";
import {
  chartArguments,
  defaultTimeout,
  mergedMaps,
  refuseLeftOut,
  releaseDiff,
  releaseInputs,
  releaseState,
  resourceNames,
  waitArguments,
  type ReleaseInfo,
} from "./releaseState";

const tree = fc.letrec<{ value: Values[string]; object: Values }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ maxLength: 3 }),
    fc.integer({ min: 1, max: 9 }),
    fc.constant(true),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(fc.constantFrom("a", "b", "a.b", "spec", "x[0]"), tie("value"), { maxKeys: 4 }),
})).object;

describe("amounts", () => {
  const units = { Ki: 1024, Mi: 1024 ** 2, k: 1000, M: 1000 ** 2, "": 1 };

  it("are the same in every spelling", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(...Object.keys(units)), (count, unit) => {
        const amount = count * units[unit as keyof typeof units];
        expect(sameQuantity(`${count}${unit}`, String(amount))).toBe(true);
        expect(sameQuantity(`${count}${unit}`, `${amount}000m`)).toBe(true);
        expect(sameQuantity(`${count}${unit}`, String(amount + 1))).toBe(false);
      }),
    );
  });

  it.each([
    ["0.5", "500m"],
    ["1e3", "1k"],
    ["1.5Gi", "1536Mi"],
    [2, "2"],
    ["-1", "-1000m"],
  ])("%s is %s", (a, b) => expect(sameQuantity(a, b)).toBe(true));

  it.each(["", "1Xi", "abc", ".", "1 Gi"])("%j is none", (text) =>
    expect(sameQuantity(text, text)).toBe(false),
  );
});

describe("changes", () => {
  it("are none between equal objects", () => {
    fc.assert(
      fc.property(tree, (object) => {
        expect(changes(object, structuredClone(object), [])).toEqual({});
      }),
    );
  });

  it("have paths that lead to where the objects differ", () => {
    fc.assert(
      fc.property(tree, tree, (olds, news) => {
        for (const path of Object.keys(changes(olds, news, []))) {
          const at = (from: unknown) =>
            parsePath(path).reduce<unknown>(
              (value, key) => (value as Values | undefined)?.[key as string],
              from,
            );
          expect(at(news)).not.toEqual(at(olds));
        }
      }),
    );
  });

  it("tell additions, removals and updates apart, in lists by index", () => {
    const olds = { spec: { ports: [{ port: 1 }, { port: 2 }], gone: true }, "a.b/c": "x" };
    const news = { spec: { ports: [{ port: 1, name: "n" }], fresh: 1 }, "a.b/c": "y" };
    expect(changes(olds, news, [])).toEqual({
      "spec.ports[0].name": "add",
      "spec.ports[1]": "delete",
      "spec.gone": "delete",
      "spec.fresh": "add",
      '["a.b/c"]': "update",
    });
  });

  it("replace where they are below, at or above a path that replaces", () => {
    const replacing = ["spec.selector", "spec.containers.*.image"];
    const selector = (app: string) => ({ spec: { selector: { matchLabels: { app } } } });
    expect(changes(selector("a"), selector("b"), replacing)).toEqual({
      "spec.selector.matchLabels.app": "update-replace",
    });
    expect(changes({}, selector("b"), replacing)).toEqual({ spec: "add-replace" });
    const images = (...names: string[]) => ({
      spec: { containers: names.map((image) => ({ image, tty: true })) },
    });
    expect(changes(images("a", "b"), images("a", "c"), replacing)).toEqual({
      "spec.containers[1].image": "update-replace",
    });
    expect(changes({ spec: { other: 1 } }, { spec: { other: 2 } }, replacing)).toEqual({
      "spec.other": "update",
    });
  });

  it("leave out what is ignored, and what is below it", () => {
    const diff = {
      "data.a": "update",
      'metadata.labels["x/y"]': "add",
      "spec.list[2].name": "update",
    } as const;
    expect(withoutIgnored(diff, ["data", 'metadata.labels["x/y"]', "spec.list[*].name"])).toEqual({});
    expect(withoutIgnored(diff, ["dat", "spec.list[1]"])).toEqual(diff);
  });
});

describe("inputs", () => {
  const deployment = (spec: Values): Values => ({ apiVersion: "apps/v1", kind: "Deployment", spec });

  it("cut what is live to their own shape", () => {
    fc.assert(
      fc.property(tree, tree, (live, shape) => {
        const cut = pruned(live, shape);
        expect(Object.keys(cut).every((key) => key in live && key in shape)).toBe(true);
        expect(pruned(live, live)).toEqual(live);
      }),
    );
  });

  it("take an empty value that was applied and not stored for absent, but not one that is new or was stored", () => {
    const live = deployment({ template: { spec: {} }, paused: true });
    const news = deployment({ template: { spec: { hostNetwork: false } }, paused: false });
    expect(likeLive(news, live, news)).toEqual(deployment({ template: { spec: {} }, paused: false }));
    expect(likeLive(news, live, deployment({}))).toEqual(news);
  });

  it("keep their own spelling at a refresh where it means the same", () => {
    const applied = deployment({ resources: { limits: { cpu: "1000m" } }, hostNetwork: false, replicas: 1 });
    const live = deployment({
      resources: { limits: { cpu: "1" } },
      replicas: 3,
      progressDeadlineSeconds: 600,
    });
    expect(liveInputs(live, applied)).toEqual({
      ...applied,
      spec: { ...(applied["spec"] as Values), replicas: 3 },
    });
  });

  it("have the plain text of a Secret as its data, and no fields that only the server writes", () => {
    const secret: Values = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", uid: "1" },
      stringData: { a: "b" },
    };
    expect(normalized(secret)).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      data: { a: "Yg==" },
    });
  });

  it("replace a Secret or ConfigMap by its data unless that may change, and always where it is immutable", () => {
    const map = (immutable: boolean): Values => ({ apiVersion: "v1", kind: "ConfigMap", immutable });
    const mutable = { enableConfigMapMutable: true, enableSecretMutable: true };
    expect(replacingFields(map(false), mutable)).not.toContain("data");
    expect(replacingFields(map(true), mutable)).toContain("data");
    expect(replacingFields(map(false), { ...mutable, enableConfigMapMutable: false })).toContain("data");
    const secret: Values = { apiVersion: "v1", kind: "Secret" };
    expect(replacingFields(secret, mutable)).toContain("type");
    expect(replacingFields(secret, mutable)).not.toContain("data");
  });
});

describe("managed fields", () => {
  const entry = (manager: string, operation: string, fieldsV1: Values): Values => ({
    manager,
    operation,
    fieldsV1,
  });
  const object = (...managedFields: Values[]): Values => ({
    metadata: { resourceVersion: "7", managedFields },
  });

  it("of the creator go to the resource's own manager, beside those it has", () => {
    const live = object(
      entry("mine", "Apply", { "f:data": { "f:a": {} } }),
      entry("pulumi-kubernetes", "Update", { "f:data": { ".": {}, "f:b": {} } }),
      entry("somebody", "Update", { "f:data": { "f:c": {} } }),
    );
    expect(takeOver(live, "mine")?.[0]).toMatchObject({
      value: [
        { manager: "somebody" },
        { manager: "mine", operation: "Apply", fieldsV1: { "f:data": { ".": {}, "f:a": {}, "f:b": {} } } },
      ],
    });
    expect(takeOver(object(entry("somebody", "Update", {})), "mine")).toBeUndefined();
  });

  it("that are ignored are sent as they are live, or not at all where somebody else alone has them", () => {
    const live = {
      ...object(entry("hpa", "Update", { "f:spec": { "f:replicas": {} } })),
      spec: { replicas: 5, paused: true },
    };
    const inputs: Values = { spec: { replicas: 1, paused: false } };
    expect(withIgnoredFields(inputs, live, ["spec.replicas", "spec.paused"], "mine")).toEqual({
      spec: { paused: true },
    });
  });
});

describe("a change of the provider's settings", () => {
  const config = (server: string, more: Values = {}): Values => ({
    kubeconfig: JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [{ name: "k", cluster: { server } }],
      users: [{ name: "u", user: { token: server } }],
    }),
    ...more,
  });
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

  it.each<[string, Values, Values, Values]>([
    ["nothing", config("a"), config("a"), {}],
    ["the cluster", config("a"), config("b"), { kubeconfig: "update-replace" }],
    ["a kubeconfig not known yet", config("a"), { kubeconfig: unknown }, { kubeconfig: "update-replace" }],
    [
      "the cluster under the same identifier",
      config("a", { clusterIdentifier: "i" }),
      config("b", { clusterIdentifier: "i" }),
      { kubeconfig: "update" },
    ],
    [
      "a kubeconfig not known yet under the same identifier",
      config("a", { clusterIdentifier: "i" }),
      { kubeconfig: unknown, clusterIdentifier: "i" },
      { kubeconfig: "update" },
    ],
    [
      "the identifier",
      config("a", { clusterIdentifier: "i" }),
      config("a", { clusterIdentifier: "j" }),
      { clusterIdentifier: "update-replace" },
    ],
    [
      "an identifier that is new",
      config("a"),
      config("a", { clusterIdentifier: "i" }),
      { clusterIdentifier: "add" },
    ],
    ["a flag", config("a"), config("a", { deleteUnreachable: "true" }), { deleteUnreachable: "add" }],
  ])("%s", (_, olds, news, expected) => expect(configDiff(olds, news)).toEqual(expected));
});

describe("a Helm release", () => {
  const live: ReleaseInfo = {
    name: "greeter",
    namespace: "edge",
    status: "deployed",
    revision: 1,
    manifest: "",
    values: { greeting: "hello", nested: { a: 1 } },
    chart: "greeter",
    version: "1.2.3",
    appVersion: "v9",
  };
  const inputs = (more: Values = {}) =>
    releaseInputs(
      {
        chart: "greeter",
        version: "1.2.3",
        name: "greeter",
        namespace: "edge",
        values: { ...live.values },
        ...more,
      },
      {},
      "auto",
      "default",
    );
  const state = releaseState(inputs(), live, inputs()["values"]);

  it("has a name, a namespace and a time limit where none is given", () => {
    const made = releaseInputs({ chart: "./c" }, {}, "release-1a2b", "kube-system");
    expect(made).toMatchObject({ name: "release-1a2b", namespace: "kube-system", timeout: defaultTimeout });
    expect(releaseInputs({ chart: "./c" }, { name: "old" }, "new", "default")).toMatchObject({ name: "old" });
    expect(releaseInputs({ chart: "./c", skipAwait: true }, {}, "n", "d")).toMatchObject({ timeout: 0 });
  });

  it("refuses what the stand-in does nothing of, and takes it where it says nothing", () => {
    expect(() => refuseLeftOut({ verify: true, postrender: "sh" })).toThrow(/postrender, verify/);
    expect(() => refuseLeftOut({ verify: false, keyring: "" })).not.toThrow();
  });

  it.each<[string, Values, Values]>([
    ["nothing", {}, {}],
    ["a value", { values: { greeting: "bye", nested: { a: 1 } } }, { "values.greeting": "update" }],
    ["a value less", { values: { nested: { a: 1 } } }, { "values.greeting": "delete" }],
    ["another version", { version: "1.2.4" }, { version: "update" }],
    ["another name", { name: "other" }, { name: "update-replace" }],
    ["another namespace", { namespace: "other" }, { namespace: "update-replace" }],
  ])("changes with %s", (_, more, expected) => {
    expect(releaseDiff(state, inputs(more), [])).toEqual(expected);
  });

  it("leaves values alone that only the cluster has, and shows those that somebody changed there", () => {
    const touched = { ...live, values: { ...live.values, extra: true } };
    expect(releaseDiff(releaseState(inputs(), touched, live.values), inputs(), [])).toEqual({});
    const changed = { ...live, values: { greeting: "who are you" } };
    expect(releaseDiff(releaseState(inputs(), changed, live.values), inputs(), [])).toEqual({
      "values.greeting": "update",
    });
  });

  it("keeps its version where changes of it are ignored", () => {
    expect(releaseDiff(state, inputs({ version: "2.0.0" }), ["version"])).toEqual({});
  });

  it("merges values key by key, and whatever is merged into nothing stays as it is", () => {
    expect(mergedMaps({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: 3 }, d: [2] })).toEqual({
      a: { b: 3, c: 2 },
      d: [2],
    });
    fc.assert(
      fc.property(tree, (values) => {
        expect(mergedMaps({}, values)).toEqual(values);
      }),
    );
  });

  it("names what it is made of by kind and version", () => {
    const manifest =
      "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: web, namespace: edge}\n---\n# nothing\n---\n" +
      "kind: ConfigMap\napiVersion: v1\nmetadata: {name: b}\n---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n";
    expect(resourceNames(manifest)).toEqual({
      "Deployment.apps/apps/v1": ["edge/web"],
      "ConfigMap/v1": ["a", "b"],
    });
  });

  it.each<[string, Values, string[]]>([
    ["a folder", { chart: "./charts/a" }, ["./charts/a"]],
    [
      "a registry",
      { chart: "oci://r.example/a", version: "1.0.0", repositoryOpts: { repo: "https://x" } },
      ["oci://r.example/a", "--version", "1.0.0"],
    ],
    [
      "a repository",
      { chart: "a", version: "1.0.0", repositoryOpts: { repo: "https://c.example" } },
      ["a", "--repo", "https://c.example", "--version", "1.0.0"],
    ],
    ["a repository by name", { chart: "a", repositoryOpts: { repo: "stable" } }, ["stable/a"]],
    ["versions under way", { chart: "./a", devel: true }, ["./a", "--version", ">0.0.0-0"]],
  ])("finds its chart in %s", (_, release, expected) => expect(chartArguments(release)).toEqual(expected));

  it("waits unless it is told not to", () => {
    expect(waitArguments({ timeout: 60, atomic: true })).toEqual(["--wait", "--atomic", "--timeout", "60s"]);
    expect(waitArguments({ skipAwait: true, waitForJobs: true })).toEqual(["--timeout", "300s"]);
  });

  it("gives Helm the provider's cluster and context", () => {
    const config = parseKubeconfig({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [
        { name: "k", cluster: { server: "https://a" } },
        { name: "l", cluster: { server: "https://b" } },
      ],
      users: [{ name: "u", user: { token: "t" } }],
    });
    const again = parseKubeconfig(kubeconfigText(config, { cluster: "l" }));
    expect(again.contexts["c"]).toEqual({ cluster: "l", user: "u" });
    expect({ ...again, contexts: {} }).toEqual({ ...config, contexts: {} });
  });
});
