/**
 * The cluster a provider instance is configured for. Whether it can be reached is found out once: a provider that was
 * configured before its cluster was there stays without it (provider.go, Configure).
 */
import type { Values } from "../shared/values";
import { ApiClient } from "./client";
import { readOptions, type Options } from "./configuration";
import {
  ambientKubeconfig,
  connection,
  defaultNamespace,
  kubeconfigText,
  parseKubeconfig,
  type Kubeconfig,
} from "./kubeconfig";
import { builtInNamespaced } from "./kinds";
import { messageOf } from "./operations";
import { stringAt, type Gvk, type KubeObject } from "./objects";

export class Cluster {
  readonly cancel = new AbortController();
  /** CRDs of the program, whose objects may be checked before any is created (clients/cache.go). */
  private readonly crds = new Map<string, KubeObject>();

  private constructor(
    readonly options: Options,
    readonly defaultNamespace: string,
    /** Why there is no connection; undefined where there is one. */
    readonly unreachable: string | undefined,
    private readonly connected?: ApiClient,
    /** Kubeconfig of this cluster alone, for commands. */
    readonly kubeconfigText = "",
  ) {}

  /** What a provider has before it is configured, and in a preview whose kubeconfig is not known yet. */
  static notConfigured(): Cluster {
    return new Cluster(readOptions({}), "default", "the provider is not configured");
  }

  static async connect(args: Values): Promise<Cluster> {
    const options = readOptions(args);
    const lost = (namespace: string, reason: string) => new Cluster(options, namespace, reason);
    const given = args["kubeconfig"];
    let config: Kubeconfig;
    try {
      config =
        given === undefined || given === null || given === "" ? ambientKubeconfig() : parseKubeconfig(given);
    } catch (error) {
      const reason = `failed to parse kubeconfig data in \`kubernetes:config:kubeconfig\`- ${messageOf(error)}`;
      return lost(options.overrides.namespace || "default", reason);
    }
    const namespace = defaultNamespace(config, options.overrides);
    let client: ApiClient;
    try {
      client = new ApiClient(connection(config, options.overrides));
    } catch (error) {
      return lost(
        namespace,
        "unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: \n\n" +
          " \t • set up the provider as per https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ \n\n " +
          messageOf(error),
      );
    }
    try {
      // The original loads the OpenAPI document here; that the server answers is all that matters to the stand-in.
      await client.request("GET", "/api/v1");
    } catch (error) {
      return lost(namespace, `unable to load schema information from the API server: ${messageOf(error)}`);
    }
    return new Cluster(options, namespace, undefined, client, kubeconfigText(config, options.overrides));
  }

  get client(): ApiClient {
    if (!this.connected) throw new Error(`configured Kubernetes cluster is unreachable: ${this.unreachable}`);
    return this.connected;
  }

  rememberCrd(crd: KubeObject): void {
    this.crds.set(`${stringAt(crd, "spec", "group")}/${stringAt(crd, "spec", "names", "kind")}`, crd);
  }

  /** Undefined where nobody can tell yet: a custom resource whose CRD is not there (clients.go, IsNamespacedKind). */
  async isNamespaced(gvk: Gvk): Promise<boolean | undefined> {
    const known = builtInNamespaced(gvk);
    if (known !== undefined) return known;
    const crd =
      this.crds.get(`${gvk.group}/${gvk.kind}`) ??
      this.crds.get(`${gvk.group}/${gvk.kind.replace(/Patch$/, "")}`);
    if (crd) return stringAt(crd, "spec", "scope") === "Namespaced";
    return this.connected?.kind(gvk).then(
      ({ namespaced }) => namespaced,
      () => undefined,
    );
  }

  /** provider.go, gvkExists */
  async serves(gvk: Gvk): Promise<boolean> {
    return (await this.connected?.serves(gvk)) ?? false;
  }
}
