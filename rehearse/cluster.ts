/** An etcd and an API server of a snapshot, on this machine alone. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";
import { paths } from "../model/kubeadm/paths";
import type { Binaries } from "./binaries";
import { RehearsalError } from "./problem";
import { freePort, type Scratch } from "./scratch";
import type { FetchedSnapshot } from "./snapshot";
import type { RehearsedStack } from "./state";

/** Seconds for which each of the two may start: an etcd of gigabytes is read whole. */
const ETCD_SECONDS = 300;
const API_SECONDS = 300;
/** Keys that etcd gives in one answer. */
const PAGE = 1_000;

export interface Key {
  readonly key: string;
  readonly value: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What the rehearsal reads of the restored cluster. */
export interface RestoredCluster {
  /** Keys below a prefix, with the first bytes that they hold. */
  keysBelow(prefix: string): AsyncIterable<Key>;
  /** Asks the API server. */
  get(path: string, accept?: string): Promise<Answer>;
}

/**
 * Restores a snapshot and starts what reads it. The API server decrypts by the keys of the state; what would lead out of this
 * machine is left out: admission webhooks, and API servers behind the aggregator.
 * @throws RehearsalError
 */
export async function restoredCluster(
  scratch: Scratch,
  binaries: Binaries,
  snapshot: FetchedSnapshot,
  stack: RehearsedStack,
): Promise<RestoredCluster & { close(): void }> {
  const etcd = await startEtcd(scratch, binaries, snapshot);
  await dropForeignApis(etcd);
  const api = await startApiServer(scratch, binaries, etcd.socket, stack);
  return {
    keysBelow: (prefix) => etcd.keysBelow(prefix),
    get: (path, accept) => api.get(path, accept),
    close: () => {
      api.close();
      etcd.close();
    },
  };
}

/** Sockets of etcd are files in the scratch folder, so that nobody else on this machine reaches it; it wants a name and a number. */
async function startEtcd(
  scratch: Scratch,
  { etcd, etcdutl }: Binaries,
  { file }: FetchedSnapshot,
): Promise<Etcd> {
  const nowhere = "http://127.0.0.1:1";
  const member = [
    ...["--name", "rehearsal", "--initial-advertise-peer-urls", nowhere],
    ...["--initial-cluster", `rehearsal=${nowhere}`],
  ];
  await scratch.run("restoring the snapshot", etcdutl, [
    ...["snapshot", "restore", file, "--data-dir", scratch.path("etcd"), ...member],
  ]);
  fs.rmSync(file);
  const client = new Etcd(scratch.path("client:1"));
  await scratch.start(
    "etcd",
    etcd,
    [
      ...[...member, "--data-dir", scratch.path("etcd"), "--advertise-client-urls", nowhere],
      ...[
        "--listen-client-urls",
        `unix://${client.socket}`,
        "--listen-peer-urls",
        `unix://${scratch.path("peer:1")}`,
      ],
      ...["--unsafe-no-fsync", "--log-level", "warn"],
    ],
    () => client.isHealthy(),
    ETCD_SECONDS,
  );
  return client;
}

/** etcd by its gateway for JSON. */
class Etcd {
  private readonly agent = new http.Agent({ keepAlive: true });

  constructor(readonly socket: string) {}

  async isHealthy(): Promise<boolean> {
    return (await this.ask("GET", "/health")).body.includes('"true"');
  }

  async *keysBelow(prefix: string): AsyncIterable<Key> {
    const end = base64(prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1));
    for (let from = base64(prefix); ;) {
      const { status, body } = await this.ask(
        "POST",
        "/v3/kv/range",
        JSON.stringify({ key: from, range_end: end, limit: PAGE }),
      );
      if (status !== 200) throw new RehearsalError(`etcd does not list ${prefix}: ${body.slice(0, 200)}`);
      const { kvs = [], more } = JSON.parse(body) as {
        readonly kvs?: readonly { readonly key: string; readonly value?: string }[];
        readonly more?: boolean;
      };
      for (const { key, value } of kvs)
        yield { key: Buffer.from(key, "base64").toString(), value: Buffer.from(value ?? "", "base64") };
      const last = kvs.at(-1);
      if (more !== true || last === undefined) return;
      // The next key in order is the same with a zero behind it.
      from = Buffer.concat([Buffer.from(last.key, "base64"), Buffer.of(0)]).toString("base64");
    }
  }

