/**
 * A tenant and people's own things through the real engine, judged by a real API server and its controllers: quota, limits,
 * Pod Security, and what the team's own certificate may do. What runs in pods is the lab's to show.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Authority } from "../../components/pki/authority";
import { createPeople } from "../../components/tenants";
import type { ClusterSettings } from "../../model/settings/resolved";
import { TENANT_REFUSALS } from "../../model/tenants/settings";
import { metalSettings } from "../support/settings";
import { ensureTool } from "../support/toolchain";
import { startApiServer, type ApiServer } from "./apiServer";
import { describeWithEngine } from "./available";
import { createEngineStack, type EngineStack } from "./harness";

const shops = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "shops.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { kind: "Shop", plural: "shops", singular: "shop" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
          },
        },
      },
    ],
  },
};

const settings = (change: object = {}): ClusterSettings =>
  metalSettings({
    cni: { kind: "flannel", podCidr: "10.244.0.0/16", networkPolicy: "kube-network-policies" },
    tenants: {
      shop: {
        quota: { pods: 2, cpu: "1", limits: { cpu: "2" } },
        members: [{ serviceAccount: "guests/bot", role: "view" }],
        credentials: { role: "admin" },
        network: {
          egress: [{ internet: true, ports: [443, { port: 8000, endPort: 8010 }] }, { kubernetesApi: true }],
        },
        protect: false,
      },
      guests: { protect: false, credentials: { role: "view" } },
      pay: {
        protect: false,
        hosts: ["pay.example.com", "*.pay.example.com"],
        priorityClasses: ["batch", "system-cluster-critical"],
      },
      trusted: {
        protect: false,
        allow: TENANT_REFUSALS.filter((word) => word !== "externalIPs"),
      },
    },
    roles: [{ user: "ann", source: "certificate", role: "view", namespaces: ["shop"] }],
    manifests: [
      {
        apiVersion: "example.com/v1",
        kind: "Shop",
        metadata: { name: "first", namespace: "web" },
        spec: { size: 3 },
      },
      shops,
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "web" } },
    ],
    ...change,
  });

const pod = (name: string, container: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "web",
        image: "web:1",
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        ...container,
      },
    ],
  },
});

describeWithEngine("tenants", () => {
  let api: ApiServer;
  let engine: EngineStack;
  let kubectl: string;
  let folder: string;
  let current = settings();

  const program = () => {
    const provider = new k8s.Provider("cluster", {
      kubeconfig: api.kubeconfig,
      enableServerSideApply: true,
      upsertExistingObjects: true,
    });
    const authority = new Authority("ca", { commonName: "kubernetes", protect: false });
    const people = createPeople(
      "t",
      { settings: current, authority, kubeconfig: pulumi.secret(api.kubeconfig), secrets: {} },
      { provider },
    );
    const kubeconfigs = Object.entries(people.tenants).map(
      ([name, tenant]) => [name, tenant.kubeconfig] as const,
    );
    return Promise.resolve({
      ca: authority.certificate,
      kubeconfigs: pulumi.output(Object.fromEntries(kubeconfigs)),
    });
  };

  beforeAll(async () => {
    kubectl = await ensureTool("kubectl");
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "pulumi-kubeadm-tenants-"));
    api = await startApiServer();
    engine = await createEngineStack({ projectName: "tenants", stackName: "tenants", program });
    await engine.up();
    const outputs = await engine.stack.outputs();
    expect(outputs["kubeconfigs"]?.secret).toBe(true);
    const texts = outputs["kubeconfigs"]?.value as Record<string, string>;
    for (const [name, text] of Object.entries(texts))
      fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    // The cluster's authority made this API server's clients' in a real one; here it is one more that is trusted.
    await api.suspend();
    const bundle = path.join(path.dirname(api.kubeconfigFile), "ca.pem");
    fs.appendFileSync(bundle, `\n${String(outputs["ca"]?.value)}`);
    await api.resume();
  });
  afterAll(async () => {
    await engine?.close();
    await api?.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  function as(tenant: string, args: readonly string[], input?: object) {
    return spawnSync(kubectl, [...args], {
      encoding: "utf8",
      env: { ...process.env, KUBECONFIG: path.join(folder, tenant) },
      input: input === undefined ? "" : JSON.stringify(input),
    });
  }
  const admin = (...args: string[]) =>
    execFileSync(kubectl, ["--kubeconfig", api.kubeconfigFile, ...args], { encoding: "utf8" });

  it("a second preview is empty", async () => {
    expect((await engine.preview()).changed).toEqual([]);
  });

  it.each([
    ["shop", ["create", "deployments.apps"], "yes"],
    ["shop", ["get", "secrets"], "yes"],
    ["shop", ["create", "pods", "--subresource=exec"], "yes"],
    ["shop", ["create", "rolebindings.rbac.authorization.k8s.io"], "yes"],
    ["shop", ["get", "resourcequotas"], "yes"],
    ["shop", ["create", "networkpolicies.networking.k8s.io"], "no"],
    ["shop", ["update", "resourcequotas"], "no"],
    ["shop", ["patch", "limitranges"], "no"],
    ["shop", ["patch", "namespaces/shop"], "no"],
    ["shop", ["get", "pods", "-n", "guests"], "no"],
    ["shop", ["create", "clusterrolebindings.rbac.authorization.k8s.io"], "no"],
    ["guests", ["get", "pods"], "yes"],
    ["guests", ["get", "secrets"], "no"],
    ["guests", ["create", "pods"], "no"],
  ] as const)("%s: may it %j? %s", (tenant, words, answer) => {
    expect(as(tenant, ["auth", "can-i", ...words]).stdout.trim()).toBe(answer);
  });

  it("an admin of a tenant lets others in, with no more than it has itself", () => {
    const let_ = (role: string) =>
      as("shop", [
        "create",
        "rolebinding",
        `bob-${role.replace(/\W/g, "-")}`,
        `--clusterrole=${role}`,
        "--user=bob",
      ]);
    expect(let_("pulumi-kubeadm:tenant-edit").stderr).toBe("");
    expect(let_("edit").stderr).toMatch(/attempting to grant RBAC permissions not currently held/);
  });

  it("members and people have the roles of the settings, there and nowhere else", () => {
    const may = (who: string, where: string) =>
      spawnSync(
        kubectl,
        ["--kubeconfig", api.kubeconfigFile, "auth", "can-i", "get", "pods", `--as=${who}`, "-n", where],
        { encoding: "utf8" },
      ).stdout.trim();
    expect([
      may("system:serviceaccount:guests:bot", "shop"),
      may("ann", "shop"),
      may("ann", "guests"),
    ]).toEqual(["yes", "yes", "no"]);
  });

  it("limits are filled in, Pod Security refuses, and the quota counts", () => {
    expect(as("shop", ["apply", "-f", "-"], pod("one")).stderr).toBe("");
    const resources = as("shop", [
      "get",
      "pod",
      "one",
      "-o",
      "jsonpath={.spec.containers[0].resources}",
    ]).stdout;
    expect(JSON.parse(resources)).toEqual({
      requests: { cpu: "100m", memory: "128Mi" },
      limits: { cpu: "500m", memory: "256Mi" },
    });
    const privileged = as("shop", ["apply", "-f", "-"], pod("root", { securityContext: { runAsUser: 0 } }));
    expect(privileged.stderr).toMatch(/violates PodSecurity "restricted/);
    const greedy = pod("greedy", { resources: { requests: { cpu: "1" }, limits: { cpu: "1" } } });
    expect(as("shop", ["apply", "-f", "-"], greedy).stderr).toMatch(
      /exceeded quota: tenant, requested: requests\.cpu=1/,
    );
    expect(as("shop", ["apply", "-f", "-"], pod("two")).stderr).toBe("");
    expect(as("shop", ["apply", "-f", "-"], pod("three")).stderr).toMatch(
      /exceeded quota: tenant, requested: pods=1/,
    );
  });

  const object = (apiVersion: string, kind: string, spec: object, annotations: object = {}): object => ({
    apiVersion,
    kind,
    metadata: { name: "tried", annotations },
    spec,
  });
  const service = (spec: object, annotations: object = {}): object =>
    object("v1", "Service", { ports: [{ port: 80 }], ...spec }, annotations);
  const path_ = {
    path: "/",
    pathType: "Prefix",
    backend: { service: { name: "web", port: { number: 80 } } },
  };
  const ingress = (host: string | undefined, more: object = {}, annotations: object = {}): object =>
    object(
      "networking.k8s.io/v1",
      "Ingress",
      { rules: [{ ...(host === undefined ? {} : { host }), http: { paths: [path_] } }], ...more },
      annotations,
    );
  const running = (more: object): object => {
    const one = pod("tried") as { spec: object };
    return { ...one, spec: { ...one.spec, ...more } };
  };
  const nginx = (name: string): object => ({ [`nginx.ingress.kubernetes.io/${name}`]: "x" });
  /** Says what the server would do, and leaves nothing. */
  const tries = (tenant: string, what: object): string => {
    const { stdout, stderr } = as(tenant, ["create", "--dry-run=server", "-o", "name", "-f", "-"], what);
    return stdout.trim() === "" ? stderr : "taken";
  };

  const refused: readonly (readonly [name: string, what: object, reason: RegExp])[] = [
    [
      "an external name",
      service({ type: "ExternalName", externalName: "169.254.169.254.nip.io" }),
      /ExternalName/,
    ],
    [
      "an address of a balancer",
      service({ type: "LoadBalancer", loadBalancerIP: "10.40.0.11" }),
      /loadBalancerIP/,
    ],
    [
      "an address of MetalLB",
      service({}, { "metallb.io/loadBalancerIPs": "10.40.0.11" }),
      /chooses addresses/,
    ],
    ["a shared address", service({}, { "metallb.universe.tf/allow-shared-ip": "x" }), /chooses addresses/],
    [
      "a security group",
      service({}, { "service.beta.kubernetes.io/aws-load-balancer-security-groups": "sg-1" }),
      /chooses addresses/,
    ],
    [
      "a toleration of control-plane nodes",
      running({
        tolerations: [
          { key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" },
        ],
      }),
      /tolerates the taint/,
    ],
    ["a toleration of everything", running({ tolerations: [{ operator: "Exists" }] }), /tolerates the taint/],
    ["a node", running({ nodeName: "cp1" }), /spec\.nodeName/],
    ["no host", ingress(undefined), /without a host/],
    ["a default backend", ingress("a.example.com", { defaultBackend: path_.backend }), /without a host/],
    ["a snippet", ingress("a.example.com", {}, nginx("configuration-snippet")), /annotation makes/],
    ["an alias", ingress("a.example.com", {}, nginx("server-alias")), /annotation makes/],
    ["a call for authentication", ingress("a.example.com", {}, nginx("auth-url")), /annotation makes/],
    ["a host that another tenant lists", ingress("pay.example.com"), /belongs to another tenant/],
    ["a host below one that another lists", ingress("api.pay.example.com"), /belongs to another tenant/],
    ["a wildcard over it", ingress("*.example.com"), /belongs to another tenant/],
    [
      "its certificate",
      ingress("a.example.com", { tls: [{ hosts: ["pay.example.com"] }] }),
      /belongs to another/,
    ],
  ];
  it.each(refused)("a tenant is refused %s, and a trusted one is not", (_, what, reason) => {
    expect(tries("shop", what)).toMatch(reason);
    expect(tries("trusted", what)).toBe("taken");
  });

  it("a tenant is refused a priority class of the system, and one that lists it is not", () => {
    const critical = running({ priorityClassName: "system-cluster-critical" });
    expect(tries("shop", critical)).toMatch(/a system priority class/);
    expect(tries("trusted", critical)).toMatch(/a system priority class/);
    expect(tries("pay", critical)).toBe("taken");
    expect(tries("pay", running({ priorityClassName: "system-node-critical" }))).toMatch(/priorityClasses/);
  });

  it("a tenant is taken what is its own", () => {
    expect(tries("shop", service({}))).toBe("taken");
    expect(
      tries("shop", service({ type: "LoadBalancer" }, { "metallb.io/ip-allocated-from-pool": "a" })),
    ).toBe("taken");
    expect(tries("pay", running({ tolerations: [{ key: "dedicated", operator: "Exists" }] }))).toBe("taken");
    expect(
      tries(
        "shop",
        ingress("a.example.com", { tls: [{ hosts: ["a.example.com"] }] }, nginx("rewrite-target")),
      ),
    ).toBe("taken");
    expect(tries("pay", ingress("api.pay.example.com"))).toBe("taken");
    expect(tries("pay", ingress("a.example.com"))).toMatch(/not among the tenant's hosts/);
    expect(tries("pay", ingress("pay.example.com.evil.org"))).toMatch(/not among the tenant's hosts/);
  });

  it("a host belongs to the tenant whose Ingress had it first", async () => {
    expect(as("shop", ["apply", "-f", "-"], ingress("*.first.example.org")).stderr).toBe("");
    const guest = (what: object): string =>
      spawnSync(
        kubectl,
        [
          "--kubeconfig",
          api.kubeconfigFile,
          "-n",
          "guests",
          "create",
          "--dry-run=server",
          "-o",
          "name",
          "-f",
          "-",
        ],
        {
          encoding: "utf8",
          input: JSON.stringify(what),
        },
      ).stderr;
    // The API server hears of the Ingress by its own watch.
    await expect
      .poll(() => guest(ingress("a.first.example.org")), { timeout: 20_000 })
      .toMatch(/in use by another/);
    expect(guest(ingress("*.first.example.org"))).toMatch(/in use by another/);
    expect(guest(ingress("first.example.org"))).toBe("");
    expect(tries("trusted", ingress("a.first.example.org"))).toBe("taken");
    // The owner changes its own.
    expect(as("shop", ["apply", "-f", "-"], ingress("b.first.example.org")).stderr).toBe("");
  });

  it("what was there before goes on: it may change, and end", () => {
    const shop = (...words: string[]) => admin("-n", "shop", ...words);
    admin("label", "namespace", "shop", "pulumi-kubeadm.github.io/tenant-", "--overwrite");
    const old = service({ type: "ExternalName", externalName: "old.example.org" });
    spawnSync(kubectl, ["--kubeconfig", api.kubeconfigFile, "-n", "shop", "apply", "-f", "-"], {
      input: JSON.stringify(old),
    });
    admin("label", "namespace", "shop", "pulumi-kubeadm.github.io/tenant=shop");
    expect(as("shop", ["annotate", "service", "tried", "note=1"]).stderr).toBe("");
    const changed = ["patch", "service", "tried", "-p", '{"spec":{"externalName":"new.example.org"}}'];
    expect(as("shop", changed).stderr).toMatch(/ExternalName/);
    expect(as("shop", ["delete", "service", "tried"]).stderr).toBe("");
    expect(shop("get", "services", "-o", "name")).toBe("");
  });

  it("the policy stands as it was meant: all denied but what is open", () => {
    const policy = JSON.parse(admin("-n", "shop", "get", "networkpolicy", "tenant", "-o", "json")) as {
      spec: {
        policyTypes: string[];
        ingress: object[];
        egress: { ports?: { port: number; endPort?: number }[] }[];
      };
    };
    expect(policy.spec.policyTypes).toEqual(["Ingress", "Egress"]);
    expect(policy.spec.ingress).toEqual([{ from: [{ podSelector: {} }] }]);
    expect(policy.spec.egress.map((rule) => rule.ports?.map(({ port, endPort }) => endPort ?? port))).toEqual(
      [[53, 53], undefined, [443, 8010], [6443], [443]],
    );
  });

  it("a custom resource came after the definition of its kind", () => {
    expect(admin("-n", "web", "get", "shops", "first", "-o", "jsonpath={.spec.size}")).toBe("3");
  });

  it("a tenant and objects taken out of the settings are gone", async () => {
    const { tenancy, extras } = current;
    current = {
      ...current,
      tenancy: { ...tenancy, tenants: tenancy.tenants.filter((tenant) => tenant.name !== "guests") },
      extras: { ...extras, manifests: extras.manifests.filter(({ object }) => object.kind !== "Shop") },
    };
    const { changed } = await engine.up();
    // Admission's rules are bound to all tenants.
    const others = changed.filter((line) => !line.includes("t-tenant-roles"));
    expect(others.every((line) => line.startsWith("delete "))).toBe(true);
    expect(admin("get", "namespaces", "-o", "name")).not.toContain("guests");
    expect(admin("-n", "web", "get", "shops", "-o", "name")).toBe("");
  });
});
