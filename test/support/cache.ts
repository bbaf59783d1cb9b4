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

/**
 * A folder of the cache made once per recipe. `make` fills a temporary folder that takes its final name only when it
 * succeeded, so a killed build never looks finished. Two processes that want the same folder make it once.
 */
export async function cachedFolder(
  kind: string,
  name: string,
  recipe: unknown,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const final = cacheFolder(kind, `${name}-${recipeKey(recipe)}`);
  if (fs.existsSync(final)) return final;
  return withLock(kind, async () => {
    if (fs.existsSync(final)) return final;
    const temporary = cacheFolder(kind, `.making-${name}-${process.pid}`);
    fs.rmSync(temporary, { recursive: true, force: true });
    fs.mkdirSync(temporary, { recursive: true });
    try {
      await make(temporary);
      fs.renameSync(temporary, final);
    } catch (error) {
      fs.rmSync(temporary, { recursive: true, force: true });
      throw error;
    }
    return final;
  });
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
  if (holder !== undefined && !isAlive(holder)) fs.rmSync(file, { force: true });
  return false;
}

function readHolder(file: string): number | undefined {
  try {
    return Number(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined; // released between the two looks
  }
}

/** Whether a process of this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
