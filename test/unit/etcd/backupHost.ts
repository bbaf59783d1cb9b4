import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sha256 } from "../../../model/core/hash";
import { backupConfig, backupProgramText } from "../../../model/etcd/backup/files";
import { writeEncryption, type EncryptionKey } from "../../../model/kubeadm/encryption";
import type { BackupSettings } from "../../../model/etcd/backup/settings";
import { cacheFolder } from "../../support/cache";
import { HANGS_AFTER } from "../../support/patience";

/** A tool of etcd that the lab has built; undefined: it has not, and tests that need it are skipped. */
export function builtTool(name: "etcd" | "etcdctl" | "etcdutl"): string | undefined {
  const folder = cacheFolder("tools");
  const found = fs.existsSync(folder)
    ? fs.readdirSync(folder).filter((entry) => new RegExp(`^${name}-[0-9a-f]{16}$`).test(entry))
    : [];
  return found.map((entry) => path.join(folder, entry, name)).find((file) => fs.existsSync(file));
}

/** Every tool, or none. */
export const etcdTools = (() => {
  const [etcd, etcdctl, etcdutl] = [builtTool("etcd"), builtTool("etcdctl"), builtTool("etcdutl")];
  return etcd === undefined || etcdctl === undefined || etcdutl === undefined
    ? undefined
    : { etcd, etcdctl, etcdutl };
})();

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** One member of etcd on loopback, without certificates. */
export class Etcd {
  private constructor(
    readonly endpoint: string,
    private readonly process: ChildProcess,
  ) {}

  static async start(data: string): Promise<Etcd> {
    const [client, peer] = [await freePort(), await freePort()];
    const endpoint = `http://127.0.0.1:${client}`;
    const peers = `http://127.0.0.1:${peer}`;
    const process = spawn(
      etcdTools?.etcd ?? "",
      [
        ...["--name", "one", "--data-dir", data, "--listen-client-urls", endpoint],
        ...["--advertise-client-urls", endpoint, "--listen-peer-urls", peers],
        ...["--initial-advertise-peer-urls", peers, "--initial-cluster", `one=${peers}`],
        ...["--unsafe-no-fsync", "--log-level", "error"],
      ],
      { stdio: "ignore" },
    );
    const etcd = new Etcd(endpoint, process);
    for (const until = Date.now() + HANGS_AFTER; Date.now() < until; await delay(50))
      if (etcd.ctl("endpoint", "health").status === 0) return etcd;
    throw new Error("etcd does not answer");
  }

  ctl(...words: string[]): { status: number | null; stdout: string } {
    const tool = etcdTools?.etcdctl ?? "";
    return spawnSync(tool, ["--endpoints", this.endpoint, ...words], { encoding: "utf8" });
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
  }
}

/** Stands in for `kubectl` in front of one Lease: creates it, and replaces the version that was read. */
const KUBECTL = `#!/usr/bin/env python3
import fcntl, json, os, sys
file = os.environ["LEASE_FILE"]
words = [word for word in sys.argv[1:] if word in ("get", "create", "replace")]
with open(file + ".lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    kept = json.load(open(file)) if os.path.exists(file) else None
    if words == ["get"]:
        print(json.dumps(kept) if kept else "")
        sys.exit()
    given = json.load(sys.stdin)
    if words == ["create"] and kept:
        sys.exit('Error from server (AlreadyExists): leases.coordination.k8s.io already exists')
    if words == ["replace"] and given["metadata"]["resourceVersion"] != kept["metadata"]["resourceVersion"]:
        sys.exit('Error from server (Conflict): the object has been modified')
    given["metadata"]["resourceVersion"] = str(int(given["metadata"].get("resourceVersion", "0")) + 1)
    with open(file + ".new", "w") as new:
        json.dump(given, new)
    os.replace(file + ".new", file)
`;

export const CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
export const CLUSTER = sha256(CA.trim());

/** Keys that Secrets of the host are encrypted with. */
export const KEYS: readonly EncryptionKey[] = [
  { provider: "secretbox", name: "generated-2026-12", secret: Buffer.alloc(32, 1).toString("base64") },
  { provider: "secretbox", name: "2025", secret: Buffer.alloc(32, 2).toString("base64") },
  { provider: "aescbc", name: "generated", secret: Buffer.alloc(32, 3).toString("base64") },
];

