/** Kubeconfig: reading it, the active cluster, and how to connect (provider/util.go and client-go's clientcmd). */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { isObject, type Value, type Values } from "../shared/values";
import { objectAt, stringAt } from "./objects";

export interface Kubeconfig {
  readonly currentContext: string;
  readonly clusters: Readonly<Record<string, Values>>;
  readonly contexts: Readonly<Record<string, Values>>;
  readonly users: Readonly<Record<string, Values>>;
}

/** Settings of the provider that take a place of the kubeconfig's own. */
export interface Overrides {
  readonly context: string;
  readonly cluster: string;
  readonly namespace: string;
}

export interface Connection {
  /** `https://host:port`, without a slash at the end. */
  readonly server: string;
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly token?: string;
  readonly serverName?: string;
  readonly insecure: boolean;
}

const empty: Kubeconfig = { currentContext: "", clusters: {}, contexts: {}, users: {} };

/** Takes a path, `~/path`, the text itself, or an object (parseKubeconfigPropertyValue). Throws on text that is no kubeconfig. */
export function parseKubeconfig(given: Value | undefined): Kubeconfig {
  if (given === undefined || given === null || given === "") return empty;
  if (isObject(given)) return fromDocument(given);
  if (typeof given !== "string") throw new Error(`unexpected kubeconfig format, type: ${typeof given}`);
  const expanded = given === "~" || given.startsWith("~/") ? path.join(homedir(), given.slice(1)) : given;
  // A path is at most 4096 characters; stat of a whole kubeconfig would fail by its length.
  const text = expanded.length < 4096 && existsSync(expanded) ? readFileSync(expanded, "utf8") : given;
  const document: unknown = parse(text);
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new Error("couldn't get version/kind; json parse error: the kubeconfig is no object");
  }
  return fromDocument(document as Values);
}

/** What client-go reads where the provider has no kubeconfig: KUBECONFIG, else `~/.kube/config`. */
export function ambientKubeconfig(): Kubeconfig {
  const files = (process.env["KUBECONFIG"] ?? path.join(homedir(), ".kube", "config")).split(path.delimiter);
  const file = files.find((name) => name !== "" && existsSync(name));
  return file === undefined ? empty : parseKubeconfig(file);
}

function fromDocument(document: Values): Kubeconfig {
  return {
    currentContext: stringAt(document, "current-context"),
    clusters: named(document["clusters"], "cluster"),
    contexts: named(document["contexts"], "context"),
    users: named(document["users"], "user"),
  };
}

function named(list: Value | undefined, key: string): Record<string, Values> {
  if (!Array.isArray(list)) return {};
  return Object.fromEntries(list.map((entry) => [stringAt(entry, "name"), objectAt(entry, key)]));
}

/** The cluster a provider of these settings talks to; undefined where the kubeconfig names none (getActiveClusterFromConfig). */
export function activeCluster(config: Kubeconfig, overrides: Partial<Overrides>): Values | undefined {
  const context = config.contexts[overrides.context || config.currentContext];
  if (!context) return undefined;
  return config.clusters[overrides.cluster || stringAt(context, "cluster")];
}

/** A kubeconfig for commands, with the settings of the provider in the place of its own. */
export function kubeconfigText(config: Kubeconfig, overrides: Partial<Overrides>): string {
  const current = overrides.context || config.currentContext;
  const entries = (named: Readonly<Record<string, Values>>, key: string): Values[] =>
    Object.entries(named).map(([name, value]) => ({ name, [key]: value }));
  const context = config.contexts[current];
  const contexts =
    context && overrides.cluster
      ? { ...config.contexts, [current]: { ...context, cluster: overrides.cluster } }
      : config.contexts;
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": current,
    clusters: entries(config.clusters, "cluster"),
    contexts: entries(contexts, "context"),
    users: entries(config.users, "user"),
  });
}

/** Namespace for objects that have none: the provider's, the context's, or "default". */
export function defaultNamespace(config: Kubeconfig, overrides: Overrides): string {
  const context = config.contexts[overrides.context || config.currentContext];
  return overrides.namespace || stringAt(context, "namespace") || "default";
}

/** Throws where the kubeconfig does not say where to go. */
export function connection(config: Kubeconfig, overrides: Overrides): Connection {
  const contextName = overrides.context || config.currentContext;
  const context = config.contexts[contextName];
  if (!context) {
    throw new Error(
      contextName === ""
        ? "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable"
        : `context "${contextName}" does not exist`,
    );
  }
  const cluster = activeCluster(config, overrides);
  if (!cluster)
    throw new Error(`cluster "${overrides.cluster || stringAt(context, "cluster")}" does not exist`);
  const user = config.users[stringAt(context, "user")] ?? {};
  for (const key of ["exec", "auth-provider", "username"]) {
    if (key in user) throw new Error(`the stand-in knows no "${key}" in a kubeconfig`);
  }
  return {
    server: stringAt(cluster, "server").replace(/\/$/, ""),
    ca: dataOrFile(cluster, "certificate-authority"),
    cert: dataOrFile(user, "client-certificate"),
    key: dataOrFile(user, "client-key"),
    token: stringAt(user, "token") || undefined,
    serverName: stringAt(cluster, "tls-server-name") || undefined,
    insecure: cluster["insecure-skip-tls-verify"] === true,
  };
}

function dataOrFile(from: Values, key: string): Buffer | undefined {
  const data = stringAt(from, `${key}-data`);
  if (data !== "") return Buffer.from(data, "base64");
  const file = stringAt(from, key);
  return file === "" ? undefined : readFileSync(file);
}
