import * as pulumi from "@pulumi/pulumi";
import { Cluster, type ClusterArgs } from "../components/cluster";
import { ofStackFile } from "../components/origin";
import { ClusterSettingsError } from "../components/settingsError";
import { SettingsError } from "../model/settings/problems";
import { plainSecretProblems, storedSecrets } from "../model/settings/storedSecrets";
import { objectIn } from "../model/settings/yaml";
import { type StackFile, stackFile } from "./stackFile";

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
  const cluster = new Cluster(environment, ofStackFile({ ...args, environment }));
  const { kubeconfig, endpoint, caCertificate, oidcKubeconfig } = cluster;
  const tenantKubeconfigs = kubeconfigsOf(cluster);
  const outputs = { kubeconfig, endpoint, caCertificate, tenantKubeconfigs };
  // Pulumi warns at every run about an output that is undefined.
  return { cluster, outputs: oidcKubeconfig === undefined ? outputs : { ...outputs, oidcKubeconfig } };
}

/**
 * Builds the cluster of the running stack.
 *
 * @throws ClusterSettingsError with the lines of the stack's file that the problems are about
 */
export function stackOutputs(folder: string = pulumi.getRootDirectory()): StackOutputs {
  const args = stackArgs(folder);
  try {
    return createCluster(args).outputs;
  } catch (error) {
    if (!(error instanceof ClusterSettingsError)) throw error;
    const file = stackFile(folder, pulumi.getStack());
    // The configuration may come from elsewhere, and the file's lines be about something else.
    if (JSON.stringify(file?.config["kubeadm:cluster"]) !== JSON.stringify(args.settings)) throw error;
    throw new ClusterSettingsError(
      new SettingsError(file?.locate(error.problems) ?? error.problems, pulumi.getStack()),
    );
  }
}

function kubeconfigsOf({ tenants }: Cluster): pulumi.Output<Record<string, string>> {
  const given = Object.entries(tenants).flatMap(([name, { kubeconfig }]) =>
    kubeconfig === undefined ? [] : [[name, kubeconfig] as const],
  );
  return pulumi.output(Object.fromEntries(given));
}

/**
 * The settings and secrets of the running stack's configuration.
 *
 * @param folder Of the project, where the stack's file is.
 * @throws RunError when `kubeadm:cluster` is missing or is not an object
 * @throws ClusterSettingsError when a secret is not encrypted, or the stack's file is read differently by the CLI and others
 */
export function stackArgs(folder: string = pulumi.getRootDirectory()): ClusterArgs {
  const file = stackFile(folder, pulumi.getStack());
  const settings = readObject("cluster");
  if (settings === undefined)
    throw new pulumi.RunError(
      `the stack ${pulumi.getStack()} has no kubeadm:cluster: write it to Pulumi.${pulumi.getStack()}.yaml`,
    );
  // A program that makes things on hosts has to have its secrets; only a plan can do without.
  const secrets = readObject("secrets") ?? {};
  refusePlainSecrets(secrets, file);
  return {
    settings: settings as unknown as ClusterArgs["settings"],
    secrets: secrets as Record<string, string>,
    region: pulumi.runtime.getConfig("aws:region"),
  };
}

/**
 * Pulumi says of the whole key whether it is secret, and it is as soon as one part is. Which part is not encrypted is
 * in the stack's file; a text there counts when it is the value that the program was given, since the configuration may
 * come from elsewhere.
 */
function refusePlainSecrets(given: Readonly<Record<string, unknown>>, file: StackFile | undefined): void {
  const stored = storedSecrets(file?.config["kubeadm:secrets"]).plain;
  const plain = isConfigSecret("kubeadm:secrets")
    ? [...stored]
        .filter(([name, text]) => name in given && String(given[name]) === String(text))
        .map(([name]) => name)
    : Object.keys(given);
  if (plain.length === 0) return;
  const problems = plainSecretProblems(plain, file?.name ?? "the configuration of the stack");
  throw new ClusterSettingsError(new SettingsError(problems, pulumi.getStack()));
}

/** @internal in the SDK, which says it to no program in another way without a warning of its own. */
function isConfigSecret(key: string): boolean {
  const { isConfigSecret: ask } = pulumi.runtime as unknown as { isConfigSecret: (key: string) => boolean };
  return ask(key);
}

/**
 * Not `Config.getObject`: it would log that a value is secret, and suggests outputs, whose values come too late to be
 * checked before the first resource. Names are looked up in the secrets, and what goes on is marked secret there.
 */
function readObject(key: string): Record<string, unknown> | undefined {
  const text = pulumi.runtime.getConfig(`kubeadm:${key}`);
  if (text === undefined) return undefined;
  const value = objectIn(text);
  if (value === undefined) throw new pulumi.RunError(`kubeadm:${key} must be an object (a YAML mapping)`);
  return value;
}
