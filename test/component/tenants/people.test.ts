import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Cluster, type ClusterArgs } from "../../../components/cluster";
import { byName, record, type Recorded } from "../../../testing/recorder";
import { filesOf } from "../../support/projectFiles";
import { metalInput } from "../../support/settings";
import { KEY, made } from "../providers";

const files = filesOf({
  "apps/web.yaml": [
    "apiVersion: example.com/v1\nkind: Shop\nmetadata: {name: first, namespace: web}\nspec: {size: 3}",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: web}\nspec: {replicas: 1}",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: web, namespace: web}\nstringData: {password: hushed}",
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}",
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: shops.example.com}\n" +
      "spec: {group: example.com, scope: Namespaced, names: {kind: Shop, plural: shops}, versions: []}",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: boards, namespace: monitoring}",
    "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: strip, namespace: web}\nspec: {}",
  ].join("\n---\n"),
  "charts/cost/Chart.yaml": "name: cost",
});

const extra = {
  cni: { kind: "flannel", podCidr: "10.244.0.0/16", networkPolicy: "kube-network-policies" },
  oidc: {
    issuerUrl: "https://login.example.com",
    clientId: "kubernetes",
    groupsClaim: "groups",
    groupsPrefix: "oidc:",
  },
  tenants: {
    shop: {
      quota: { cpu: "4", pods: 20 },
      members: [{ group: "shop", role: "admin" }],
      credentials: { validityHours: 48 },
    },
    guests: { credentials: { enabled: false }, protect: false },
  },
  roles: [
    { group: "platform", role: "cluster-admin" },
    { user: "ann", role: "view", namespaces: ["shop"] },
  ],
  manifests: ["apps"],
  charts: {
    cost: { folder: "charts/cost", namespace: "web", values: { a: 1 }, secretValues: { "auth.key": "cost" } },
    alerts: { folder: "charts/cost", namespace: "monitoring" },
    metrics: { folder: "charts/cost", namespace: "monitoring", createNamespace: true },
  },
};

interface Known {
  isSecret: Promise<boolean>;
  promise(): Promise<unknown>;
}
const known = (output: pulumi.Output<unknown> | undefined) => output as unknown as Known;

let resources: readonly Recorded[];
let cluster: Cluster;
beforeAll(async () => {
  const settings = { ...metalInput(), ...extra } as unknown as ClusterArgs["settings"];
  const secrets = { operator: pulumi.output(`${KEY}operator`), cost: pulumi.output("chart secret") };
  resources = await record(
    () => {
      cluster = new Cluster("metal", { settings, secrets, environment: "metal", files });
    },
    { outputs: made, onWarning: () => undefined },
  );
});

const named = (name: string) => byName(resources, name);
const childrenOf = (name: string) => resources.filter((one) => one.parent === named(name).urn);

describe("a tenant", () => {
  it("is a namespace that is protected, and all else in it comes after", () => {
    const namespace = named("metal-tenant-shop-namespace-shop");
    expect(namespace.protect).toBe(true);
    expect(named("metal-tenant-guests-namespace-guests").protect).toBe(false);
    const others = childrenOf("metal-tenant-shop").filter(
      (one) => one.type.startsWith("kubernetes:") && one !== namespace,
    );
    expect(others.map((one) => one.name).sort()).toEqual([
      "metal-tenant-shop-limit-range-tenant",
      "metal-tenant-shop-network-policy-tenant",
      "metal-tenant-shop-resource-quota-tenant",
      "metal-tenant-shop-role-binding-tenant-admin",
      "metal-tenant-shop-role-binding-tenant-edit",
      "metal-tenant-shop-role-binding-tenant-view",
    ]);
    for (const one of others) expect(one.dependsOn).toContain(namespace.urn);
  });

  it("has typed objects with the cluster's provider, which end with the cluster", () => {
    const quota = named("metal-tenant-shop-resource-quota-tenant");
    expect(quota.type).toBe("kubernetes:core/v1:ResourceQuota");
    expect(quota.provider).toContain(named("metal-kubernetes").urn);
    expect(quota.deletedWith).toBe(named("metal-control-plane-init").urn);
  });

  it("gets its own certificate hours in its own group, from the cluster's authority", () => {
    expect(named("metal-tenant-shop-request").inputs.subject).toEqual({
      commonName: "tenant:shop",
      organization: "tenant:shop",
    });
    const certificate = named("metal-tenant-shop-certificate");
    expect(certificate.inputs).toMatchObject({ validityPeriodHours: 48, earlyRenewalHours: 16 });
    expect(pulumi.runtime.isRpcSecret(certificate.inputs.caPrivateKeyPem)).toBe(true);
    expect(pulumi.runtime.isRpcSecret(named("metal-tenant-shop-request").inputs.privateKeyPem)).toBe(true);
  });

  it("has a kubeconfig that is secret, with its own key and namespace and nothing of the administrator's", async () => {
    const output = known(cluster.tenants["shop"]?.kubeconfig);
    expect(await output.isSecret).toBe(true);
    const text = String(await output.promise());
    const config = parse(text) as {
      users: { user: Record<string, string> }[];
      contexts: { context: { namespace: string } }[];
    };
    const key = Buffer.from(config.users[0]?.user["client-key-data"] ?? "", "base64").toString();
    expect(key).toBe(`${KEY}metal-tenant-shop-key`);
    expect(config.contexts[0]?.context.namespace).toBe("shop");
    expect(text).not.toContain(Buffer.from(`${KEY}metal-pki-admin-key`).toString("base64"));
  });

  it("has none where the settings say so", () => {
    expect(cluster.tenants["guests"]?.kubeconfig).toBeUndefined();
    expect(childrenOf("metal-tenant-guests").filter((one) => one.type.startsWith("tls:"))).toEqual([]);
  });

  it("comes after the roles that its bindings name", () => {
    const role = named("metal-tenant-roles-cluster-role-pulumi-kubeadm-tenant-edit");
    expect(named("metal-tenant-shop").dependsOn).toContain(role.urn);
  });
});

