/** Fetches a snapshot by the program that control-plane nodes fetch it with, and decrypts it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { HostProblem } from "../host/problem";
import { Hosts } from "../host/runner";
import { backupConfig, backupPaths, backupProgram, backupProgramText } from "../model/etcd/backup/files";
import { parseSnapshotName } from "../model/etcd/backup/names";
import type { BackupSettings } from "../model/etcd/backup/settings";
import type { SnapshotHeader } from "../model/etcd/restore/header";
import { paths } from "../model/kubeadm/paths";
import { sh } from "../model/text";
import type { Wanted } from "./arguments";
import { RehearsalError } from "./problem";
import type { Scratch } from "./scratch";
import type { RehearsedStack } from "./state";

export interface FetchedSnapshot {
  readonly name: string;
  readonly header: SnapshotHeader;
  /** The decrypted database of etcd. */
  readonly file: string;
}

/** Milliseconds for which a control-plane node is dialled. */
const PATIENCE = 15_000;
/** Bytes that come in one piece from a host. */
const PIECE = 4 * 1024 ** 2;

/** @throws RehearsalError */
export async function fetchSnapshot(
  scratch: Scratch,
  stack: RehearsedStack,
  wanted: Wanted,
  warn: (text: string) => void,
): Promise<FetchedSnapshot> {
  const folder = scratch.path("snapshots");
  fs.mkdirSync(folder, { mode: 0o700 });
  const program = programOf(scratch, stack);
  const python = (...words: string[]): Promise<string> =>
    scratch.run("fetching the snapshot", "python3", ["-I", program, ...words]);
  if (wanted.kind !== "file" && stack.backup.target.kind !== "folder") {
    configure(scratch, stack, stack.backup);
    const name = wanted.kind === "named" ? wanted.name : firstOf(await python("list"), stack);
    return decrypted(scratch, python, name);
  }
  const name =
    wanted.kind === "file"
      ? copied(wanted.file, folder)
      : await fromHosts(stack, wanted.kind === "named" ? wanted.name : undefined, folder, warn);
  configure(scratch, stack, { ...stack.backup, target: { kind: "folder", path: folder } });
  return decrypted(scratch, python, name);
}

async function decrypted(
  scratch: Scratch,
  python: (...words: string[]) => Promise<string>,
  name: string,
): Promise<FetchedSnapshot> {
  const file = scratch.path("snapshot.db");
  const said = await python("fetch", name, file);
  return { name, header: JSON.parse(said) as SnapshotHeader, file };
}

function firstOf(list: string, { name }: RehearsedStack): string {
  const first = list.trim().split("\n")[0];
  if (first === undefined || first === "")
    throw new RehearsalError(
      `the target has no snapshot of ${name}: journalctl -u pulumi-kubeadm-etcd-backup on the control-plane nodes says why`,
    );
  return first;
}

/** The nodes' own program, with what it reads in the scratch folder. */
function programOf(scratch: Scratch, { files, cluster }: RehearsedStack): string {
  scratch.write("pki/ca.crt", files[`${paths.pki}/ca.crt`] ?? "");
  return scratch.write(
    "backup.py",
    backupProgramText({
      configFolder: scratch.path("config"),
      tools: scratch.folder,
      etcd: [],
      kubectl: [],
      workFolder: scratch.path("work"),
      lockFile: scratch.path("lock"),
      // The CA may be one of a rotation; snapshots have the cluster's identity.
      record: scratch.write("node.json", JSON.stringify({ cluster })),
      pki: scratch.path("pki"),
      manifests: scratch.folder,
      encryption: scratch.path("none"),
      rewriteMark: scratch.path("none"),
      metadata: "http://127.0.0.1:1/",
    }),
  );
}

