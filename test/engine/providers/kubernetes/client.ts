/** REST calls to one API server: objects by group, version and kind, with the paths taken from discovery. */
import * as http from "node:http";
import * as https from "node:https";
import { isObject, type Value, type Values } from "../shared/values";
import type { Connection } from "./kubeconfig";
import { apiVersionOf, listAt, numberAt, stringAt, type Gvk, type KubeObject } from "./objects";

/** An answer of the API server that is no success; its message is the server's own. */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    readonly status: Values,
  ) {
    super(stringAt(status, "message") || `the server answered ${code}`);
  }
  get reason(): string {
    return stringAt(this.status, "reason");
  }
}

/** The API server serves no such kind; worded as client-go's meta.NoKindMatchError. */
export class NoMatchError extends Error {
  constructor(gvk: Gvk) {
    super(`no matches for kind "${gvk.kind}" in version "${apiVersionOf(gvk)}"`);
  }
}

export const isNotFound = (error: unknown) => error instanceof ApiError && error.code === 404;
export const isAlreadyExists = (error: unknown) =>
  error instanceof ApiError && error.reason === "AlreadyExists";

export interface Kind {
  readonly gvk: Gvk;
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
}

export type Query = Readonly<Record<string, string | undefined>>;
export const applyPatch = "application/apply-patch+yaml";
export const jsonPatch = "application/json-patch+json";

export class ApiClient {
  private readonly agent: http.Agent;
  private readonly kinds = new Map<string, Promise<readonly Kind[]>>();

  constructor(private readonly target: Connection) {
    this.agent = target.server.startsWith("http:")
      ? new http.Agent({ keepAlive: true })
      : new https.Agent({
          keepAlive: true,
          ca: target.ca,
          cert: target.cert,
          key: target.key,
          servername: target.serverName,
          rejectUnauthorized: !target.insecure,
        });
  }

  /** Kind by discovery; asked again once where it is not there, since a CRD may have come (clients.go, ResourceClient). */
  async kind(gvk: Gvk): Promise<Kind> {
    const found = (await this.lookUp(gvk)) ?? (this.forget(), await this.lookUp(gvk));
    if (!found) throw new NoMatchError(gvk);
    return found;
  }

  /** Whether the API server serves the kind; asked of the cache first, so that an absent CRD is asked for each time. */
  async serves(gvk: Gvk): Promise<boolean> {
    return this.kind(gvk).then(
      () => true,
      () => false,
    );
  }

  forget(): void {
    this.kinds.clear();
  }

  private async lookUp(gvk: Gvk): Promise<Kind | undefined> {
    const version = apiVersionOf(gvk);
    let list = this.kinds.get(version);
    if (!list) {
      list = this.discover(gvk);
      this.kinds.set(version, list);
      list.catch(() => this.kinds.delete(version));
    }
    return (await list).find(({ gvk: { kind } }) => kind === gvk.kind);
  }

  private async discover(gvk: Gvk): Promise<readonly Kind[]> {
    try {
      const answer = await this.request("GET", basePath(gvk));
      return listAt(answer, "resources")
        .filter((each) => !stringAt(each, "name").includes("/"))
        .map((each) => ({
          gvk: { group: gvk.group, version: gvk.version, kind: stringAt(each, "kind") },
          plural: stringAt(each, "name"),
          namespaced: isObject(each) && each["namespaced"] === true,
        }));
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }

  async get(gvk: Gvk, namespace: string, name: string): Promise<KubeObject> {
    return this.request("GET", objectPath(await this.kind(gvk), namespace, name));
  }

  async list(
    gvk: Gvk,
    namespace: string,
    query: Query = {},
  ): Promise<{ items: KubeObject[]; version: string }> {
    const answer = await this.request("GET", objectPath(await this.kind(gvk), namespace), { query });
    // Items of a list carry neither apiVersion nor kind.
    const items = listAt(answer, "items").filter(isObject);
    return {
      items: items.map((item) => ({ apiVersion: apiVersionOf(gvk), kind: gvk.kind, ...item })),
      version: stringAt(answer, "metadata", "resourceVersion"),
    };
  }

  /** One request to an API path; every answer but a success is an ApiError, no answer an error of the connection. */
  async request(
    method: string,
    path: string,
    options: { query?: Query; body?: Value; contentType?: string; signal?: AbortSignal } = {},
  ): Promise<Values> {
    const url = this.url(path, options.query);
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const response = await this.open(method, url, options.signal, body, options.contentType);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return answerOf(response.statusCode ?? 0, Buffer.concat(chunks).toString());
  }

  /** Calls `observe` for each change until the server ends the watch or `signal` is aborted. */
  async watch(
    gvk: Gvk,
    namespace: string,
    query: Query,
    observe: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const url = this.url(objectPath(await this.kind(gvk), namespace), { ...query, watch: "1" });
    const response = await this.open("GET", url, signal);
    let rest = "";
    response.setEncoding("utf8");
    for await (const chunk of response) {
      rest += chunk as string;
      if (response.statusCode !== 200) continue;
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const event = JSON.parse(line) as { type: string; object: KubeObject };
        if (event.type === "ERROR") throw new ApiError(numberAt(event.object, "code") ?? 500, event.object);
        if (event.type !== "BOOKMARK") observe(event as WatchEvent);
      }
    }
    if (response.statusCode !== 200) answerOf(response.statusCode ?? 0, rest);
  }

  private url(path: string, query: Query = {}): URL {
    const url = new URL(this.target.server + path);
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(key, value);
    }
    return url;
  }

  private open(
    method: string,
    url: URL,
    signal?: AbortSignal,
    body?: string,
    contentType = "application/json",
  ): Promise<http.IncomingMessage> {
    const headers: http.OutgoingHttpHeaders = { accept: "application/json" };
    if (this.target.token) headers["authorization"] = `Bearer ${this.target.token}`;
    if (body !== undefined) {
      headers["content-type"] = contentType;
      headers["content-length"] = Buffer.byteLength(body);
    }
    const transport = url.protocol === "http:" ? http : https;
    return new Promise((resolve, reject) => {
      const request = transport.request(url, { method, headers, agent: this.agent, signal }, resolve);
      request.on("error", (error: NodeJS.ErrnoException) => reject(connectionError(method, url, error)));
      request.end(body);
    });
  }
}

function basePath({ group, version }: Gvk): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** Path of an object, or without a name of its collection; a namespaced kind without a namespace is in "default". */
export function objectPath(kind: Kind, namespace: string, name?: string): string {
  const scope = kind.namespaced ? `/namespaces/${namespace || "default"}` : "";
  const collection = `${basePath(kind.gvk)}${scope}/${kind.plural}`;
  return name === undefined ? collection : `${collection}/${encodeURIComponent(name)}`;
}

function answerOf(code: number, text: string): Values {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = { message: text.trim() };
  }
  const answer = (typeof parsed === "object" && parsed !== null ? parsed : {}) as Values;
  if (code < 200 || code > 299) throw new ApiError(code, answer);
  return answer;
}

/** Worded as Go's net/http says it, since people and tests look for its "connection refused". */
function connectionError(method: string, url: URL, error: NodeJS.ErrnoException): Error {
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  const refused =
    error.code === "ECONNREFUSED" ? `dial tcp ${url.host}: connect: connection refused` : undefined;
  return new Error(`${verb} "${url.href}": ${refused ?? error.message}`, { cause: error });
}
