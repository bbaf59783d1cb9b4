/**
 * A Kubernetes API without nodes for tests: real etcd, kube-apiserver and kube-controller-manager on free loopback ports,
 * with certificates of its own, in a temporary folder. Up in about 10 s. There is no kubelet and no scheduler: pods stay
 * pending, and what a kubelet or a load balancer would report is written by the test, see `patchStatus`.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as https from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ensureTool } from "../support/toolchain";
import { makeCertificates, type Certificates } from "./apiServerCertificates";

export interface ApiServer {
  /** `https://127.0.0.1:port` */
  readonly url: string;
  /** Text of a kubeconfig with the certificate of an administrator inside. */
  readonly kubeconfig: string;
  /** The same in a file, for kubectl. */
  readonly kubeconfigFile: string;
  /** One request as the administrator; rejects with the server's message and the status code in front of it. */
  request<T = unknown>(method: string, path: string, body?: unknown, contentType?: string): Promise<T>;
  /** Merges into the status of an object, as the part of a cluster that is not here would: `path` as of the API. */
  patchStatus(path: string, status: unknown): Promise<void>;
  /** Stops the API server alone; etcd keeps what is there. */
  suspend(): Promise<void>;
  /** Starts it again on the same port. */
  resume(): Promise<void>;
  /** Ends every process and removes the folder. */
  stop(): Promise<void>;
}

export interface ApiServerOptions {
  /** Port of the API server. Default: a free one. */
  readonly port?: number;
  /** Range of Services' addresses. Default: 10.96.0.0/16. */
  readonly serviceCidr?: string;
  /** Run the controllers: without them, nothing is deleted by cascade and no workload gets a status. Default: true. */
  readonly controllers?: boolean;
  /** Further flags of the API server. Default: none. */
  readonly serverArgs?: readonly string[];
}