  async remove(key: string): Promise<void> {
    await this.ask("POST", "/v3/kv/deleterange", JSON.stringify({ key: base64(key) }));
  }

  close(): void {
    this.agent.destroy();
  }

  private ask(method: string, path: string, body = ""): Promise<Answer> {
    const options = { socketPath: this.socket, method, path, agent: this.agent };
    return new Promise((resolve, reject) => {
      http
        .request(options, (answer) => void taken(answer).then(resolve, reject))
        .once("error", reject)
        .end(body);
    });
  }
}

function base64(content: string): string {
  return Buffer.from(content).toString("base64");
}

async function taken(answer: http.IncomingMessage): Promise<Answer> {
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}

const API_SERVICES = "/registry/apiregistration.k8s.io/apiservices/";

/** What the API server itself serves is registered anew when it starts; what another one serves would be asked for over the network. */
async function dropForeignApis(etcd: Etcd): Promise<void> {
  const foreign: string[] = [];
  for await (const { key, value } of etcd.keysBelow(API_SERVICES))
    if (!value.includes("kube-aggregator.kubernetes.io/automanaged")) foreign.push(key);
  for (const key of foreign) await etcd.remove(key);
}

class Api {
  private readonly agent = new https.Agent({ keepAlive: true, maxSockets: 8 });
  private ca: Buffer | undefined;

  constructor(
    private readonly port: number,
    private readonly token: string,
    private readonly certificate: string,
  ) {}

  get(path: string, accept = "application/json"): Promise<Answer> {
    // It makes its certificate when it starts.
    this.ca ??= fs.readFileSync(this.certificate);
    const headers = { authorization: `Bearer ${this.token}`, accept };
    const options = { host: "127.0.0.1", port: this.port, path, headers, ca: this.ca, agent: this.agent };
    return new Promise((resolve, reject) => {
      https
        .request(options, (answer) => void taken(answer).then(resolve, reject))
        .once("error", reject)
        .end();
    });
  }

  /** Where a Secret does not decrypt its caches are never filled, and everything else is served. */
  async isReady(): Promise<boolean> {
    return (await this.get("/readyz?exclude=informer-sync")).status === 200;
  }

  close(): void {
    this.agent.destroy();
  }
}

async function startApiServer(
  scratch: Scratch,
  { kubeApiserver }: Binaries,
  socket: string,
  { files, serviceCidr }: RehearsedStack,
): Promise<Api> {
  const token = randomBytes(32).toString("hex");
  // Nobody signs tokens here: the key of the cluster stays where it is.
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = scratch.write("api/sa.key", privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  const tokens = scratch.write("api/tokens.csv", `${token},rehearsal,rehearsal,system:masters\n`);
  const encryption = scratch.write("api/encryption.yaml", files[paths.wantedEncryption] ?? "");
  const port = await freePort();
  const api = new Api(port, token, scratch.path("api/certificates/apiserver.crt"));
  await scratch.start(
    "kube-apiserver",
    kubeApiserver,
    [
      ...[
        "--bind-address",
        "127.0.0.1",
        "--secure-port",
        String(port),
        "--cert-dir",
        scratch.path("api/certificates"),
      ],
      ...["--etcd-servers", `unix://${socket}`, "--encryption-provider-config", encryption],
      ...["--token-auth-file", tokens, "--anonymous-auth=false", "--authorization-mode", "RBAC"],
      ...["--service-cluster-ip-range", serviceCidr, "--endpoint-reconciler-type", "none"],
      // Nobody is told of it: TEST-NET-1, where a machine may have no route that it could be taken from.
      ...["--advertise-address", "192.0.2.1"],
      ...["--service-account-issuer", "https://rehearsal.invalid", "--service-account-key-file", key],
      ...["--service-account-signing-key-file", key, "--enable-garbage-collector=false"],
      "--disable-admission-plugins=MutatingAdmissionWebhook,ValidatingAdmissionWebhook",
    ],
    () => api.isReady(),
    API_SECONDS,
  );
  return api;
}