describe("roles of people", () => {
  it("bind the issuer's names with their prefixes", () => {
    const everywhere = named("metal-access-cluster-role-binding-pulumi-kubeadm-people-cluster-admin");
    expect(everywhere.inputs.subjects).toEqual([
      { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "oidc:platform" },
    ]);
    const inside = named("metal-access-role-binding-shop-pulumi-kubeadm-people-view");
    expect(inside.inputs.subjects).toEqual([
      { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "https://login.example.com#ann" },
    ]);
    expect(named("metal-access").dependsOn).toContain(named("metal-tenant-shop-namespace-shop").urn);
  });

  it("log in by a kubeconfig that holds no credentials and is no secret", async () => {
    const output = known(cluster.oidcKubeconfig);
    expect(await output.isSecret).toBe(false);
    const text = String(await output.promise());
    expect(text).toContain("--oidc-issuer-url=https://login.example.com");
    expect(text).not.toMatch(/client-key-data|client-certificate-data/);
  });
});

describe("what people bring", () => {
  const own = "metal-extras";

  it("is typed where the kind is known, a custom resource else", () => {
    expect(named(`${own}-deployment-web-web`).type).toBe("kubernetes:apps/v1:Deployment");
    expect(named(`${own}-shop.example.com-web-first`).type).toBe("kubernetes:example.com/v1:Shop");
  });

  it("comes in order: namespace, definition, chart, and then what needs them", () => {
    const definition = named(`${own}-custom-resource-definition-shops.example.com`);
    const chart = named(`${own}-chart-cost`);
    expect(named(`${own}-shop.example.com-web-first`).dependsOn).toContain(definition.urn);
    expect(chart.dependsOn).toContain(named(`${own}-namespace-web`).urn);
    expect(named(`${own}-middleware.traefik.io-web-strip`).dependsOn).toContain(chart.urn);
    expect(named(`${own}-shop.example.com-web-first`).dependsOn).not.toContain(chart.urn);
    expect(named(`${own}-deployment-web-web`).dependsOn).toContain(named(`${own}-secret-web-web`).urn);
  });

  it("comes after the chart that makes its namespace", () => {
    const maker = named(`${own}-chart-metrics`);
    expect(named(`${own}-chart-alerts`).dependsOn).toContain(maker.urn);
    expect(named(`${own}-config-map-monitoring-boards`).dependsOn).toContain(maker.urn);
    expect(maker.dependsOn).not.toContain(named(`${own}-chart-alerts`).urn);
  });

  it("hides what a Secret and a chart's secret values hold", () => {
    expect(pulumi.runtime.isRpcSecret(named(`${own}-secret-web-web`).inputs.stringData)).toBe(true);
    expect(pulumi.runtime.isRpcSecret(named(`${own}-chart-cost`).inputs.values)).toBe(true);
  });
});
