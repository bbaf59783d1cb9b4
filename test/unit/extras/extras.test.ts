import fc from "fast-check";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../model/kubernetes";
import { placeStaticPods } from "../../../model/lifecycle/staticPods";
import { prelude, STATE_DIR } from "../../../model/node/shell";
import { inOrder } from "../../../model/extras/order";
import { identityOf, readObjects } from "../../../model/extras/read";
import { STATIC_POD_PREFIX, STATIC_PODS_DIR } from "../../../model/extras/staticPods";
import { chartValues } from "../../../model/extras/values";
import { readCluster } from "../../../model/settings/parse";
import { filesOf } from "../../support/projectFiles";
import { metalInput, metalSettings } from "../../support/settings";
import { filesOfNode } from "../../support/fromSettings";

const object = (kind: string, name: string, namespace?: string, apiVersion = "v1"): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

describe("manifests are read", () => {
  it("from a file, a folder and the settings, with the line each object begins at", () => {
    const files = filesOf({
      "apps/a.yaml":
        "# one\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n",
      "apps/deep/c.json": '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}',
      "apps/README.md": "no manifest",
    });
    const { objects, problems } = readObjects(["./apps/", object("ConfigMap", "d")], files);
    expect(problems).toEqual([]);
    expect(objects.map(({ source, object: { metadata } }) => `${metadata.name} ${source}`)).toEqual([
      "a apps/a.yaml:2",
      "b apps/a.yaml:8",
      "c apps/deep/c.json:1",
      "d manifests[1]",
    ]);
  });

  it("out of lists, and with merge keys", () => {
    const text =
      "kind: List\napiVersion: v1\nitems:\n- &first {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {<<: *first, metadata: {name: b}}\n";
    const { objects } = readObjects(["a.yaml"], filesOf({ "a.yaml": text }));
    expect(objects.map(({ object: one }) => `${one.kind} ${one.metadata.name}`)).toEqual([
      "ConfigMap a",
      "ConfigMap b",
    ]);
  });

  it("and one of another version is the same object", () => {
    const { problems } = readObjects(
      [object("Shop", "a", "web", "example.com/v1"), object("Shop", "a", "web", "example.com/v2")],
      undefined,
    );
    expect(problems.map((problem) => problem.index)).toEqual([1]);
  });

  it("and a Secret among them is an advisory that says where", () => {
    const files = filesOf({
      "s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: hushed}\n",
    });
    const { advisories } = readCluster(
      { ...metalInput(), manifests: ["s.yaml"] },
      { environment: "metal", files },
    );
    const about = advisories.filter((advisory) => advisory.includes("s.yaml:1"));
    expect(about).toHaveLength(1);
    expect(about[0]).not.toContain("hushed");
  });
});

describe("the order of objects", () => {
  const definition = (kind: string): KubernetesObject => ({
    ...object(
      "CustomResourceDefinition",
      `${kind.toLowerCase()}s.example.com`,
      undefined,
      "apiextensions.k8s.io/v1",
    ),
    spec: { group: "example.com", names: { kind } },
  });
  const all = [
    object("Namespace", "web"),
    definition("Shop"),
    object("ConfigMap", "a", "web"),
    object("Deployment", "d", "web", "apps/v1"),
    object("Shop", "s", "web", "example.com/v1"),
    object("ConfigMap", "b"),
  ];

  it("is one in which all that an object needs came before it, however they were written", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
        const ordered = inOrder(shuffled.map((one) => ({ object: one })));
        ordered.forEach(({ after }, index) => expect(after.every((place) => place < index)).toBe(true));
        const needs = (name: string) => {
          const found = ordered.find(({ item }) => item.object.metadata.name === name);
          return found?.after.map((place) => ordered[place]?.item.object.metadata.name).sort();
        };
        expect(needs("s")).toEqual(expect.arrayContaining(["shops.example.com", "web"]));
        expect(needs("a")).toEqual(["web"]);
        expect(needs("d")).toEqual(["a", "b", "web"]);
        expect(new Set(ordered.map(({ item }) => identityOf(item.object))).size).toBe(all.length);
      }),
    );
  });
});

describe("values of a chart", () => {
  it("hold the secrets at their places, and are left alone otherwise", () => {
    const values = { auth: { user: "shop" }, replicas: 2 };
    expect(chartValues(values, { "auth.password": "hushed", "tls.key": "k" })).toEqual({
      auth: { user: "shop", password: "hushed" },
      replicas: 2,
      tls: { key: "k" },
    });
    expect(values).toEqual({ auth: { user: "shop" }, replicas: 2 });
  });
});

describe("static pods", () => {
  const pod = { ...object("Pod", "agent"), spec: { containers: [{ name: "agent", image: "agent:1" }] } };
  const settings = metalSettings({ staticPods: { agent: { pod, on: ["controlPlane"] } } });
  const filesOn = (name: string) => {
    const machine = settings.machines.find((one) => one.name === name);
    if (machine === undefined) throw new Error(name);
    return filesOfNode(settings, machine).filter((file) => file.path.startsWith(STATIC_POD_PREFIX));
  };

  it("are files of the machines they are for, and of no other", () => {
    expect(filesOn("cp1").map((file) => file.path)).toEqual([`${STATIC_POD_PREFIX}agent.yaml`]);
    expect(filesOn("cp1")[0]?.content).toContain("namespace: kube-system");
    expect(filesOn("w1")).toEqual([]);
  });

  it("are placed whole, replaced where they changed, and taken away, and kubeadm's are left alone", () => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "static-pods-"));
    const inside = (name: string) => path.join(root, "manifests", name);
    const run = (files: ReturnType<typeof filesOn>) => {
      const script = `${prelude()}${placeStaticPods(files)}`
        .replaceAll(STATIC_PODS_DIR, path.join(root, "manifests"))
        .replaceAll(STATE_DIR, path.join(root, "state"));
      execFileSync("bash", ["-s"], { input: script });
      return fs.readdirSync(path.join(root, "manifests")).sort();
    };
    try {
      fs.mkdirSync(path.join(root, "manifests"));
      fs.writeFileSync(inside("etcd.yaml"), "kubeadm's");
      const files = filesOn("cp1");
      expect(run(files)).toEqual(["etcd.yaml", "pulumi-kubeadm-agent.yaml"]);
      const { mtimeMs, ino } = fs.statSync(inside("pulumi-kubeadm-agent.yaml"));
      expect(run(files)).toEqual(["etcd.yaml", "pulumi-kubeadm-agent.yaml"]);
      const again = fs.statSync(inside("pulumi-kubeadm-agent.yaml"));
      expect([again.mtimeMs, again.ino]).toEqual([mtimeMs, ino]);
      run(files.map((file) => ({ ...file, content: "kind: Pod\n" })));
      expect(fs.readFileSync(inside("pulumi-kubeadm-agent.yaml"), "utf8")).toBe("kind: Pod\n");
      expect(run([])).toEqual(["etcd.yaml"]);
    } finally {
      fs.rmSync(root, { recursive: true, force: true });
    }
  });
});
