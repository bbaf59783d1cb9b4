import type * as library from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { EventEmitter } from "node:events";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import { SourceError } from "../doctor/source";
import type { KubernetesObject } from "../model/kubernetes";

type Library = typeof library;

/** A kubeconfig. */
export interface Kubeconfig {
  readonly text: string;
  /** Paths in it are relative to this folder. Default: the working directory */
  readonly folder?: string;
}

/** One configuration of several files, as kubectl reads them: what is first under a name counts, and the first current context. */
export function mergedKubeconfig(client: Library, kubeconfigs: readonly Kubeconfig[]): library.KubeConfig {
  const all = kubeconfigs.map(({ text, folder }) => {
    const one = new client.KubeConfig();
    one.loadFromString(text);
    if (folder !== undefined) one.makePathsAbsolute(folder);
    return one;
  });
  const firsts = <T extends { readonly name: string }>(
    of: (one: library.KubeConfig) => readonly T[],
  ): T[] => {
    const byName = new Map<string, T>();
    for (const entry of all.flatMap(of)) if (!byName.has(entry.name)) byName.set(entry.name, entry);
    return [...byName.values()];
  };
  const merged = new client.KubeConfig();
  merged.loadFromOptions({
    clusters: firsts(({ clusters }) => clusters),
    users: firsts(({ users }) => users),
    contexts: firsts(({ contexts }) => contexts),
    currentContext: all.map(({ currentContext }) => currentContext).find(Boolean),
  });
  return merged;
}

/** The calls of the API that the smoke test makes. */
export class SmokeClient {
  private constructor(
    private readonly client: Library,
    private readonly config: library.KubeConfig,
    private readonly core: library.CoreV1Api,
    private readonly apps: library.AppsV1Api,
    private readonly certificates: library.CertificatesV1Api,
  ) {}

  /**
   * @param kubeconfigs one, or several that are read together
   * @throws SourceError when they are no kubeconfig, or the package that uses it is missing
   */
  static async connect(kubeconfigs: readonly Kubeconfig[]): Promise<SmokeClient> {
    const client = await import("@kubernetes/client-node").catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
      throw new SourceError(
        "the smoke test needs the package @kubernetes/client-node: npm install @kubernetes/client-node",
      );
    });
    try {
      const config = mergedKubeconfig(client, kubeconfigs);
      return new SmokeClient(
        client,
        config,
        config.makeApiClient(client.CoreV1Api),
        config.makeApiClient(client.AppsV1Api),
        config.makeApiClient(client.CertificatesV1Api),
      );
    } catch {
      // The package's own errors quote the text, and with it the key.
      throw new SourceError(
        "the kubeconfig is not YAML with a current context, its cluster and its user: pulumi stack output --show-secrets kubeconfig prints one",
      );
    }
  }

  async nodes(): Promise<library.V1Node[]> {
    return (await this.core.listNode()).items;
  }

  /** Requests for the identity of a node that nobody approved or denied: name and who asks. */
  async pendingJoins(): Promise<string[]> {
    const { items } = await this.certificates.listCertificateSigningRequest();
    return items
      .filter((one) => one.spec.signerName === "kubernetes.io/kube-apiserver-client-kubelet")
      .filter((one) => (one.status?.conditions ?? []).length === 0)
      .map((one) => `${one.metadata?.name ?? ""} of ${one.spec.username ?? ""}`);
  }

  /** Address of Service `kubernetes`. */
  async kubernetesAddress(): Promise<string> {
    const service = await this.core.readNamespacedService({ namespace: "default", name: "kubernetes" });
    return service.spec?.clusterIP ?? "";
  }

  async createNamespace(object: KubernetesObject): Promise<void> {
    await this.core.createNamespace({ body: object });
  }

  /** A pod needs the namespace's service account, which a controller makes. */
  async hasServiceAccount(namespace: string): Promise<boolean> {
    const { items } = await this.core.listNamespacedServiceAccount({ namespace });
    return items.some((one) => one.metadata?.name === "default");
  }

  async deleteNamespace(name: string): Promise<void> {
    await this.core.deleteNamespace({ name });
  }

  async hasNamespace(name: string): Promise<boolean> {
    const { items } = await this.core.listNamespace({ fieldSelector: `metadata.name=${name}` });
    return items.length > 0;
  }

  async createSecret(namespace: string, object: KubernetesObject): Promise<void> {
    await this.core.createNamespacedSecret({ namespace, body: object });
  }

  async createDeployment(namespace: string, object: KubernetesObject): Promise<void> {
    await this.apps.createNamespacedDeployment({
      namespace,
      body: object,
    });
  }

  async createService(namespace: string, object: KubernetesObject): Promise<library.V1Service> {
    return this.core.createNamespacedService({ namespace, body: object });
  }

  async pods(namespace: string, labelSelector: string): Promise<library.V1Pod[]> {
    return (await this.core.listNamespacedPod({ namespace, labelSelector })).items;
  }

  /** Why the scheduler or a kubelet did not do something: the latest warnings of a namespace. */
  async warnings(namespace: string): Promise<string[]> {
    const { items } = await this.core.listNamespacedEvent({ namespace, fieldSelector: "type=Warning" });
    return [...new Set(items.map((event) => `${event.reason ?? ""}: ${event.message ?? ""}`))].slice(-3);
  }

  logs(namespace: string, name: string): Promise<string> {
    return this.core.readNamespacedPodLog({ namespace, name });
  }

  /** Runs a command in a pod; rejects with its standard error when it does not end well. */
  async exec(namespace: string, pod: string, container: string, command: readonly string[]): Promise<string> {
    const output = new Collected();
    const errors = new Collected();
    const exec = new this.client.Exec(this.config);
    return new Promise((resolve, reject) => {
      exec
        .exec(namespace, pod, container, [...command], output, errors, null, false, (status) => {
          if (status.status === "Success") resolve(output.text());
          else
            reject(
              new Error(`${command[0] ?? ""} in ${pod}: ${errors.text().trim() || (status.message ?? "")}`),
            );
        })
        .then((opened) => {
          const socket = opened as unknown as EventEmitter;
          socket.on("error", reject);
          socket.on("close", () => reject(new Error(`the connection to ${pod} was closed early`)));
        }, reject);
    });
  }

  /** A port of this machine that leads to one of a pod, for as long as `use` runs. */
  async forwarded<T>(
    namespace: string,
    pod: string,
    port: number,
    use: (local: number) => Promise<T>,
  ): Promise<T> {
    const forward = new this.client.PortForward(this.config);
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      forward
        .portForward(namespace, pod, [port], socket, null, socket)
        .catch((error: unknown) => socket.destroy(error as Error));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    try {
      return await use((server.address() as AddressInfo).port);
    } finally {
      for (const socket of open) socket.destroy();
      server.close();
    }
  }
}

/** What is written to it, as text. */
class Collected extends Writable {
  private readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }

  text(): string {
    return Buffer.concat(this.chunks).toString("utf8");
  }
}
