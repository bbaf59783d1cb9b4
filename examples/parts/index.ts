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
import { CoreDns, Flannel, Pki, Tenant, TenantRoles } from "../../index";

const config = new pulumi.Config();

/** A VPC with subnets, gateways and routes, and nothing in it. What is wrong with arguments is in one report. */
const network = new Network("cloud", {
  region: "eu-central-1",
  clusterName: "parts",
  vpcCidr: "10.0.0.0/16",
  subnetType: "private",
  nat: "one",
});

/** CAs and an administrator's certificate for a cluster that is made by other means. */
const pki = new Pki("parts-pki", { protect: false });

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
const roles = new TenantRoles("parts-roles", { tenants: { shop: {} } }, { provider });
const tenant = new Tenant(
  "parts-shop",
  {
    tenant: "shop",
    quota: { cpu: "2", memory: "4Gi" },
    // The authority is the cluster's: it signs the team's certificate.
    authority: pki.cluster,
    kubeconfig,
  },
  { provider, dependsOn: [dns, roles] },
);

export const vpcId = network.vpcId;
/** `pulumi stack output --show-secrets shopKubeconfig`. */
export const shopKubeconfig = tenant.kubeconfig;
