/** Tenants and people's roles by themselves, on a cluster that something else has made. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Access, Pki, Tenant, TenantRoles } from "../../../index";
import { byName, record, type Recorded } from "../../../testing/recorder";
import { pathsOf } from "../problems";
import { made as outputs } from "../providers";

const made = (program: (provider: k8s.Provider) => void): Promise<readonly Recorded[]> =>
  record(() => program(new k8s.Provider("theirs", { kubeconfig: "{}" })), { outputs });

const KUBECONFIG = "clusters: [{ name: theirs, cluster: { server: https://10.0.0.10:6443 } }]";

describe("Tenant", () => {
  it("is a namespace of the component's name, with quota and policy, and no kubeconfig where nobody signs it", async () => {
    let tenant: Tenant | undefined;
    const all = await made((provider) => {
      tenant = new Tenant("shop", { quota: { cpu: "2", pods: 10 } }, { provider });
    });
    expect(byName(all, "shop-namespace-shop").inputs.metadata).toMatchObject({ name: "shop" });
    expect(byName(all, "shop-resource-quota-tenant").inputs.spec).toMatchObject({ hard: { pods: "10" } });
    expect(JSON.stringify(byName(all, "shop-network-policy-tenant").inputs)).toContain("10.96.0.10/32");
    expect(all.filter(({ type }) => type.startsWith("tls:"))).toEqual([]);
    expect(tenant?.kubeconfig).toBeUndefined();
  });

  it("has a kubeconfig of the cluster where an authority signs it", async () => {
    let kubeconfig: pulumi.Output<string> | undefined;
    const text = await new Promise<string>((resolve, reject) => {
      made((provider) => {
        const { cluster } = new Pki("pki");
        const args = { tenant: "shop", authority: cluster, kubeconfig: KUBECONFIG };
        ({ kubeconfig } = new Tenant("team-shop", args, { provider }));
        kubeconfig?.apply(resolve);
      }).catch(reject);
    });
    expect(parse(text)).toMatchObject({
      "current-context": "theirs-shop",
      contexts: [{ context: { namespace: "shop" } }],
    });
  });

  it("opens to control-plane nodes whose addresses another resource makes", async () => {
    const network = { egress: [{ kubernetesApi: true }] } as never;
    const controlPlane = [pulumi.output(Promise.resolve("10.7.0.9"))];
    const all = await made(
      (provider) =>
        new Tenant("shop", { network, cluster: { controlPlane, serviceCidr: "10.43.0.0/16" } }, { provider }),
    );
    const policy = JSON.stringify(byName(all, "shop-network-policy-tenant").inputs);
    expect(policy).toContain("10.7.0.9/32");
    expect(policy).toContain("10.43.0.1/32");
  });

  it("reports everything wrong at once, by the path in its arguments", async () => {
    const args = {
      quota: { cpus: 4 },
      members: [{ group: "shop", role: "admin" }],
      network: { egress: [{ cidr: "10.96.1.0/24" }] },
      cluster: { serviceCidr: "10.96.0.0/16" },
      settings: {},
    };
    expect(await pathsOf(() => new Tenant("shop", args as never))).toEqual([
      "members[0].group",
      "network.egress[0].cidr",
      "quota.cpus",
      "settings",
    ]);
    expect(await pathsOf(() => new Tenant("kube-shop", {}))).toEqual(["tenant"]);
    expect(await pathsOf(() => new Tenant("shop", { credentials: {} }))).toEqual(["credentials"]);
  });

  it("does not open to all where the API's nodes or the ingress controller are not known", async () => {
    const network = { ingress: [{ ingressController: true }], egress: [{ kubernetesApi: true }] } as never;
    expect(await pathsOf(() => new Tenant("shop", { network }))).toEqual([
      "network.ingress[0].ingressController",
    ]);
    const api = { egress: [{ kubernetesApi: true }] } as never;
    expect(await pathsOf(() => new Tenant("shop", { network: api }))).toEqual([
      "network.egress[0].kubernetesApi",
    ]);
  });

  it("refuses an output where it determines which objects exist", async () => {
    const quota = pulumi.output({ cpu: "2" }) as never;
    expect(await pathsOf(() => new Tenant("shop", { quota }))).toEqual(["quota"]);
  });
});

describe("TenantRoles", () => {
  it("are what admission refuses to the tenants that it names", async () => {
    const tenants = { shop: { hosts: ["shop.example.com"] }, web: {} };
    const all = await made((provider) => new TenantRoles("roles", { tenants }, { provider }));
    const reserved = all.find(({ name }) => name.endsWith("policy-pulumi-kubeadm-tenants-reserved-hosts"));
    expect(JSON.stringify(reserved?.inputs)).toContain("shop.example.com");
    const twice = { shop: { hosts: ["a.example.com"] }, web: { hosts: ["a.example.com"] } };
    expect(await pathsOf(() => new TenantRoles("roles", { tenants: twice }))).toEqual([
      "tenants.web.hosts[0]",
    ]);
  });
});

describe("Access", () => {
  it("binds people's roles, of an issuer or of certificates", async () => {
    const roles = [
      { group: "platform", role: "cluster-admin", source: "certificate" },
      { user: "ann", role: "view" },
    ] as const;
    const oidc = { issuerUrl: "https://login.example.com", clientId: "kubernetes" };
    const all = await made((provider) => new Access("people", { roles: [...roles], oidc }, { provider }));
    expect(JSON.stringify(all.map(({ inputs }) => inputs))).toContain("https://login.example.com#ann");
    expect(
      await pathsOf(() => new Access("people", { roles: [{ user: "ann", role: "owner" }] } as never)),
    ).toEqual(["roles[0].role", "roles[0].user"]);
  });
});
