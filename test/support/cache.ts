import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Folder for everything that is slow to make and the same for every clone: built tools, base trees, images, labs.
 * `PULUMI_KUBEADM_CACHE` moves it; it is never inside the tree, so that a clean clone stays clean.
 */
export function cacheFolder(...below: string[]): string {
  const root = process.env.PULUMI_KUBEADM_CACHE ?? path.join(os.homedir(), ".cache", "pulumi-kubeadm");
  return path.join(root, ...below);
}

/** Short, stable key of a recipe: equal values give equal keys, whatever the order of their properties. */
export function recipeKey(recipe: unknown): string {
  return crypto
    .createHash("sha256")
    .update(JSON.stringify(sorted(recipe)))
    .digest("hex")
    .slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** One thing that was made for the cache of this machine. */
export interface MakeRecord {
  kind: CacheKind;
  name: string;
  seconds: number;
  /** ISO 8601. */
  finishedAt: string;
}

/** What the cache holds. */
export type CacheKind = "tools" | "trees" | "layers" | "mirror" | "registry" | "ec2";

/**
 * A folder of the cache made once per recipe; prints its name and how long it took, and records that. `make` fills a
 * temporary folder that takes its final name only when it succeeded, so a killed build never looks finished. Two
 * processes that want the same folder make it once.
 */
export async function cachedFolder(
  kind: CacheKind,
  name: string,
  recipe: unknown,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const final = cacheFolder(kind, `${name}-${recipeKey(recipe)}`);
  if (fs.existsSync(final)) return final;
  return withLock(kind, async () => {
    if (fs.existsSync(final)) return final;
    removeUnfinished(kind);
    const temporary = cacheFolder(kind, `${unfinished}${name}-${process.pid}`);
    fs.mkdirSync(temporary, { recursive: true });
    const start = Date.now();
    console.error(`making ${kind}/${name} ...`);
    try {
      await make(temporary);
      fs.renameSync(temporary, final);
    } finally {
      removeUnfinished(kind);
    }
    const seconds = Math.round((Date.now() - start) / 100) / 10;
    console.error(`making ${kind}/${name}: ${seconds} s`);
    record({ kind, name, seconds, finishedAt: new Date().toISOString() });
    return final;
  });
}

const unfinished = ".making-";
const recordsFile = () => cacheFolder("made.json");

/** Everything this cache has seen made, oldest first; since a time, what a run spent on building. */
export function makeRecords(since = new Date(0)): MakeRecord[] {
  if (!fs.existsSync(recordsFile())) return [];
  const records = JSON.parse(fs.readFileSync(recordsFile(), "utf8")) as MakeRecord[];
  return records.filter(({ finishedAt }) => new Date(finishedAt) >= since);
}

function record(entry: MakeRecord): void {
  const temporary = `${recordsFile()}.${process.pid}`;
  fs.writeFileSync(temporary, JSON.stringify([...makeRecords(), entry], null, 1));
  fs.renameSync(temporary, recordsFile());
}

/** Only the holder of a kind's lock makes things of that kind, so what is unfinished is its own or a dead one's. */
function removeUnfinished(kind: CacheKind): void {
  const folder = cacheFolder(kind);
  for (const entry of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    if (entry.startsWith(unfinished)) fs.rmSync(path.join(folder, entry), { recursive: true, force: true });
  }
}

/** Runs `work` while no other process of this machine holds the lock of that name; a dead holder's lock is taken over. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const file = cacheFolder("locks", `${name.replaceAll("/", "_")}.lock`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  while (!tryLock(file)) await delay(300);
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function tryLock(file: string): boolean {
  // Linking a finished file is atomic: nobody ever reads a lock whose holder is not yet written in it.
  const mine = `${file}.${process.pid}.${crypto.randomUUID()}`;
  fs.writeFileSync(mine, String(process.pid));
  try {
    fs.linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    fs.rmSync(mine, { force: true });
  }
  const holder = readHolder(file);
  if (holder !== undefined && !isAlive(holder)) takeAway(file);
  return false;
}

/** Removes a dead holder's lock, but not one that another process has just put in its place. */
function takeAway(file: string): void {
  const stale = `${file}.${process.pid}.stale`;
  try {
    fs.renameSync(file, stale);
    const holder = readHolder(stale);
    if (holder !== undefined && isAlive(holder)) fs.linkSync(stale, file);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    fs.rmSync(stale, { force: true });
  }
}

function readHolder(file: string): number | undefined {
  try {
    return Number(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined; // released between the two looks
  }
}

/** Whether a process of this id exists. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
