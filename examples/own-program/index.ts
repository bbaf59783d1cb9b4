/**
 * A program of your own that makes one cluster and puts something into it. In your project the import is
 * `import { Cluster } from "pulumi-kubeadm"`; here it leads to the clone, so that `npm run check` holds this file to the
 * library's types.
 *
 * Before the first `pulumi up`:
 *   pulumi config set --secret operatorKey < ~/.ssh/id_ed25519
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Cluster } from "../../index";

const config = new pulumi.Config();

const cluster = new Cluster("shop", {
  // Plain values: they decide which resources there are, and are checked together before the first of them.
  settings: {
    platform: "machines",
    domain: "example.internal",
    network: { peers: [{ name: "office", cidr: "192.168.0.0/16" }] },
    cni: { kind: "flannel", backend: "vxlan", podCidr: "10.244.0.0/16" },
    machines: {
      cp1: {
        role: "controlPlane",
        host: "192.0.2.11",
        nodeAddress: "10.40.0.11",
        user: "ubuntu",
        hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBsrEOsekS05eymmYe1rGXDJT7H8h72+f1ZsJzPx77jr",
        key: "operator",
      },
      w1: {
        role: "worker",
        pool: "general",
        host: "192.0.2.21",
        nodeAddress: "10.40.0.21",
        user: "ubuntu",
        hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKO7KOkZf2aDoNgai0W6plNGrkbICGlN5k4zI4BwTB8F",
        key: "operator",
      },
    },
  },
  // By the names the settings use, which are checked. Outputs are taken as they are; plain strings would be checked too.
  secrets: { operator: config.requireSecret("operatorKey") },
});

// The provider waits for init by itself; `dependsOn` waits until all add-ons are there too.
new k8s.core.v1.Namespace(
  "shop",
  { metadata: { name: "shop" } },
  { provider: cluster.provider, dependsOn: [cluster], deletedWith: cluster.controlPlane.init },
);

/** `pulumi stack output --show-secrets kubeconfig`. */
export const kubeconfig = cluster.kubeconfig;
export const endpoint = cluster.endpoint;
