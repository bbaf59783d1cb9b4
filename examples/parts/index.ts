/**
 * Parts of the library used alone, each in a way that somebody may want: a VPC, a PKI, and in a cluster that something else
 * has made the network, DNS and a tenant. In your project the imports are from "pulumi-kubeadm" and
 * "pulumi-kubeadm/aws".
 *
 * Before the first `pulumi up`:
 *   pulumi config set --secret kubeconfig < kubeconfig
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Network } from "../../aws";
import { CoreDns, Flannel, parseCluster, Pki, Tenant, TenantRoles } from "../../index";

const config = new pulumi.Config();

// Settings are parsed once. What is wrong with them is in one report, before the first resource.
const cloud = parseCluster(
  {
    platform: "aws",
    network: { vpcCidr: "10.0.0.0/16", nat: "one" },
    access: { api: ["203.0.113.0/24"], ssh: ["203.0.113.0/24"] },
    bastion: {},
    controlPlane: { count: 3, instanceType: "m7i.large" },
    workers: { general: { count: 3, instanceType: "m7i.large" } },
  },
  { environment: "parts", region: "eu-central-1" },
);

/** A VPC with subnets, gateways and routes, and nothing in it. */
const network = new Network("cloud", { settings: cloud });

/** CAs and an administrator's certificate for a cluster that is made by other means. */
const pki = new Pki("parts-pki", { protect: false });

const settings = parseCluster(
  {
    network: { serviceCidr: "10.96.0.0/16" },
    cni: { kind: "flannel", networkPolicy: "kube-network-policies" },
    machines: {
      cp1: {
        role: "controlPlane",
        host: "192.0.2.11",
        user: "ubuntu",
        hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBsrEOsekS05eymmYe1rGXDJT7H8h72+f1ZsJzPx77jr",
        key: "operator",
      },
    },
    tenants: { shop: { quota: { cpu: "2", memory: "4Gi" } } },
  },
  { environment: "parts" },
);
const kubeconfig = config.requireSecret("kubeconfig");
const provider = new k8s.Provider("parts", {
  kubeconfig,
  clusterIdentifier: "parts",
  enableServerSideApply: true,
});

const flannel = new Flannel("parts-flannel", { networkPolicy: "kube-network-policies" }, { provider });
const dns = new CoreDns(
  "parts-coredns",
  { serviceAddress: "10.96.0.10" },
  { provider, dependsOn: [flannel] },
);
const roles = new TenantRoles("parts-roles", { settings }, { provider });
const tenant = new Tenant(
  "parts-shop",
  // The authority is the cluster's: it signs the team's certificate.
  { tenant: "shop", settings, authority: pki.cluster, kubeconfig },
  { provider, dependsOn: [dns, roles] },
);

export const vpcId = network.vpcId;
/** `pulumi stack output --show-secrets shopKubeconfig`. */
export const shopKubeconfig = tenant.kubeconfig;
