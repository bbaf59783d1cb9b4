import * as pulumi from "@pulumi/pulumi";
import { Cluster, type ClusterArgs } from "../components/cluster";

/** What a stack exports. */
export interface StackOutputs {
  /** Administrator's kubeconfig; secret: `pulumi stack output --show-secrets kubeconfig`. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly endpoint: string;
  readonly caCertificate: pulumi.Output<string>;
  /** Tenants' kubeconfigs by name; secret. Tenants without credentials are not among them. */
  readonly tenantKubeconfigs: pulumi.Output<Record<string, string>>;
  /** For who logs in at the issuer of `oidc`; left out without one. No secret: it holds no credentials. */
  readonly oidcKubeconfig?: pulumi.Output<string>;
}

/** Builds the cluster of one environment. */
export function createCluster(args: ClusterArgs): { cluster: Cluster; outputs: StackOutputs } {
  const environment = args.environment ?? pulumi.getStack();
  const cluster = new Cluster(environment, { ...args, environment });
  const { kubeconfig, endpoint, caCertificate, oidcKubeconfig } = cluster;
  const tenantKubeconfigs = kubeconfigsOf(cluster);
  const outputs = { kubeconfig, endpoint, caCertificate, tenantKubeconfigs };
  // Pulumi warns at every run about an output that is undefined.
  return { cluster, outputs: oidcKubeconfig === undefined ? outputs : { ...outputs, oidcKubeconfig } };
}

function kubeconfigsOf({ tenants }: Cluster): pulumi.Output<Record<string, string>> {
  const given = Object.entries(tenants).flatMap(([name, { kubeconfig }]) =>
    kubeconfig === undefined ? [] : [[name, kubeconfig] as const],
  );
  return pulumi.output(Object.fromEntries(given));
}

/**
 * The settings and secrets of the running stack's configuration.
 * @throws RunError when `kubeadm:cluster` is missing or is no object
 */
export function stackArgs(): ClusterArgs {
  const settings = readObject("cluster");
  if (settings === undefined)
    throw new pulumi.RunError(
      `the stack ${pulumi.getStack()} has no kubeadm:cluster: write it to Pulumi.${pulumi.getStack()}.yaml`,
    );
  return {
    settings: settings as unknown as ClusterArgs["settings"],
    // A program that makes things on hosts has to have its secrets; only a plan can do without.
    secrets: (readObject("secrets") ?? {}) as Record<string, string>,
    region: pulumi.runtime.getConfig("aws:region"),
  };
}

/**
 * Not `Config.getObject`: it would log that a value is secret, and suggests outputs, whose values come too late to be
 * checked before the first resource. Names are looked up in the secrets, and what goes on is marked secret there.
 */
function readObject(key: string): Record<string, unknown> | undefined {
  const text = pulumi.runtime.getConfig(`kubeadm:${key}`);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === "object" && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Reported below without the text, which may be a secret.
  }
  throw new pulumi.RunError(`kubeadm:${key} has to be an object (a YAML mapping)`);
}
