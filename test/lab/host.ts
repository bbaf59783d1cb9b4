import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run, type RunOptions, type RunResult } from "../support/run";
import {
  childrenOf,
  daemonEnded,
  daemonRuns,
  signalDaemon,
  startDaemon,
  tailOf,
  type Daemon,
} from "./daemon";
import { hostNamespace, labAddress } from "./network";
import { labFolder, type HostState } from "./state";

const hostFolder = (id: string, name: string, ...below: string[]) => labFolder(id, "hosts", name, ...below);
const cgroupRoots = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];

/** Makes what a host keeps for life, even through a wipe: its SSH host key. Returns the public key. */
export async function createIdentity(id: string, name: string): Promise<string> {
  const folder = hostFolder(id, name, "identity");
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "ssh_host_ed25519_key");
  fs.rmSync(file, { force: true });
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file]);
  return fs.readFileSync(`${file}.pub`, "utf8").split(" ").slice(0, 2).join(" ").trim();
}

/** How a host boots where it is not one of the lab's own. */
export interface Boot {
  /** Makes the base tree what an image is, at the first boot; default: the lab's own host, with its keys and addresses. */
  readonly image?: (root: string, varLib: string) => Promise<void>;
  /** Whether to wait until systemd says that it runs; default true. */
  readonly wait?: boolean;
}

/**
 * Lays a host's disk over the base tree and boots it; returns when systemd says that it runs. `started` hears of the
 * process before that, so that a boot that fails can be cleaned up.
 */
