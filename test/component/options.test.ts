/** Resource options of a component reach what it is made of, as Pulumi's users expect: for everything that is exported. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as aws from "@pulumi/aws";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import "../../aws";
import { Cluster, type ClusterInput } from "../../index";
import { readStackConfig } from "../../model/settings/yaml";
import { byName, record, type Recorded } from "../../testing/recorder";
import { COMPONENTS, EXPORTED, type Exported } from "./exported";
import { filesOf } from "../support/projectFiles";

const root = path.resolve(__dirname, "../..");
const files = filesOf({
  "apps/web.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, namespace: default }",
});

/** A cluster of one of the repository's environments. */
function environment(name: string, more: object = {}): Exported["make"] {
  const config = readStackConfig(fs.readFileSync(path.join(root, `Pulumi.${name}.yaml`)));
  const settings = { ...(config["kubeadm:cluster"] as object), ...more } as ClusterInput;
  return (called, opts) =>
    new Cluster(called, { settings, environment: name, region: "eu-central-1", files }, opts);
}

const calico = {
  kind: "calico",
  backend: "bgp",
  nodeToNodeMesh: false,
  routeReflectors: { nodeSelector: { disk: "ssd" } },
};

/** Makers of everything that is exported, and of clusters with all that they may hold. */
const TABLE: Readonly<Record<string, Exported["make"]>> = {
  ...Object.fromEntries(Object.entries(EXPORTED).map(([name, { make }]) => [name, make])),
  "Cluster with everything": environment("metal", {
    cni: calico,
    tenants: { shop: {} },
    roles: [{ group: "platform", role: "view", source: "certificate" }],
    manifests: ["apps"],
    gatewayApi: { enabled: true },
    metricsServer: { enabled: true },
  }),
  "Cluster on AWS": environment("prod"),
  "Cluster on AWS with one node": environment("dev", { protect: true }),
};

interface Run {
  readonly all: readonly Recorded[];
  /** The component's own and everything below it. */
  readonly below: readonly Recorded[];
  /** Names that the transform of the component saw. */
  readonly transformed: ReadonlySet<string>;
}

const runs = new Map<string, Promise<Run>>();

function runOf(name: string): Promise<Run> {
  const found = runs.get(name) ?? run(TABLE[name]);
  runs.set(name, found);
  return found;
}

async function run(make: Exported["make"]): Promise<Run> {
  const transformed = new Set<string>();
  const program = () => {
    const theirs = new k8s.Provider("kubernetes", { kubeconfig: "{}" });
    const account = new aws.Provider("account", { region: "eu-central-1" });
    const first = new k8s.core.v1.Namespace("first", {}, { provider: theirs });
    make("root", {
      parent: new pulumi.ComponentResource("theirs:index:Platform", "platform"),
      providers: [theirs, account],
      dependsOn: [first],
      protect: true,
      aliases: [{ name: "former" }],
      transforms: [
        ({ name }) => {
          transformed.add(name);
          return undefined;
        },
      ],
    });
  };
  const all = await record(program, {
    preview: true,
    call: () => ({ insecureValue: pulumi.unknown, id: pulumi.unknown }),
    onWarning: () => undefined,
  });
  const within = new Set<string>([byName(all, "root").urn]);
  for (const one of all) if (within.has(one.parent)) within.add(one.urn);
  return { all, below: all.filter(({ urn }) => within.has(urn)), transformed };
}

const namesOf = (resources: readonly Recorded[]) => resources.map(({ name }) => name);

it("a transform sets what Pulumi hands down to no child, such as ignoreChanges", async () => {
  const all = await record(() =>
    EXPORTED["MetricsServer"].make("root", {
      transforms: [
        ({ type, props, opts }) =>
          type === "kubernetes:apps/v1:Deployment"
            ? { props, opts: { ...opts, ignoreChanges: ["spec.replicas"] } }
            : undefined,
      ],
    }),
  );
  const ignoring = all.filter(({ ignoreChanges }) => ignoreChanges.includes("spec.replicas"));
  expect(ignoring.map(({ name }) => name)).toEqual(["root-deployment-metrics-server"]);
});

it("the table has every component that is exported", () => {
  expect(Object.keys(TABLE)).toEqual(expect.arrayContaining(COMPONENTS.map(([name]) => name)));
});

describe.each(Object.keys(TABLE))("%s", (name) => {
  it("holds something, below the parent that it was given", async () => {
    const { all, below } = await runOf(name);
    expect(below.length).toBeGreaterThan(1);
    expect(byName(all, "root").parent).toBe(byName(all, "platform").urn);
  });

  it("hands transforms and protect down to all it holds", async () => {
    const { below, transformed } = await runOf(name);
    expect(namesOf(below.filter((one) => !transformed.has(one.name)))).toEqual([]);
    expect(namesOf(below.filter((one) => !one.protect))).toEqual([]);
  });

  it("has its alias, which the engine hands down to what is named after it", async () => {
    const { all, below } = await runOf(name);
    expect(byName(all, "root").aliases).toBe(1);
    // pulumi, pkg/resource/deploy/step_generator.go (generateAliases): the parent's name is the child's prefix.
    const names = new Map(below.map(({ urn, name: called }) => [urn, called]));
    const strangers = below.filter(({ name: called, parent }) => !called.startsWith(names.get(parent) ?? ""));
    expect(namesOf(strangers)).toEqual([]);
  });

  it("makes what it holds by the providers that it was given", async () => {
    const { all, below } = await runOf(name);
    const own = below.find((one) => one.type === "pulumi:providers:kubernetes") ?? byName(all, "kubernetes");
    const by = new Map([
      ["kubernetes", own.urn],
      ["aws", byName(all, "account").urn],
    ]);
    const wrong = below.filter(({ type, custom, provider }) => {
      const expected = by.get(type.split(":")[0] ?? "");
      return custom && expected !== undefined && !provider.startsWith(`${expected}::`);
    });
    expect(wrong.map((one) => `${one.name} by ${one.provider}`)).toEqual([]);
  });

  it("comes, with all it holds, after what it depends on", async () => {
    const { all, below } = await runOf(name);
    const first = all.indexOf(byName(all, "first"));
    expect(byName(all, "root").dependsOn).toContain(all[first].urn);
    expect(namesOf(below.filter((one) => all.indexOf(one) < first))).toEqual([]);
  });
});
