/**
 * One example of each component of the library. In your project the imports are from "pulumi-kubeadm" and "pulumi-kubeadm/aws".
 * Take what you need: most parts are for a cluster that something else has made.
 */
import * as aws from "@pulumi/aws";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { AddonRole, AwsPlatform, AwsWorkerPool, Network, PodIdentity } from "../../aws";
import {
  Access,
  Authority,
  Calico,
  Cilium,
  Cluster,
  CoreDns,
  Extras,
  Flannel,
  GatewayApi,
  Ingress,
  IngressRules,
  MetalLb,
  MetricsServer,
  Pki,
  RouteReflectors,
  SmokeTest,
  Tenant,
  TenantRoles,
  Weave,
  WorkerPool,
} from "../../index";

const config = new pulumi.Config();
const kubeconfig = config.requireSecret("kubeconfig");
/** The cluster that the parts go into. */
const provider = new k8s.Provider("theirs", { kubeconfig, enableServerSideApply: true });
/** A cluster on AWS, for what needs one. */
const cluster = new Cluster("cloud", {
  region: "eu-central-1",
  settings: {
    platform: "aws",
    name: "cloud",
    access: { api: ["203.0.113.0/24"], ssh: ["203.0.113.0/24"] },
    controlPlane: { count: 1, instanceType: "t3.medium" },
    workers: { general: { count: 2, instanceType: "t3.large" } },
  },
});
const pki = new Pki("pki");
const bucket = new aws.s3.Bucket("backups");

// The examples, as the components' doc comments have them: npm run settings.

// Cluster
{
  new Cluster("shop", {
    settings: {
      machines: {
        cp1: {
          role: "controlPlane",
          host: "192.0.2.11",
          user: "ubuntu",
          hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBsrEOsekS05eymmYe1rGXDJT7H8h72+f1ZsJzPx77jr",
          key: "operator",
        },
      },
    },
    secrets: { operator: config.requireSecret("operatorKey") },
  });
}

// CoreDns
{
  new CoreDns("dns", { serviceAddress: "10.96.0.10", upstreamServers: ["9.9.9.9"] }, { provider });
}

// GatewayApi
{
  new GatewayApi("gateway", {}, { provider });
}

// Ingress
{
  new Ingress("web", { kind: "traefik", expose: { type: "loadBalancer", pool: "lan" } }, { provider });
}

// IngressRules
{
  new IngressRules(
    "shop",
    {
      namespace: "shop",
      hosts: {
        "shop.example.com": {
          tlsSecret: "shop-tls",
          paths: { "/": { service: "web", port: 80 }, "/api": { service: "api", port: "http" } },
        },
      },
    },
    { provider },
  );
}

// MetalLb
{
  new MetalLb("lb", { pools: { lan: { addresses: ["10.40.0.240-10.40.0.250"] } } }, { provider });
}

// MetricsServer
{
  new MetricsServer("metrics", { replicas: 2 }, { provider });
}

// Calico
{
  new Calico("net", { backend: "vxlan", podCidr: "10.244.0.0/16" }, { provider });
}

// RouteReflectors
{
  new RouteReflectors("reflectors", { nodes: ["rack1-a", "rack2-a"] }, { provider });
}

// Cilium
{
  new Cilium("net", { backend: "geneve", hubble: { relay: true } }, { provider });
}

// Flannel
{
  new Flannel("net", { podCidr: "10.244.0.0/16", backend: "vxlan" }, { provider });
}

// Weave
{
  new Weave(
    "net",
    { encryption: { password: "mesh" }, secrets: { mesh: config.requireSecret("mesh") } },
    { provider },
  );
}

// WorkerPool
{
  const gpu = new WorkerPool("gpu", {
    labels: { accelerator: "nvidia" },
    machines: {
      gpu1: {
        host: "192.0.2.31",
        user: "ubuntu",
        hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMv3gBvHJR2U0e5f8AcTLpTzzTCNSq5ezCyoNYHmXh4b",
        key: "operator",
      },
    },
    secrets: { operator: config.requireSecret("operatorKey") },
  });
  new Cluster("lab", {
    settings: {
      machines: {
        cp1: {
          role: "controlPlane",
          host: "192.0.2.30",
          user: "ubuntu",
          hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBsrEOsekS05eymmYe1rGXDJT7H8h72+f1ZsJzPx77jr",
          key: "operator",
        },
      },
    },
    secrets: { operator: config.requireSecret("operatorKey") },
    pools: [gpu],
  });
}

// Authority
{
  new Authority("etcd-ca", { commonName: "etcd-ca" });
}

// Pki
{
  new Pki("shop-pki", { protect: true });
}

// Extras
{
  const chart = "oci://ghcr.io/prometheus-community/charts/prometheus-node-exporter";
  new Extras(
    "monitoring",
    {
      manifests: [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "monitoring" } }],
      charts: { "node-exporter": { oci: chart, version: "4.47.0", namespace: "monitoring" } },
    },
    { provider },
  );
}

// SmokeTest
{
  new SmokeTest("smoke", { kubeconfig: cluster.kubeconfig }, { dependsOn: [cluster] });
}

// Access
{
  new Access(
    "people",
    { roles: [{ group: "platform", role: "cluster-admin", source: "certificate" }] },
    { provider },
  );
}

// TenantRoles
{
  new TenantRoles("tenant-roles", { tenants: { shop: { hosts: ["shop.example.com"] } } }, { provider });
}

// Tenant
{
  new Tenant(
    "shop",
    {
      quota: { cpu: "4", memory: "8Gi" },
      authority: pki.cluster,
      kubeconfig,
    },
    { provider },
  );
}

// Network
{
  new Network("cloud", { region: "eu-central-1", vpcCidr: "10.0.0.0/16", subnetType: "private" });
}

// AddonRole
{
  const role = new AddonRole("backup", {
    identity: AwsPlatform.of(cluster).identity,
    namespace: "backup",
    serviceAccount: "backup",
    statements: [{ sid: "Write", reason: "backups", actions: ["s3:PutObject"], resources: [bucket.arn] }],
  });
  const spec = role.podSpec({ containers: [{ name: "backup", image: "example.com/backup:1" }] });
  new k8s.core.v1.Pod("backup", { metadata: { namespace: "backup" }, spec }, { provider: cluster.provider });
}

// PodIdentity
{
  new PodIdentity("shop", { region: "eu-central-1", serviceAccountKey: pki.serviceAccountKey });
}

// AwsWorkerPool
{
  const batch = new AwsWorkerPool("batch", {
    instanceTypes: ["m6i.large", "m5.large"],
    min: 1,
    max: 10,
    spot: { enabled: true },
    taints: ["batch=true:NoSchedule"],
  });
  new Cluster("prod", {
    region: "eu-central-1",
    settings: {
      platform: "aws",
      access: { api: ["203.0.113.0/24"], ssh: ["203.0.113.0/24"] },
      controlPlane: { count: 1, instanceType: "t3.medium" },
    },
    pools: [batch],
  });
}
