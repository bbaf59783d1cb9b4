/**
 * One control-plane node, one worker and a tenant out of the settings: what it may not use up, what it may not do; and
 * the smoke test.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunResult } from "../support/run";
import { ensureTool } from "../support/toolchain";
import { CHECKS } from "../../model/cis/checks";
import { cisScript } from "../../model/cis/script";
import { Requests } from "../unit/kubeadm/requestBytes";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { kubeconfigFile, tenantKubeconfigFile } from "./engine";
import { shapeOf } from "./environment";
import { webImage } from "./images";

const nobody = {
  runAsNonRoot: true,
  runAsUser: 65534,
  seccompProfile: { type: "RuntimeDefault" },
};
const pod = (name: string, container: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 1,
    securityContext: nobody,
    containers: [
      {
        name: "web",
        image: webImage,
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        ...container,
      },
    ],
  },
});

const agent = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "agent" },
  spec: { containers: [{ name: "web", image: webImage }] },
};
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
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};
const own = [
  {
    apiVersion: "example.com/v1",
    kind: "Shop",
    metadata: { name: "first", namespace: "web" },
    spec: { size: 3 },
  },
  shops,
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web", namespace: "web" }, data: { a: "1" } },
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "web" } },
];

describeWithLab("a tenant, people's own things, and the smoke test", () => {
  let cluster: LabCluster;
  beforeAll(async () => {
    cluster = await LabCluster.create("tenants", shapeOf(1, 1));
    cluster.settings = {
      ...cluster.settings,
      tenants: {
        shop: {
          quota: { pods: 2, cpu: "1", memory: "1Gi" },
          network: { enforced: false },
          credentials: { validityHours: 24 },
        },
        guests: {
          network: { enforced: false },
          credentials: { role: "view" },
          hosts: ["guests.example.org", "*.guests.example.org"],
        },
      },
      manifests: own,
      staticPods: { agent: { pod: agent, on: ["general"] } },
    };
    await cluster.engine("up");
  });
  afterAll(async () => {
    await cluster?.down();
  });

  /** kubectl with a tenant's own kubeconfig. */
  const as = (tenant: string, args: readonly string[], input?: object): Promise<RunResult> =>
    ensureTool("kubectl").then((kubectl) =>
      cluster.lab.run([kubectl, ...args], {
        env: { ...process.env, KUBECONFIG: tenantKubeconfigFile(kubeconfigFile(cluster.lab), tenant) },
        allowFailure: true,
        ...(input === undefined ? {} : { input: JSON.stringify(input) }),
      }),
    );

  it("a second preview is empty", async () => {
    const { changed } = await cluster.engine("preview");
    saw(`${changed.length} changes`);
    expect(changed).toEqual([]);
  });

  it("the team starts a pod with its own kubeconfig, and limits are filled in", async () => {
    const made = await as("shop", ["apply", "-f", "-"], pod("one"));
    saw(made.stdout + made.stderr);
    expect(made.status).toBe(0);
    const resources = await as("shop", [
      "get",
      "pod",
      "one",
      "-o",
      "jsonpath={.spec.containers[0].resources}",
    ]);
    saw(resources.stdout);
    expect(JSON.parse(resources.stdout)).toEqual({
      requests: { cpu: "100m", memory: "128Mi" },
      limits: { memory: "256Mi" },
    });
    const ready = await as("shop", ["wait", "--for=condition=Ready", "pod/one", "--timeout=120s"]);
    expect(ready.stdout).toContain("condition met");
  });

  it("the quota refuses the pod too many, and the one that asks for too much", async () => {
    const greedy = await as(
      "shop",
      ["apply", "-f", "-"],
      pod("greedy", { resources: { requests: { cpu: "2" } } }),
    );
    saw(greedy.stderr);
    expect(greedy.stderr).toMatch(/exceeded quota: tenant, requested: requests\.cpu=2/);
    expect((await as("shop", ["apply", "-f", "-"], pod("two"))).status).toBe(0);
    const refused = await as("shop", ["apply", "-f", "-"], pod("three"));
    saw(refused.stderr);
    expect(refused.stderr).toMatch(
      /exceeded quota: tenant, requested: pods=1, used: pods=2, limited: pods=2/,
    );
  });

  it("its pods may not be what the level of Pod Security forbids", async () => {
    const refused = await as("guests", ["auth", "can-i", "create", "pods"]);
    expect(refused.stdout.trim()).toBe("no");
    const privileged = pod("root", { securityContext: { privileged: true } });
    const answer = await as("shop", ["apply", "-f", "-"], privileged);
    saw(answer.stderr);
    expect(answer.stderr).toMatch(/violates PodSecurity "restricted/);
  });

  it("from a worker, a request in another node's name stays pending and is reported", async () => {
    const keys = new Requests();
    const file = await cluster.host("cp1", "pulumi-kubeadm-join-file w9");
    const credential = "/run/pulumi-kubeadm/stolen.conf";
    await cluster.lab.exec("w1", ["bash", "-c", `umask 077; cat > ${credential}`], { input: file });
    const asks = async (name: string, node: string, kubeconfig: string): Promise<void> => {
      const request = {
        apiVersion: "certificates.k8s.io/v1",
        kind: "CertificateSigningRequest",
        metadata: { name },
        spec: {
          request: keys.request({ node, names: [] }),
          signerName: "kubernetes.io/kube-apiserver-client-kubelet",
          usages: ["digital signature", "client auth"],
        },
      };
      const create = `kubectl --kubeconfig ${kubeconfig} create -f -`;
      await cluster.lab.exec("w1", ["bash", "-c", create], { input: JSON.stringify(request) });
    };
    const conditions = (name: string) =>
      cluster.kubectl(
        "get",
        "certificatesigningrequest",
        name,
        "-o",
        "jsonpath={.status.conditions[*].type}",
      );
    await asks("thief", "cp1", credential);
    // A node that is one already may not even ask (NodeRestriction).
    await expect(asks("thief-that-is-a-node", "cp1", "/etc/kubernetes/kubelet.conf")).rejects.toThrow(
      /can only create a node CSR with CN=system:node:w1/,
    );
    await asks("honest", "w9", credential);
    await eventually(
      "the honest one is approved",
      () => conditions("honest"),
      (text) => text === "Approved",
      20,
    );
    const said = await eventually(
      "the other is in the journal",
      () => cluster.host("cp1", "journalctl --no-pager -o cat -u pulumi-kubeadm-join-approver"),
      (text) => text.includes("left thief of"),
      20,
    );
    saw(said);
    expect(said).toMatch(
      /left thief of "system:bootstrap:w9" pending: its subject is not node w9 .*system:node:cp1/,
    );
    expect(await conditions("thief")).toBe("");
    const bound = await cluster.kubectl("get", "clusterrolebindings", "-o", "name");
    expect(bound).not.toContain("kubeadm:node-autoapprove-bootstrap");
    expect(bound).toContain("kubeadm:node-autoapprove-certificate-rotation");
    await cluster.kubectl("delete", "certificatesigningrequest", "thief", "honest");
  });

  const service = (spec: object) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "tried" },
    spec: { ports: [{ port: 80 }], ...spec },
  });
  const ingress = (host: string) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "tried" },
    spec: {
      rules: [
        {
          host,
          http: {
            paths: [
              { path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } },
            ],
          },
        },
      ],
    },
  });
  const podOf = (spec: object) => {
    const plain = pod("tried");
    return { ...plain, spec: { ...plain.spec, ...spec } };
  };
  it.each<[string, object, RegExp]>([
    ["external addresses", service({ externalIPs: ["198.51.100.9"] }), /externalIPs/i],
    ["an external name", service({ type: "ExternalName", externalName: "example.org" }), /ExternalName lets/],
    [
      "an address of a balancer",
      service({ type: "LoadBalancer", loadBalancerIP: "198.51.100.9" }),
      /chooses/,
    ],
    [
      "a priority of the system",
      podOf({ priorityClassName: "system-node-critical" }),
      /system priority class/,
    ],
    ["control-plane nodes", podOf({ tolerations: [{ operator: "Exists" }] }), /tolerates the taint/],
    ["a node by its name", podOf({ nodeName: "cp1" }), /spec\.nodeName/],
    ["another tenant's host", ingress("www.guests.example.org"), /belongs to another tenant/],
  ])("the team may not have %s", async (_, what, reason) => {
    const answer = await as("shop", ["create", "-f", "-"], what);
    saw(answer.stderr);
    expect(answer.stderr).toMatch(reason);
    expect(answer.stderr).toContain("forbidden");
  });

  it("the team's own host is taken", async () => {
    const answer = await as("shop", ["create", "-f", "-"], ingress("shop.example.org"));
    expect(answer.stderr).toBe("");
    expect((await as("shop", ["delete", "ingress", "tried"])).status).toBe(0);
  });

  it.each([
    ["shop", ["create", "deployments"], "yes"],
    ["shop", ["get", "secrets"], "yes"],
    ["shop", ["create", "pods/exec"], "yes"],
    ["shop", ["create", "networkpolicies"], "no"],
    ["shop", ["update", "resourcequotas"], "no"],
    ["shop", ["delete", "limitranges"], "no"],
    ["shop", ["create", "rolebindings"], "no"],
    ["shop", ["delete", "namespaces/shop"], "no"],
    ["shop", ["get", "pods", "-n", "guests"], "no"],
    ["shop", ["get", "pods", "-n", "kube-system"], "no"],
    ["shop", ["list", "nodes"], "no"],
    ["guests", ["get", "pods"], "yes"],
    ["guests", ["get", "secrets"], "no"],
  ])("%s: can it %j? %s", async (tenant, verb, answer) => {
    const { stdout } = await as(tenant, ["auth", "can-i", ...verb]);
    expect(stdout.trim().split("\n").pop()).toBe(answer);
  });

  it("what people bring is there: the custom resource after its kind, the static pod on the pool's node", async () => {
    expect(await cluster.kubectl("-n", "web", "get", "shops", "first", "-o", "jsonpath={.spec.size}")).toBe(
      "3",
    );
    const phase = await eventually(
      "the static pod runs",
      () => cluster.kubectl("-n", "kube-system", "get", "pod", "agent-w1", "-o", "jsonpath={.status.phase}"),
      (text) => text === "Running",
    );
    saw(`agent-w1 is ${phase}`);
  });

  it("a static pod that is changed is another one, and one taken out is gone", async () => {
    const { staticPods, ...others } = cluster.settings;
    const changed = { ...agent, metadata: { name: "agent", labels: { version: "2" } } };
    cluster.settings = { ...others, staticPods: { ...staticPods, agent: { pod: changed, on: ["general"] } } };
    const report = await cluster.engine("up");
    saw(report.changed.join("\n"));
    expect(report.changed.map((line) => line.split(" ")[1])).toEqual(["lab-pool-general-w1-node"]);
    await eventually(
      "the new pod",
      () =>
        cluster.kubectl(
          "-n",
          "kube-system",
          "get",
          "pod",
          "agent-w1",
          "-o",
          "jsonpath={.metadata.labels.version}",
        ),
      (text) => text === "2",
    );
    cluster.settings = others;
    await cluster.engine("up");
    await eventually(
      "the end of the pod",
      () => cluster.kubectl("-n", "kube-system", "get", "pods", "-o", "name"),
      (text) => !text.includes("agent"),
    );
  });

  it.each(["cp1", "w1"])("no check of the CIS benchmark fails on %s", async (host) => {
    const { stdout } = await cluster.lab.exec(host, ["bash", "-s"], {
      input: cisScript(),
      allowFailure: true,
    });
    saw(stdout);
    const lines = stdout.trim().split("\n");
    expect(lines.filter((line) => line.startsWith("fail"))).toEqual([]);
    expect(lines.length).toBe(CHECKS.node.length + (host === "cp1" ? CHECKS.controlPlane.length : 0));
    // Nothing more is left than what docs/cis.md says of a cluster with flannel.
    const left = lines.filter((line) => line.startsWith("left")).map((line) => line.split(/ +/)[1]);
    expect(["1.1.12", "1.2.1", "1.2.9", "1.2.11", "4.2.7", "5.6.4"]).toEqual(expect.arrayContaining(left));
  });

  it("the smoke test passes, and leaves nothing", async () => {
    const { stdout, stderr, status } = await cluster.smoke(
      "--image",
      webImage,
      "--server",
      "/web",
      "--path",
      "/",
      "--node-port",
    );
    saw(stdout + stderr);
    expect(status).toBe(0);
    expect(stdout).toMatch(/ok +secret +etcd stores k8s:enc:secretbox:v1:generated:/);
    expect(await cluster.kubectl("get", "namespaces", "-o", "name")).not.toContain("smoke");
  });

  it("the smoke test says which step failed, and leaves nothing then either", async () => {
    const { stdout, status } = await cluster.smoke(
      "--image",
      webImage,
      "--server",
      "false",
      "--timeout",
      "15",
      "--json",
    );
    saw(stdout);
    expect(status).toBe(1);
    const results = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { step: string; ok: boolean });
    expect(results.filter((result) => !result.ok).map((result) => result.step)).toEqual(["deployment"]);
    expect(results.at(-1)).toMatchObject({ step: "clean-up", ok: true });
    expect(await cluster.kubectl("get", "namespaces", "-o", "name")).not.toContain("smoke");
  });

  it("a tenant taken out of the settings is gone with all that it had", async () => {
    const { guests, ...tenants } = cluster.settings.tenants ?? {};
    expect(guests).toBeDefined();
    cluster.settings = { ...cluster.settings, tenants };
    const { changed } = await cluster.engine("up");
    saw(changed.join("\n"));
    expect(changed.every((line) => /lab-tenant-(guests|roles-)/.test(line))).toBe(true);
    expect(await cluster.kubectl("get", "namespaces", "-o", "name")).not.toContain("guests");
  });

  it("destroy leaves the hosts bare", async () => {
    await cluster.engine("destroy");
  });
});
