/** etcd, etcdutl and the API server that a snapshot is restored with: of a folder, or downloaded once. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { minorOf } from "../model/versions";
import { RehearsalError } from "./problem";
import type { Scratch } from "./scratch";

export interface Binaries {
  readonly etcd: string;
  readonly etcdutl: string;
  readonly kubeApiserver: string;
}

/** x.y.z. */
export interface WantedVersions {
  readonly etcd: string;
  readonly kubernetes: string;
}

/** Where files are downloaded from, without a slash at the end; a test has its own. */
export interface Servers {
  readonly kubernetes: string;
  readonly github: string;
}

/** @param kubeadmUrl as hosts download it: a mirror of the settings serves the other files, too */
export function serversOf(kubeadmUrl: string | undefined): Servers {
  const mirror = /^(.+)\/dl\.k8s\.io\/v\d/.exec(kubeadmUrl ?? "")?.[1];
  const base = mirror === undefined || mirror === "https:/" ? "https:/" : mirror;
  return { kubernetes: `${base}/dl.k8s.io`, github: `${base}/github.com` };
}

/** As the XDG Base Directory Specification has it. */
export function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache");
  return path.join(base, "pulumi-kubeadm", "rehearse");
}

const NAMES = { etcd: "etcd", etcdutl: "etcdutl", kubeApiserver: "kube-apiserver" } as const;

/**
 * Those of a folder, which must be of the snapshot's minor versions.
 * @throws RehearsalError
 */
export async function binariesIn(
  scratch: Scratch,
  folder: string,
  wanted: WantedVersions,
): Promise<Binaries> {
  const at = (name: string): string => path.resolve(folder, name);
  const found = { etcd: at(NAMES.etcd), etcdutl: at(NAMES.etcdutl), kubeApiserver: at(NAMES.kubeApiserver) };
  for (const [key, words, version] of [
    ["etcd", ["--version"], wanted.etcd],
    ["etcdutl", ["version"], wanted.etcd],
    ["kubeApiserver", ["--version"], wanted.kubernetes],
  ] as const) {
    const file = found[key];
    if (!fs.existsSync(file)) throw new RehearsalError(`--bin ${folder} has no ${NAMES[key]}`);
    const said = await scratch.run(`asking ${file} for its version`, file, words);
    const own = /\d+\.\d+\.\d+/.exec(said)?.[0] ?? "no version";
    if (minorOf(own) !== minorOf(version))
      throw new RehearsalError(
        `--bin ${folder}: ${NAMES[key]} is ${own}, and the snapshot needs ${minorOf(version) ?? version}`,
      );
  }
  return found;
}

/**
 * Those that upstream publishes, of exactly the snapshot's versions. A file is kept when it has the SHA-256 that upstream
 * publishes beside it; both come over HTTPS.
 * @throws RehearsalError
 */
export async function downloadedBinaries(
  scratch: Scratch,
  folder: string,
  wanted: WantedVersions,
  servers: Servers,
  say: (text: string) => void,
): Promise<Binaries> {
  const architecture = { x64: "amd64", arm64: "arm64" }[process.arch as string];
  if (process.platform !== "linux" || architecture === undefined)
    throw new RehearsalError(
      `upstream has no API server for ${process.platform} on ${process.arch}: rehearse on Linux, amd64 or arm64`,
    );
  for (const server of [servers.kubernetes, servers.github])
    if (!isTrusted(server))
      throw new RehearsalError(
        `${server} is not HTTPS: a checksum from there proves nothing. Give --bin a folder with etcd, etcdutl and kube-apiserver`,
      );
  const kubernetes = path.join(folder, `kubernetes-${wanted.kubernetes}`);
  const etcd = path.join(folder, `etcd-${wanted.etcd}`);
  await kept(kubernetes, async (into) => {
    const url = `${servers.kubernetes}/v${wanted.kubernetes}/bin/linux/${architecture}/kube-apiserver`;
    say(`downloading ${url}`);
    const file = path.join(into, NAMES.kubeApiserver);
    await download(url, file, firstWord(await textOf(`${url}.sha256`)));
    fs.chmodSync(file, 0o755);
  });
  await kept(etcd, async (into) => {
    const name = `etcd-v${wanted.etcd}-linux-${architecture}`;
    const release = `${servers.github}/etcd-io/etcd/releases/download/v${wanted.etcd}`;
    say(`downloading ${release}/${name}.tar.gz`);
    const lines = (await textOf(`${release}/SHA256SUMS`)).split("\n");
    const line = lines.find((one) => one.trim().split(/\s+/)[1] === `${name}.tar.gz`) ?? "";
    const archive = path.join(into, "archive.tar.gz");
    await download(`${release}/${name}.tar.gz`, archive, firstWord(line));
    const inside = [`${name}/${NAMES.etcd}`, `${name}/${NAMES.etcdutl}`];
    await scratch.run("unpacking etcd", "tar", [
      ...["-xzf", archive, "-C", into, "--no-same-owner", "--strip-components=1"],
      ...inside,
    ]);
    fs.rmSync(archive);
  });
  return {
    etcd: path.join(etcd, NAMES.etcd),
    etcdutl: path.join(etcd, NAMES.etcdutl),
    kubeApiserver: path.join(kubernetes, NAMES.kubeApiserver),
  };
}

/** Nobody between can change what comes from there. */
function isTrusted(server: string): boolean {
  const { protocol, hostname } = new URL(server);
  return protocol === "https:" || hostname === "127.0.0.1";
}

/** Fills a folder that appears whole or not at all. */
async function kept(folder: string, fill: (into: string) => Promise<void>): Promise<void> {
  if (fs.existsSync(folder)) return;
  fs.mkdirSync(path.dirname(folder), { recursive: true, mode: 0o700 });
  const part = fs.mkdtempSync(`${folder}.`);
  try {
    await fill(part);
    fs.renameSync(part, folder);
  } catch (error) {
    // Another rehearsal may have been faster.
    if (!fs.existsSync(folder)) throw error;
  } finally {
    fs.rmSync(part, { recursive: true, force: true });
  }
}

function firstWord(text: string): string {
  const word = text.trim().split(/\s+/)[0] ?? "";
  if (!/^[0-9a-f]{64}$/.test(word))
    throw new RehearsalError("upstream publishes no checksum of that version");
  return word;
}

async function answerOf(url: string): Promise<Response> {
  const answer = await fetch(url).catch((error: unknown) => {
    const { cause, message } = error as Error & { cause?: Error };
    throw new RehearsalError(`${url}: ${cause?.message ?? message}. --bin DIR needs no download`);
  });
  if (!answer.ok)
    throw new RehearsalError(`${url}: ${answer.status} ${answer.statusText}. --bin DIR needs no download`);
  return answer;
}

async function textOf(url: string): Promise<string> {
  return (await answerOf(url)).text();
}

async function download(url: string, file: string, sha256: string): Promise<void> {
  const hash = createHash("sha256");
  const out = fs.openSync(file, "wx", 0o600);
  try {
    for await (const piece of (await answerOf(url)).body ?? []) {
      hash.update(piece as Uint8Array);
      fs.writeSync(out, piece as Uint8Array);
    }
  } finally {
    fs.closeSync(out);
  }
  const found = hash.digest("hex");
  if (found !== sha256)
    throw new RehearsalError(
      `${url} has SHA-256 ${found}, and upstream publishes ${sha256}: nothing of it is kept`,
    );
}
