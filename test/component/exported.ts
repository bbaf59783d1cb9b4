/** Every component that the package exports, made alone in somebody's stack, and arguments that each refuses. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as onAws from "../../aws";
import * as core from "../../index";
import { metalInput } from "../support/settings";

export interface Exported {
  /** Makes it with arguments that a person would write. */
  readonly make: (name: string, opts: pulumi.ComponentResourceOptions) => pulumi.ComponentResource;
  /** Arguments that no compiler has checked, and the paths of what is wrong with them. */
  readonly wrong: readonly (readonly [args: unknown, ...paths: string[]])[];
}

const REGION = "eu-central-1";
const machine = {
  host: "10.40.0.31",
  user: "ubuntu",
  hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMv3gBvHJR2U0e5f8AcTLpTzzTCNSq5ezCyoNYHmXh4b",
  key: "operator",
};
const backend = { service: "web", port: 80 };

function identity(name: string, opts?: pulumi.ComponentResourceOptions): onAws.PodIdentity {
  return new onAws.PodIdentity(name, { region: REGION, serviceAccountKey: "" }, opts);
}

/** By the name of the class. */
export const EXPORTED: Readonly<Record<string, Exported>> = {
  Cluster: {
    make: (name, opts) =>
      new core.Cluster(name, { settings: metalInput() as never, environment: "metal" }, opts),
    wrong: [
      [undefined, "settings"],
      [{ settings: metalInput(), secrets: ["the key"] }, "secrets"],
      [{ settings: { ...metalInput(), network: Promise.resolve({}) } }, "network"],
      [{ settings: metalInput(), pools: [{ pool: "gpu" }] }, "pools[0]"],
    ],
  },
  WorkerPool: {
    make: (name, opts) => {
      const machines = { gpu1: { ...machine, host: pulumi.output("10.40.0.31") } };
      const pool = new core.WorkerPool(name, { machines, taints: ["gpu=true:NoSchedule"] }, opts);
      new core.Cluster("theirs", { settings: metalInput() as never, environment: "metal", pools: [pool] });
      return pool;
    },
    wrong: [
      [undefined, "machines"],
      [{ machines: { gpu1: { ...machine, role: "worker" } } }, "machines.gpu1.role"],
      [{ machines: { gpu1: { ...machine, host: "gpu1.example.com" } } }, "machines.gpu1.nodeAddress"],
      [
        {
          pool: "master",
          labels: { "node-role.kubernetes.io/gpu": "" },
          machines: { gpu1: machine, Gpu2: machine },
        },
        'labels["node-role.kubernetes.io/gpu"]',
        "machines.Gpu2",
        "machines.Gpu2.host",
        "pool",
      ],
      [{ machines: { gpu1: { ...machine, user: pulumi.output("root") } } }, "machines.gpu1.user"],
      [{ machines: { gpu1: machine }, secrets: { operators: "" } }, "machines.gpu1.key"],
    ],
  },
  AwsWorkerPool: {
    make: (name, opts) => {
      const pool = new onAws.AwsWorkerPool(name, { instanceType: "t3.large", count: 2 }, opts);
      const access = { api: ["203.0.113.0/24"], ssh: ["203.0.113.0/24"] };
      const controlPlane = { count: 1, instanceType: "t3.medium" };
      const settings: core.ClusterInput = { platform: "aws", access, controlPlane };
      new core.Cluster("theirs", { settings, environment: "prod", region: REGION, pools: [pool] });
      return pool;
    },
    wrong: [
      [{ count: -1, instancetype: "t3.large" }, "count", "instancetype"],
      [{ pool: "control-plane", labels: { "kubernetes.io/os": "" } }, 'labels["kubernetes.io/os"]', "pool"],
      [{ count: pulumi.output(3), taints: ["gpu"] }, "count", "taints[0]"],
    ],
  },
  Flannel: {
    make: (name, opts) => new core.Flannel(name, { networkPolicy: "kube-network-policies" }, opts),
    wrong: [[{ backend: "vxlam", podCidr: "10.244.0.1/16" }, "backend", "podCidr"]],
  },
  Weave: {
    make: (name, opts) =>
      new core.Weave(name, { encryption: { password: "mesh" }, secrets: { mesh: "a password" } }, opts),
    wrong: [[{ encryption: { password: "mesh" }, secrets: {} }, "encryption.password"]],
  },
  Calico: {
    make: (name, opts) => new core.Calico(name, {}, opts),
    wrong: [[{ blockSize: 12 }, "blockSize"]],
  },
  Cilium: {
    make: (name, opts) => new core.Cilium(name, {}, opts),
    wrong: [[{ backend: "gre" }, "backend"]],
  },
  RouteReflectors: {
    make: (name, opts) => new core.RouteReflectors(name, { nodes: ["a"] }, opts),
    wrong: [[undefined, "nodes"]],
  },
  CoreDns: {
    make: (name, opts) => new core.CoreDns(name, { serviceAddress: "10.96.0.10" }, opts),
    wrong: [
      [undefined, "serviceAddress"],
      [{ serviceAddress: "10.96.0.10", forwarders: [] }, "forwarders"],
    ],
  },
  MetalLb: {
    make: (name, opts) => new core.MetalLb(name, { pools: { lan: { addresses: ["10.40.0.9/32"] } } }, opts),
    wrong: [
      [undefined, "pools"],
      [{ pools: { lan: { addresses: ["10.40.0.9-10.40.0.1"] } } }, "pools.lan.addresses[0]"],
    ],
  },
  Ingress: {
    make: (name, opts) => new core.Ingress(name, { kind: "ingress-nginx" }, opts),
    wrong: [
      [undefined, "kind"],
      [{ kind: "nginx" }, "kind"],
    ],
  },
  IngressRules: {
    make: (name, opts) =>
      new core.IngressRules(
        name,
        { namespace: pulumi.output("shop"), hosts: { "a.example.com": { paths: { "/": backend } } } },
        opts,
      ),
    wrong: [
      [undefined, "hosts", "namespace"],
      [{ namespace: "shop", defaultBackend: { service: "web" } }, "defaultBackend.port"],
      [{ namespace: "shop", hosts: { "a.example.com": {} } }, 'hosts["a.example.com"].paths'],
    ],
  },
  MetricsServer: {
    make: (name, opts) => new core.MetricsServer(name, {}, opts),
    wrong: [[{ replica: 2 }, "replica"]],
  },
  GatewayApi: {
    make: (name, opts) => new core.GatewayApi(name, {}, opts),
    wrong: [[{ source: "ftp://example.com/crds.yaml" }, "source"]],
  },
  Tenant: {
    make: (name, opts) => new core.Tenant(name, { quota: { cpu: "2" } }, opts),
    wrong: [[{ quota: { cpus: 4 } }, "quota.cpus"]],
  },
  TenantRoles: {
    make: (name, opts) => new core.TenantRoles(name, { tenants: { shop: {} } }, opts),
    wrong: [[undefined, "tenants"]],
  },
  Access: {
    make: (name, opts) =>
      new core.Access(name, { roles: [{ group: "a", role: "view", source: "certificate" }] }, opts),
    wrong: [
      [undefined, "roles"],
      [{ roles: [{ group: "a", role: "owner" }] }, "roles[0].group", "roles[0].role"],
    ],
  },
  Extras: {
    make: (name, opts) => {
      const metadata = { name: "web", namespace: "default" };
      const manifests = [{ apiVersion: "v1", kind: "ConfigMap", metadata, data: {} }];
      const chart = { oci: "oci://registry.example.com/charts/web", version: "1.2.3", namespace: "default" };
      const values = { host: pulumi.output("db.example.com"), auth: { user: pulumi.output("web") } };
      return new core.Extras(name, { manifests, charts: { web: { ...chart, values } } }, opts);
    },
    wrong: [
      [{ manifest: [] }, "manifest"],
      [{ manifests: ["nowhere"], charts: { web: { namespace: "default" } } }, "charts.web", "manifests[0]"],
    ],
  },
  SmokeTest: {
    make: (name, opts) => new core.SmokeTest(name, { kubeconfig: pulumi.secret("{}") }, opts),
    wrong: [
      [undefined, "kubeconfig"],
      [{ kubeconfig: "{}", options: { skip: ["nods"] } }, "options.skip[0]"],
    ],
  },
  Pki: {
    make: (name, opts) => new core.Pki(name, {}, opts),
    wrong: [[{ protected: false }, "protected"]],
  },
  Authority: {
    make: (name, opts) => new core.Authority(name, { commonName: "ca" }, opts),
    wrong: [
      [undefined, "commonName"],
      [{ commonName: "ca", protect: "no" }, "protect"],
    ],
  },
  Network: {
    make: (name, opts) =>
      new onAws.Network(name, { region: REGION, subnetType: "private", flowLogs: { enabled: true } }, opts),
    wrong: [[{ region: REGION, vpcId: "vpc-1" }, "vpcId"]],
  },
  PodIdentity: {
    make: identity,
    wrong: [[{ region: "eu-centrl-1" }, "serviceAccountKey", "region"]],
  },
  AddonRole: {
    make: (name, opts) => {
      const resources = [new aws.s3.Bucket("backups").arn];
      const statements = [{ sid: "Write", reason: "backups", actions: ["s3:PutObject"], resources }];
      const account = { namespace: "backup", serviceAccount: "backup" };
      return new onAws.AddonRole(name, { identity: identity("theirs"), ...account, statements }, opts);
    },
    wrong: [[{ namespace: "backup" }, "identity", "serviceAccount", "statements"]],
  },
};

type AnyComponent = new (name: string, args?: unknown) => pulumi.ComponentResource;

/** The package's components. */
export const COMPONENTS = Object.entries<unknown>({ ...core, ...onAws }).filter(
  (entry): entry is [string, AnyComponent] =>
    typeof entry[1] === "function" && entry[1].prototype instanceof pulumi.ComponentResource,
);
