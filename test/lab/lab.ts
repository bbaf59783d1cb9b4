import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { cacheFolder } from "../support/cache";
import type { Formers } from "../support/toolchain";
import { ensureDebianPackages } from "../support/debianPackages";
import { run, type RunOptions, type RunResult } from "../support/run";
import { ensureBaseTree } from "./baseTree";
import { bootHost, createIdentity, dropDisk, dropHost, execInHost, haltHost, hostRuns } from "./host";
import {
  attachHost,
  createNetworks,
  detachHost,
  hostAddress,
  inNamespace,
  isInsideLab,
  labNamespace,
  namespaceExists,
  removeNetworks,
  runInLab,
  type NetworkName,
} from "./network";
import { serviceNames, startService, stopService } from "./services";
import {
  labFolder,
  labIds,
  readState,
  updateState,
  writeState,
  type HostState,
  type ServiceName,
} from "./state";

/** What the lab calls on this machine. */
const machinePackages = ["systemd-container", "openssh-client", "iproute2", "util-linux", "procps"];

/** How a host is made. */
export interface HostOptions {
  /** Networks it has an interface on, the first with the default route; default the node network alone. */
  networks?: NetworkName[];
}

/**
 * Hosts in network namespaces with a file mirror, a registry and a name server beside them. Everything is on disk, so
 * that a lab outlives the process that made it and any other can find it, use it and take it down. Needs root on Linux.
 */
export class Lab {
  private constructor(readonly id: string) {}