export interface BackupHostOptions {
  readonly etcd?: Etcd;
  readonly backup: BackupSettings;
  readonly name?: string;
  /** Shared by the nodes of a cluster. */
  readonly leaseFile?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly metadata?: string;
}

/** A folder that plays a control-plane node for the program of backups, with a real etcd. */
export class BackupHost {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), "backup-host-"));
  readonly config = path.join(this.root, "config");
  readonly leaseFile: string;
  private readonly program = path.join(this.root, "program.py");

  constructor(options: BackupHostOptions) {
    const { etcd, backup, name = "cp1", key = Buffer.alloc(32, 7).toString("base64"), ca = CA } = options;
    this.leaseFile = options.leaseFile ?? path.join(this.root, "lease.json");
    for (const folder of ["config", "pki", "manifests", "bin", "tools"])
      fs.mkdirSync(path.join(this.root, folder));
    for (const tool of ["etcdctl", "etcdutl"] as const)
      if (etcdTools !== undefined) fs.symlinkSync(etcdTools[tool], path.join(this.root, "tools", tool));
    this.write("bin/kubectl", KUBECTL, 0o755);
    this.write("pki/ca.crt", ca);
    this.write("manifests/kube-apiserver.yaml", "    image: registry.k8s.io/kube-apiserver:v1.36.4\n");
    this.write("encryption.yaml", writeEncryption(KEYS));
    this.write("config/key", `${key}\n`);
    this.configure(backup, name);
    fs.writeFileSync(
      this.program,
      backupProgramText({
        configFolder: this.config,
        tools: path.join(this.root, "tools"),
        etcd: ["--endpoints", etcd?.endpoint ?? "http://127.0.0.1:1"],
        kubectl: [],
        workFolder: path.join(this.root, "work"),
        lockFile: path.join(this.root, "lock"),
        pki: path.join(this.root, "pki"),
        record: path.join(this.root, "node.json"),
        manifests: path.join(this.root, "manifests"),
        encryption: path.join(this.root, "encryption.yaml"),
        rewriteMark: path.join(this.root, "encryption.rewrite"),
        metadata: options.metadata ?? "http://127.0.0.1:1/",
      }),
    );
  }

  configure(backup: BackupSettings, name = "cp1"): void {
    this.write("config/config.json", backupConfig("metal", backup, { name }));
  }

  path(...parts: string[]): string {
    return path.join(this.root, ...parts);
  }

  write(file: string, content: string, mode = 0o600): void {
    fs.writeFileSync(path.join(this.root, file), content, { mode });
  }

  private get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      PATH: `${this.root}/bin:${process.env["PATH"] ?? ""}`,
      LEASE_FILE: this.leaseFile,
    };
  }

  /** Starts a command of the program. */
  start(...words: string[]): ChildProcess {
    return spawn("python3", ["-I", this.program, ...words], { env: this.environment });
  }

  async run(...words: string[]): Promise<{ status: number | null; output: string }> {
    const child = this.start(...words);
    let output = "";
    child.stdout?.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr?.on("data", (data: Buffer) => (output += data.toString()));
    const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { status, output };
  }

  /** Runs lines of Python after the program's own, which are not started. */
  python(lines: string, input = ""): string {
    const text = fs.readFileSync(this.program, "utf8").replace(/\nif __name__[^]*$/, "\n");
    const done = spawnSync("python3", ["-I", "-c", `${text}\n${lines}`], {
      env: this.environment,
      input,
      encoding: "utf8",
    });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout;
  }

  lease(): { metadata: { annotations: Record<string, string> }; spec: Record<string, unknown> } {
    return JSON.parse(fs.readFileSync(this.leaseFile, "utf8")) as ReturnType<BackupHost["lease"]>;
  }

  remove(): void {
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

export function backupTo(
  target: BackupSettings["target"],
  over: Partial<BackupSettings> = {},
): BackupSettings {
  return {
    schedule: { calendar: "*-*-* 00/6:00:00 UTC", leastGap: 21_600, mostGap: 21_600 },
    keep: 3,
    target,
    ...over,
  };
}
