/** Components used alone, by programs that no compiler has checked. */
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import * as aws from "../../aws";
import * as core from "../../index";
import { ClusterSettingsError } from "../../components/settingsError";
import type { Problem } from "../../model/settings/problems";
import { record } from "../../testing/recorder";
import { metalInput, metalSettings } from "../support/settings";

const library = { ...core, ...aws };

type AnyComponent = new (name: string, args?: unknown) => pulumi.ComponentResource;

/** What takes settings that are resolved. */
const PARTS = Object.entries<unknown>(library).filter((entry): entry is [string, AnyComponent] => {
  const [name, value] = entry;
  const other = ["Cluster", "Authority", "Pki", "GatewayApi", "IngressRules", "SmokeTest"];
  // These take their own arguments: test/component/addons/alone.test.ts, test/component/cni/alone.test.ts.
  other.push("CoreDns", "MetalLb", "Ingress", "MetricsServer");
  other.push("Flannel", "Weave", "Calico", "Cilium", "RouteReflectors");
  // test/component/tenants/alone.test.ts
  other.push("Tenant", "TenantRoles", "Access");
  // test/component/aws/network.test.ts
  other.push("Network");
  return isComponent(value) && !other.includes(name);
});

function isComponent(value: unknown): boolean {
  return typeof value === "function" && value.prototype instanceof pulumi.ComponentResource;
}

/** What is said of the arguments, and that no resource was registered before. */
async function problems(Part: unknown, args?: unknown): Promise<readonly Problem[]> {
  const made: string[] = [];
  const outputs = ({ name, type }: pulumi.runtime.MockResourceArgs) => {
    if (type !== "pulumi:pulumi:Stack") made.push(name);
    return {};
  };
  try {
    await record(() => new (Part as AnyComponent)("mine", args), {
      outputs,
      onWarning: () => undefined,
      allowEmpty: true,
    });
  } catch (error) {
    if (!(error instanceof ClusterSettingsError)) throw error;
    expect(made).toEqual([]);
    expect(error.message).toMatch(/^\d+ problems? in the settings of /);
    return error.problems;
  }
  return [];
}

const pathsOf = async (Part: unknown, args?: unknown) => (await problems(Part, args)).map(({ path }) => path);

it("the list of components is the library's", () => {
  expect(PARTS.length).toBeGreaterThanOrEqual(15);
});

describe.each(PARTS)("%s", (_, Part) => {
  it("says what is missing where nothing is given", async () => {
    expect(await pathsOf(Part)).toContain("settings");
  });

  it("takes no settings as they are written, and says what is wrong with those", async () => {
    const { machines } = metalInput();
    const found = await pathsOf(Part, { settings: { machines, cni: { kind: "flanel" } } });
    expect(found).toEqual(expect.arrayContaining(["settings", "settings.cni.kind"]));
  });
});

describe("settings of another kind", () => {
  const onMetal = { settings: metalSettings(), secrets: {}, nodes: [], controlPlaneFiles: [] };

  it.each(["Firewall", "PodIdentity", "Secrets"] as const)("%s is for AWS", async (name) => {
    const args = { ...onMetal, vpcId: "vpc", serviceAccountKey: "key" };
    expect(await problems(library[name], args)).toMatchObject([
      { path: "settings.platform", allowed: "aws" },
    ]);
  });
});

describe("names that the settings do not have", () => {
  const steps = {
    settings: metalSettings(),
    sshKeys: {},
    clusterId: "id",
    controlPlaneFiles: [],
    after: [],
    controlPlaneNodes: [],
  };

  it("are refused as a pool's, which would be made without machines", async () => {
    const [problem] = await problems(library.WorkerPool, { ...steps, pool: "nope" });
    expect(problem).toMatchObject({ path: "pool", value: '"nope"', allowed: "general" });
  });
});

it("IngressRules say what is wrong with each rule", async () => {
  expect(await pathsOf(library.IngressRules, {})).toEqual(["namespace"]);
  expect(await pathsOf(library.IngressRules, { namespace: "shop" })).toEqual(["hosts"]);
  const hosts = { "shop.example.com": { paths: { "/": { service: "web" } } } };
  expect(await pathsOf(library.IngressRules, { namespace: "shop", hosts })).toEqual([
    'hosts["shop.example.com"].paths["/"].port',
  ]);
});

it("a release is of a chart that the library knows", async () => {
  const release = (args: unknown) =>
    function () {
      library.helmRelease("mine", args as core.HelmReleaseArgs);
    };
  const given = { namespace: "shop", values: {} };
  expect(await pathsOf(release({ ...given, chart: "nope" }))).toEqual(["chart"]);
});

describe("a Cluster", () => {
  it("without arguments reports what settings need", async () => {
    expect(await pathsOf(library.Cluster)).toContain("machines");
  });

  it("takes no secrets that are no mapping, and shows none of them", async () => {
    for (const secrets of ["the key", ["the key"]])
      expect(await problems(library.Cluster, { settings: metalInput(), secrets })).toMatchObject([
        { path: "secrets", value: "[hidden]" },
      ]);
  });

  it("names every output among its settings but for what may be one", async () => {
    const machines = { cp1: { role: pulumi.output("controlPlane"), host: pulumi.output("192.0.2.1") } };
    const settings = { network: Promise.resolve({}), machines };
    expect(await problems(library.Cluster, { settings })).toMatchObject([
      { path: "network", value: "a promise" },
      { path: "machines.cp1.role", value: "an output" },
    ]);
  });
});

it("a Pki is protected unless it says otherwise, and Authority wants a name", async () => {
  const resources = await record(() => new library.Pki("pki"), { preview: true });
  const keys = resources.filter(({ name }) => /-(ca-key|service-account|encryption)$/.test(name));
  expect(keys.map(({ protect }) => protect)).toEqual([true, true, true, true, true]);
  expect(await pathsOf(library.Authority, {})).toEqual(["commonName"]);
});
