import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
// `npm run plan` loads it for stacks on AWS by its file, which vitest cannot.
import "../../../aws";
import type { Plan } from "../../../plan/plan";
import { REGION, smallAws } from "../../support/awsInput";
import { cleanUp, newFolder } from "./folder";
import { fileOf, metalPlan, someSecrets } from "./support";

const PASSWORD = "session-password-of-rack1";

const settings = {
  metallb: {
    pools: { lan: { addresses: ["10.40.0.240-10.40.0.250"] } },
    bgp: {
      peers: [{ name: "rack1", address: "10.40.0.1", peerASN: 64512, myASN: 64513, password: "rack1" }],
    },
  },
  ingress: { kind: "ingress-nginx", defaultBackend: { enabled: true } },
  metricsServer: { enabled: true },
  tenants: undefined,
};

describe("the plan of add-ons", () => {
  let plan: Plan;
  beforeAll(async () => {
    plan = await metalPlan({ secrets: { ...someSecrets(), rack1: PASSWORD } }, settings);
  });

  const documents = (file: string) =>
    parseAllDocuments(fileOf(plan, file)).map((document) => document.toJS() as Record<string, unknown>);

  it("writes a release's chart, version, source and values, and the objects beside it", () => {
    const written = documents("manifests/metallb.yaml");
    expect(written).toContainEqual(
      expect.objectContaining({
        helmRelease: "metallb",
        chart: "metallb",
        version: "0.16.1",
        repository: "https://metallb.github.io/metallb",
        values: expect.objectContaining({ frrk8s: { enabled: true } }) as unknown,
      }),
    );
    expect(written.map((one) => one.kind)).toEqual(
      expect.arrayContaining(["Namespace", "Secret", "IPAddressPool", "BGPPeer", "BGPAdvertisement"]),
    );
  });

  it("writes the objects of typed add-ons, without advice for the provider", () => {
    const kinds = documents("manifests/ingress.yaml").map((one) => one.kind);
    expect(kinds).toEqual(expect.arrayContaining(["IngressClass", "Deployment", "Service", "ConfigMap"]));
    expect(JSON.stringify(documents("manifests/ingress.yaml"))).not.toContain("pulumi.com/");
    expect(documents("manifests/metrics-server.yaml").map((one) => one.kind)).toContain("APIService");
  });

  it("shows no password, and the advisory about ingress-nginx", () => {
    expect(JSON.stringify(plan)).not.toContain(PASSWORD);
    expect(JSON.stringify(plan.document)).toMatch(/frozen upstream at controller 1\.15\.1/);
  });
});

it("reads what people bring beside the configuration file", async () => {
  const folder = newFolder();
  fs.writeFileSync(
    path.join(folder, "web.yaml"),
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: brought}\n",
  );
  const brought = await metalPlan({ folder }, { manifests: ["web.yaml"] });
  cleanUp();
  expect(fileOf(brought, "manifests/extras.yaml")).toContain("name: brought");
});

describe("the plan of names on AWS", () => {
  it.each(["traefik", "ingress-nginx"])(
    "of %s has their records, whose balancer nobody knows yet",
    async (kind) => {
      const cluster = {
        ...smallAws(),
        ingress: {
          kind,
          expose: { type: "loadBalancer", sourceRanges: ["0.0.0.0/0"] },
          dns: { zoneId: "Z0123456789ABCDEF", names: ["shop.example.com", "*.example.com"] },
        },
      };
      const { resources } = (await metalPlan({ environment: "cloud", region: REGION, cluster })).document;
      const records = resources.filter((one) => one.type === "aws:route53/record:Record");
      expect(records.map(({ inputs }) => inputs.name).sort()).toEqual(["*.example.com", "shop.example.com"]);
      expect(records[0]?.inputs.aliases).toEqual([
        { evaluateTargetHealth: true, name: "[computed]", zoneId: "[computed]" },
      ]);
    },
  );
});