export async function bootHost(
  id: string,
  host: HostState,
  baseTree: string,
  started: (daemon: Daemon) => void,
  { image, wait = true }: Boot = {},
): Promise<void> {
  const root = await mountRoot(id, host, baseTree, image);
  const groups = cgroupsOf(id, host.name);
  for (const group of groups) fs.mkdirSync(group, { recursive: true });
  const moves = groups.map((group) => `echo $$ >${group}/cgroup.procs`).join(" && ");
  const environment = { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1", SYSTEMD_NSPAWN_API_VFS_WRITABLE: "1" };
  const nspawn = [
    "systemd-nspawn",
    "--quiet",
    "--register=no",
    "--keep-unit",
    "--boot",
    `--directory=${root}`,
    `--machine=${id}-${host.name}`,
    `--hostname=${host.name}`,
    `--network-namespace-path=/run/netns/${hostNamespace(id, host.name)}`,
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    "--capability=all",
    "--system-call-filter=bpf keyctl add_key @mount @privileged",
    "--bind=/dev/kmsg",
    // containerd's overlays cannot lie on an overlay, so what grows is on a plain folder.
    `--bind=${hostFolder(id, host.name, "var-lib")}:/var/lib`,
    "--console=pipe",
  ];
  // Two systemds must not share a cgroup: the launching shell moves itself before it becomes nspawn.
  const command = ["sh", "-c", `${moves} && exec "$@"`, "sh", ...nspawn];
  const log = hostFolder(id, host.name, "console.log");
  fs.writeFileSync(log, "");
  const daemon = startDaemon(command, log, { ...process.env, ...environment });
  started(daemon);
  if (wait) await untilRunning(host.name, daemon);
}

/** Ends a host and removes its mount and cgroups. After the grace, in milliseconds, its init is killed. */
export async function haltHost(id: string, host: HostState, grace: number): Promise<void> {
  if (host.process !== undefined) {
    signalDaemon(host.process, "SIGTERM");
    if (!(await daemonEnded(host.process, grace))) await killHost(host.process);
  }
  const root = hostFolder(id, host.name, "root");
  if (isMounted(root)) await run(["umount", root]);
  for (const group of cgroupsOf(id, host.name)) removeCgroup(group);
}

/** Drops a halted host's disk; its identity stays. */
export function dropDisk(id: string, name: string): void {
  for (const part of ["root", "upper", "work", "var-lib"]) {
    fs.rmSync(hostFolder(id, name, part), { recursive: true, force: true });
  }
}

/** Drops all that there is of a halted host. */
export function dropHost(id: string, name: string): void {
  fs.rmSync(hostFolder(id, name), { recursive: true, force: true });
}

/** Runs a command in a running host as root, without SSH. */
export function execInHost(
  host: HostState,
  command: readonly string[],
  options?: RunOptions,
): Promise<RunResult> {
  const leader = leaderOf(host);
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid"];
  const env = [
    "env",
    "-i",
    "--chdir=/",
    "HOME=/root",
    "LANG=C.UTF-8",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  ];
  return run(["nsenter", `--target=${leader}`, ...namespaces, "--", ...env, ...command], options);
}

/** Whether a host runs. */
export function hostRuns(host: HostState): boolean {
  return host.process !== undefined && daemonRuns(host.process);
}

function leaderOf(host: HostState): number {
  const leader =
    host.process !== undefined && daemonRuns(host.process) ? childrenOf(host.process.pid)[0] : undefined;
  if (leader === undefined) throw new Error(`host ${host.name} is not running`);
  return leader;
}

async function killHost(daemon: Daemon): Promise<void> {
  // Ending the host's init ends all of its processes; nspawn then cleans up and ends by itself.
  for (const leader of childrenOf(daemon.pid)) process.kill(leader, "SIGKILL");
  if (await daemonEnded(daemon, 10_000)) return;
  signalDaemon(daemon, "SIGKILL");
  await daemonEnded(daemon, 5_000);
}

async function mountRoot(
  id: string,
  host: HostState,
  baseTree: string,
  image: Boot["image"],
): Promise<string> {
  const folder = hostFolder(id, host.name);
  const [root, upper, work] = ["root", "upper", "work"].map((part) => path.join(folder, part));
  const fresh = !fs.existsSync(upper);
  for (const part of [root, upper, work]) fs.mkdirSync(part, { recursive: true });
  if (!isMounted(root)) {
    const options = `lowerdir=${baseTree},upperdir=${upper},workdir=${work}`;
    await run(["mount", "-t", "overlay", `lab-${id}-${host.name}`, "-o", options, root]);
  }
  if (fresh) {
    await run(["cp", "-a", path.join(baseTree, "var/lib"), path.join(folder, "var-lib")]);
    if (image === undefined) personalise(id, host, root);
    else await image(root, path.join(folder, "var-lib"));
  }
  return root;
}

function personalise(id: string, host: HostState, root: string): void {
  const put = (file: string, text: string, mode = 0o644) => {
    fs.writeFileSync(path.join(root, file), text, { mode });
  };
  put("etc/hostname", `${host.name}\n`);
  put("etc/hosts", `127.0.0.1 localhost\n${host.address} ${host.name}\n`);
  fs.rmSync(path.join(root, "etc/resolv.conf"), { force: true });
  put("etc/resolv.conf", `nameserver ${labAddress}\n`);
  fs.rmSync(path.join(root, "etc/machine-id"), { force: true });
  put("etc/machine-id", `${crypto.randomUUID().replaceAll("-", "")}\n`, 0o444);
  const identity = hostFolder(id, host.name, "identity");
  for (const [file, mode] of [
    ["ssh_host_ed25519_key", 0o600],
    ["ssh_host_ed25519_key.pub", 0o644],
  ] as const) {
    put(`etc/ssh/${file}`, fs.readFileSync(path.join(identity, file), "utf8"), mode);
  }
  const key = fs.readFileSync(labFolder(id, "ssh", "id_ed25519.pub"), "utf8");
  for (const [home, owner] of [
    ["root", 0],
    ["home/ubuntu", 1000],
  ] as const) {
    const folder = path.join(root, home, ".ssh");
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    put(path.join(home, ".ssh/authorized_keys"), key, 0o600);
    fs.chownSync(folder, owner, owner);
    fs.chownSync(path.join(folder, "authorized_keys"), owner, owner);
  }
}

const APPROVER = /^pulumi-kubeadm-(serving|join)-approver\.service /;

async function untilRunning(name: string, daemon: Daemon): Promise<void> {
  const probe: HostState = { name, index: 0, networks: [], address: "", hostKey: "", process: daemon };
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (!daemonRuns(daemon)) throw new Error(`host ${name} ended while it booted\n${tailOf(daemon.log)}`);
    // Refused until systemd's own socket is there; from then on one call waits for the end of the boot.
    if (childrenOf(daemon.pid).length > 0) {
      const wait = ["systemctl", "is-system-running", "--wait"];
      const { stdout } = await execInHost(probe, wait, { allowFailure: true, timeout: 60_000 });
      if (stdout.trim() === "running") return;
      if (stdout.trim() === "degraded") {
        const failed = await execInHost(probe, ["systemctl", "--failed", "--no-legend", "--plain"]);
        // A timer's approver fails while the API of this very host is on its way up, and looks again after some seconds.
        const others = failed.stdout.split("\n").filter((line) => line !== "" && !APPROVER.test(line));
        if (others.length === 0) return;
        throw new Error(`host ${name} came up with failed units\n${others.join("\n")}`);
      }
    }
    await delay(50);
  }
  throw new Error(`host ${name} did not come up in 60 s\n${tailOf(daemon.log)}`);
}

function cgroupsOf(id: string, name: string): string[] {
  return cgroupRoots.map((root) => path.join(root, `lab-${id}-${name}`));
}

function removeCgroup(group: string): void {
  if (!fs.existsSync(group)) return;
  for (const entry of fs.readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(path.join(group, entry.name));
  }
  fs.rmdirSync(group);
}

function isMounted(folder: string): boolean {
  return fs.readFileSync("/proc/self/mountinfo", "utf8").includes(` ${folder} `);
}