function configure(scratch: Scratch, stack: RehearsedStack, backup: BackupSettings): void {
  const { target } = backup;
  const secret = (name: string, path: string): void => {
    const content = stack.files[path];
    if (content !== undefined) scratch.write(`config/${name}`, content);
  };
  secret("key", backupPaths.key);
  secret("ssh-key", backupPaths.sshKey);
  secret("s3-credentials", backupPaths.s3Credentials);
  if (target.kind === "s3" && target.ca !== undefined) scratch.write("config/s3-ca.crt", target.ca);
  const role = target.kind === "s3" && target.credentials === undefined;
  if (role) scratch.write("config/s3-credentials", credentialsOfEnvironment());
  const own = role ? { ...backup, target: { ...target, credentials: "environment" } } : backup;
  scratch.write("config/config.json", backupConfig(stack.name, own, { name: "rehearsal" }));
}

/** The role of the instances is out of reach here. */
function credentialsOfEnvironment(): string {
  const words = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map(
    (name) => process.env[name] ?? "",
  );
  if (words[0] === "" || words[1] === "")
    throw new RehearsalError(
      "the bucket is read with the role of the instances, which this machine has not: set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY " +
        "and AWS_SESSION_TOKEN (aws configure export-credentials --format env prints them), or copy the snapshot and give --file",
    );
  return words.filter((word) => word !== "").join(":");
}

function copied(file: string, folder: string): string {
  const name = path.basename(file);
  if (parseSnapshotName(name) === undefined)
    throw new RehearsalError(`--file ${file}: keep the name that the snapshot has at the target`);
  try {
    fs.copyFileSync(file, path.join(folder, name));
  } catch (error) {
    throw new RehearsalError(
      `--file ${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
    );
  }
  return name;
}

/** A folder target is on the control-plane nodes: each has the snapshots that it took. */
async function fromHosts(
  stack: RehearsedStack,
  wanted: string | undefined,
  folder: string,
  warn: (text: string) => void,
): Promise<string> {
  const { target } = stack.backup;
  if (target.kind !== "folder") throw new Error("snapshots are on hosts where the target is a folder");
  const { connections, bastion, controlPlane } = stack;
  const input = { connections, files: [], ...(bastion === undefined ? {} : { bastion }) };
  const hosts = new Hosts(input, PATIENCE, () => undefined);
  try {
    const found: { machine: string; name: string }[] = [];
    const silent: string[] = [];
    for (const machine of controlPlane) {
      try {
        const list = await hosts.query(machine, "listing snapshots", `${backupProgram} list`);
        found.push(
          ...list
            .trim()
            .split("\n")
            .filter(Boolean)
            .map((name) => ({ machine, name })),
        );
      } catch (error) {
        if (!(error instanceof HostProblem)) throw error;
        silent.push(machine);
        warn(hosts.scrub(error.report().split("\n")[0] ?? ""));
      }
    }
    const age = ({ name }: { name: string }): number => parseSnapshotName(name)?.time.getTime() ?? 0;
    const one =
      wanted === undefined
        ? [...found].sort((a, b) => age(b) - age(a))[0]
        : found.find(({ name }) => name === wanted);
    if (one === undefined)
      throw new RehearsalError(
        `${wanted ?? "a snapshot"} is in ${target.path} of no control-plane node${silent.length === 0 ? "" : ` that answers (${silent.join(", ")}: no answer)`}`,
      );
    await copy(hosts, one.machine, `${target.path}/${one.name}`, path.join(folder, one.name));
    return one.name;
  } finally {
    hosts.close();
  }
}

/** In pieces: a snapshot may be larger than a string. */
async function copy(hosts: Hosts, machine: string, from: string, to: string): Promise<void> {
  const file = fs.openSync(to, "wx", 0o600);
  try {
    for (let piece = 0; ; piece += 1) {
      const command = `dd if=${sh(from)} bs=${PIECE} skip=${piece} count=1 status=none | base64 -w 0`;
      const data = Buffer.from(await hosts.query(machine, "copying the snapshot", command), "base64");
      fs.writeSync(file, data);
      if (data.length < PIECE) return;
    }
  } finally {
    fs.closeSync(file);
  }
}