/** Builds what is missing, which takes minutes once, and starts the processes. Rejects with the tail of a log. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const tools = {
    etcd: await ensureTool("etcd"),
    server: await ensureTool("kube-apiserver"),
    controllers: await ensureTool("kube-controller-manager"),
  };
  const folder = mkdtempSync(path.join(tmpdir(), "pulumi-kubeadm-api-"));
  const file = (name: string) => path.join(folder, name);
  const started: Process[] = [];
  const start = async (name: string, program: string, args: readonly string[]) => {
    const made = await Process.start(name, program, args, file(`${name}.log`));
    started.push(made);
    return made;
  };
  const stop = async () => {
    for (const each of [...started].reverse()) await each.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const certificates = await makeCertificates();
    for (const [name, text] of Object.entries<string>({ ...certificates }))
      writeFileSync(file(`${name}.pem`), text, { mode: 0o600 });
    const [etcdPort, peerPort, freePort, controllerPort] = await freePorts(4);
    const port = options.port ?? freePort;
    const url = `https://127.0.0.1:${port}`;
    const kubeconfigFile = file("admin.kubeconfig");
    const kubeconfig = kubeconfigOf(url, certificates);
    writeFileSync(kubeconfigFile, kubeconfig, { mode: 0o600 });
    const request = requester(url, certificates);

    mkdirSync(file("etcd"));
    await start("etcd", tools.etcd, etcdArgs(file("etcd"), etcdPort, peerPort));
    const serverArgs = [
      ...apiServerArgs(file, etcdPort, port, options.serviceCidr ?? "10.96.0.0/16"),
      ...(options.serverArgs ?? []),
    ];
    let server = await start("kube-apiserver", tools.server, serverArgs);
    const ready = async () =>
      server.until("to be ready", async () => (await request("GET", "/readyz")) === "ok");
    await ready();
    if (options.controllers ?? true) {
      const controllers = await start(
        "kube-controller-manager",
        tools.controllers,
        controllerArgs(file, kubeconfigFile, controllerPort),
      );
      // The first thing the controllers make, and what no pod can be created without.
      await controllers.until("to work", () =>
        request("GET", "/api/v1/namespaces/default/serviceaccounts/default"),
      );
    }
    return {
      url,
      kubeconfig,
      kubeconfigFile,
      request: request as ApiServer["request"],
      patchStatus: async (object, status) => {
        await request("PATCH", `${object}/status`, { status }, "application/merge-patch+json");
      },
      suspend: () => server.stop(),
      resume: async () => {
        server = await start("kube-apiserver", tools.server, serverArgs);
        await ready();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function etcdArgs(data: string, port: number, peerPort: number): string[] {
  const client = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  return [
    "--name=test",
    `--data-dir=${data}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    "--unsafe-no-fsync", // nothing here has to outlive the machine
    "--log-level=warn",
  ];
}

type FileOf = (name: string) => string;

function apiServerArgs(file: FileOf, etcdPort: number, port: number, serviceCidr: string): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    `--service-cluster-ip-range=${serviceCidr}`,
    `--client-ca-file=${file("ca.pem")}`,
    `--tls-cert-file=${file("server.pem")}`,
    `--tls-private-key-file=${file("serverKey.pem")}`,
    `--service-account-key-file=${file("serviceAccountKey.pem")}`,
    `--service-account-signing-key-file=${file("serviceAccountKey.pem")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    "--authorization-mode=RBAC",
    "--endpoint-reconciler-type=none", // a loopback address is none for the Service "kubernetes"
    "--profiling=false",
  ];
}

function controllerArgs(file: FileOf, kubeconfigFile: string, port: number): string[] {
  return [
    `--kubeconfig=${kubeconfigFile}`,
    `--service-account-private-key-file=${file("serviceAccountKey.pem")}`,
    `--root-ca-file=${file("ca.pem")}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cert-dir=${file("controller-manager")}`,
    "--leader-elect=false",
    "--profiling=false",
    "--kube-api-qps=200",
    "--kube-api-burst=400",
  ];
}

function kubeconfigOf(server: string, { ca, client, clientKey }: Certificates): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const name = "test";
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(ca) } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    users: [
      {
        name,
        user: { "client-certificate-data": base64(client), "client-key-data": base64(clientKey) },
      },
    ],
  });
}

function requester(url: string, { ca, client, clientKey }: Certificates) {
  return (
    method: string,
    pathOf: string,
    body?: unknown,
    contentType = "application/json",
  ): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const sentBody = body === undefined ? "" : JSON.stringify(body);
      // Node gives a DELETE no length by itself, and its body would be treated as a request of its own.
      const length = { "content-length": Buffer.byteLength(sentBody) };
      const headers = body === undefined ? {} : { "content-type": contentType, ...length };
      const options = { method, headers, ca, cert: client, key: clientKey, timeout: 30_000 };
      const sent = https.request(url + pathOf, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const answer: unknown = response.headers["content-type"]?.includes("json")
            ? JSON.parse(text)
            : text;
          if ((response.statusCode ?? 500) < 300) return resolve(answer);
          const message = (answer as { message?: string }).message ?? text;
          reject(new Error(`${response.statusCode}: ${message}`));
        });
      });
      sent.on("error", reject);
      sent.on("timeout", () => sent.destroy(new Error(`${method} ${pathOf}: no answer in 30 s`)));
      sent.end(sentBody);
    });
}

/** A process whose output goes to a file, ended by its own id. */
class Process {
  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    private readonly log: string,
  ) {}

  static async start(name: string, program: string, args: readonly string[], log: string): Promise<Process> {
    const output = openSync(log, "a");
    const child = spawn(program, args, { stdio: ["ignore", output, output] });
    closeSync(output);
    // A test run that ends early must not leave servers behind.
    const end = () => void child.kill("SIGKILL");
    process.once("exit", end);
    child.once("exit", () => process.off("exit", end));
    await once(child, "spawn");
    return new Process(name, child, log);
  }

  /** Asks again and again, for at most two minutes, until the answer is not false and no error. */
  async until(what: string, ask: () => Promise<unknown>): Promise<void> {
    const end = Date.now() + 120_000;
    for (;;) {
      const failure = await ask().then(
        (answer) => (answer === false ? "not yet" : undefined),
        (error: unknown) => String(error),
      );
      if (failure === undefined) return;
      if (this.hasEnded() || Date.now() > end) {
        const tail = readFileSync(this.log, "utf8").split("\n").slice(-20).join("\n");
        throw new Error(
          `waiting for ${this.name} ${what}: ${this.hasEnded() ? "it ended" : failure}\n${tail}`,
        );
      }
      await delay(100);
    }
  }

  async stop(): Promise<void> {
    if (this.hasEnded()) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    const hard = setTimeout(() => this.child.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(hard);
  }

  private hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

/** Ports that were free a moment ago, all of them different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    }),
  );
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