  /**
   * Makes a lab without hosts and starts its servers; builds what is not yet built. Id: 1 to 8 letters and digits. Its
   * registry has the images of add-ons where `addons` says so, those of a cluster on EC2 where `ec2` does; where `older` or `oldest`
   * do, it and the mirror have the Kubernetes that upgrades start from.
   */
  static async create(
    options: { id?: string; services?: ServiceName[]; addons?: boolean; ec2?: boolean } & Formers = {},
  ): Promise<Lab> {
    const id = options.id ?? "lab";
    if (!/^[a-z0-9]{1,8}$/.test(id))
      throw new Error(`a lab's id is 1 to 8 lower-case letters and digits, not "${id}"`);
    if (labIds().includes(id)) throw new Error(`there is a lab "${id}" already`);
    if (process.getuid?.() !== 0 || process.platform !== "linux")
      throw new Error("the lab needs root on Linux");
    await ensureDebianPackages(machinePackages);
    await ensureBaseTree();
    // What a lab that was not taken down in full left there: its stack would be taken for this one's.
    fs.rmSync(labFolder(id), { recursive: true, force: true });
    const { addons, older, oldest, ec2 } = options;
    const createdAt = new Date().toISOString();
    writeState({ id, createdAt, nextIndex: 1, hosts: {}, services: {}, addons, older, oldest, ec2 });
    const lab = new Lab(id);
    try {
      fs.mkdirSync(labFolder(id, "ssh"), { recursive: true });
      await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `lab-${id}`, "-f", lab.privateKeyFile]);
      await createNetworks(id);
      for (const name of options.services ?? serviceNames) await startService(id, name);
    } catch (error) {
      await lab.down();
      throw error;
    }
    return lab;
  }

  /** The lab of that id; an error when there is none. */
  static load(id: string): Lab {
    return new Lab(readState(id).id);
  }

  /** Ids of the labs of this machine. */
  static ids(): string[] {
    return labIds();
  }

  /** Whether there is a lab of that id. */
  static exists(id: string): boolean {
    return labIds().includes(id);
  }

  /** OpenSSH private key that every host takes, for `root` and for `ubuntu`, who may become root. */
  get privateKeyFile(): string {
    return labFolder(this.id, "ssh", "id_ed25519");
  }

  /** Folder of this lab, for whatever belongs to it; `down` removes it. */
  folder(...below: string[]): string {
    return labFolder(this.id, ...below);
  }

  /** The hosts, by name. */
  hosts(): HostState[] {
    return Object.values(readState(this.id).hosts);
  }

  /** One host; an error when the lab has none of that name. */
  host(name: string): HostState {
    const host = readState(this.id).hosts[name];
    if (host === undefined) throw new Error(`lab "${this.id}" has no host "${name}"`);
    return host;
  }

  /** Defines a host: address and host key are known from here on. It does not boot yet. */
  async addHost(name: string, options: HostOptions = {}): Promise<HostState> {
    if (!/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/.test(name))
      throw new Error(`"${name}" is not a valid host name`);
    if (readState(this.id).hosts[name] !== undefined)
      throw new Error(`lab "${this.id}" has a host "${name}" already`);
    const hostKey = await createIdentity(this.id, name);
    const networks = options.networks ?? ["node"];
    updateState(this.id, (state) => {
      const index = state.nextIndex++;
      const secondAddress = networks.includes("second") ? hostAddress("second", index) : undefined;
      state.hosts[name] = {
        name,
        index,
        networks,
        address: hostAddress("node", index),
        secondAddress,
        hostKey,
      };
    });
    this.writeKnownHosts();
    return this.host(name);
  }

  /** Boots a host and waits until systemd, and with it sshd, runs; nothing to do when it does already. */
  async startHost(name: string): Promise<void> {
    const host = this.host(name);
    if (hostRuns(host)) return;
    const baseTree = await ensureBaseTree();
    await attachHost(this.id, name, host.index, host.networks);
    await bootHost(this.id, host, baseTree, (daemon) => {
      updateState(this.id, (state) => (state.hosts[name].process = daemon));
    });
  }

  /** Shuts a host down; its disk stays. After the grace (milliseconds, default 20 s) it loses its power. */
  async stopHost(name: string, grace = 20_000): Promise<void> {
    await haltHost(this.id, this.host(name), grace);
    await detachHost(this.id, name);
    updateState(this.id, (state) => delete state.hosts[name].process);
  }

  /** Gives a host a fresh disk and another machine id; name, addresses and host key stay. It boots again if it ran. */
  async wipeHost(name: string): Promise<void> {
    const running = hostRuns(this.host(name));
    await this.stopHost(name, 0);
    dropDisk(this.id, name);
    if (running) await this.startHost(name);
  }

  /** Makes a host vanish, disk and all. */
  async removeHost(name: string): Promise<void> {
    await this.stopHost(name, 0);
    dropHost(this.id, name);
    updateState(this.id, (state) => delete state.hosts[name]);
    this.writeKnownHosts();
  }

  /** Runs a command in a host as root, without SSH. */
  exec(name: string, command: readonly string[], options?: RunOptions): Promise<RunResult> {
    return execInHost(this.host(name), command, options);
  }

  /** Runs a command where the hosts can be reached. */
  run(command: readonly string[], options?: RunOptions): Promise<RunResult> {
    return runInLab(this.id, command, options);
  }

  /** The command line of an SSH login with the pinned host key, to be run from anywhere on this machine. */
  sshCommand(name: string, command: readonly string[] = [], user = "root"): string[] {
    const settings = {
      UserKnownHostsFile: labFolder(this.id, "ssh", "known_hosts"),
      StrictHostKeyChecking: "yes",
      IdentitiesOnly: "yes",
      LogLevel: "ERROR",
      ConnectTimeout: "10",
    };
    const flags = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
    const login = [
      "ssh",
      "-i",
      this.privateKeyFile,
      ...flags,
      `${user}@${this.host(name).address}`,
      ...command,
    ];
    return inNamespace(labNamespace(this.id), login);
  }

  /** Starts one of the lab's servers, if it does not run. */
  startService(name: ServiceName): Promise<void> {
    return startService(this.id, name);
  }

  /** Ends one of the lab's servers, for tests of what happens then. */
  stopService(name: ServiceName): Promise<void> {
    return stopService(this.id, name);
  }

  /** What runs: hosts and servers. */
  status(): { hosts: (HostState & { running: boolean })[]; services: ServiceName[] } {
    const state = readState(this.id);
    const hosts = Object.values(state.hosts).map((host) => ({ ...host, running: hostRuns(host) }));
    return { hosts, services: serviceNames.filter((name) => state.services[name] !== undefined) };
  }

  /**
   * Runs this very program again inside the lab's network and returns its exit status; undefined when this process is
   * inside already, and the caller goes on.
   */
  reexecInside(): number | undefined {
    if (isInsideLab(this.id)) return undefined;
    const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
    const [command, ...args] = inNamespace(labNamespace(this.id), program);
    const { status } = spawnSync(command, args, { stdio: "inherit" });
    return status ?? 1;
  }

  /** Ends every host and server of this lab and removes all that belongs to it; can be called again after a failure. */
  async down(): Promise<void> {
    await Promise.all(this.hosts().map((host) => this.stopHost(host.name, 0)));
    for (const name of serviceNames) await stopService(this.id, name);
    if (namespaceExists(labNamespace(this.id))) await removeNetworks(this.id);
    // Retried: an engine that was killed a moment ago may still be writing there.
    fs.rmSync(labFolder(this.id), { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
    try {
      fs.rmdirSync(cacheFolder("labs"));
    } catch (error) {
      // Others are there, or have gone at the same time.
      if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? ""))
        throw error;
    }
  }

  private writeKnownHosts(): void {
    const lines = this.hosts().flatMap((host) =>
      [host.address, host.secondAddress]
        .filter((address) => address !== undefined)
        .map((address) => `${address} ${host.hostKey}\n`),
    );
    fs.writeFileSync(labFolder(this.id, "ssh", "known_hosts"), lines.join(""));
  }
}
