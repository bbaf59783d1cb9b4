import * as fs from "node:fs";
import * as path from "node:path";
import { cacheFolder } from "../support/cache";
import type { Daemon } from "./daemon";
import type { NetworkName } from "./network";

/** What is kept about a host of a lab. */
export interface HostState {
  name: string;
  /** Number from which its addresses follow. */
  index: number;
  networks: NetworkName[];
  /** Address on the node network. */
  address: string;
  /** Address on the second network, where it has one. */
  secondAddress?: string;
  /** Public host key, `ssh-ed25519 AAAA...`, known before the host first boots. */
  hostKey: string;
  /** The nspawn process, while the host runs. */
  process?: Daemon;
}

/** Servers of a lab. */
export type ServiceName = "mirror" | "registry" | "dns";

/** A lab as it is on disk, so that any process can find it. */
export interface LabState {
  id: string;
  /** ISO 8601. */
  createdAt: string;
  nextIndex: number;
  hosts: Record<string, HostState>;
  services: Partial<Record<ServiceName, Daemon>>;
  /** Whether its registry has the images of add-ons. */
  addons?: boolean;
  /** Whether its registry has the images of a cluster on the simulated region of EC2. */
  ec2?: boolean;
  /** Whether its mirror and its registry have the older Kubernetes beside the lab's own; `oldest`: and the one before. */
  older?: boolean;
  oldest?: boolean;
}

/** Folder of one lab. */
export function labFolder(id: string, ...below: string[]): string {
  return cacheFolder("labs", id, ...below);
}

/** Ids of the labs there are. */
export function labIds(): string[] {
  const folder = cacheFolder("labs");
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder).filter((id) => fs.existsSync(labFolder(id, "state.json")));
}

/** Reads a lab's state; an error when there is no such lab. */
export function readState(id: string): LabState {
  const file = labFolder(id, "state.json");
  if (!fs.existsSync(file)) throw new Error(`there is no lab "${id}"`);
  return JSON.parse(fs.readFileSync(file, "utf8")) as LabState;
}

/** Writes a lab's state in one step. */
export function writeState(state: LabState): void {
  const file = labFolder(state.id, "state.json");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  fs.writeFileSync(temporary, JSON.stringify(state, null, 2));
  fs.renameSync(temporary, file);
}

/** Reads, changes and writes the state without a pause between, so that what others wrote meanwhile stays. */
export function updateState(id: string, change: (state: LabState) => void): void {
  const state = readState(id);
  change(state);
  writeState(state);
}
