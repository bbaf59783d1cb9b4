import * as fs from "node:fs";
import * as path from "node:path";
import { GENERATOR } from "./document";
import { PlanError } from "./error";
import type { PlanFile } from "./planFile";
import { compare } from "./resources";

const MARKER = "plan.json";

/**
 * Puts the files in place of a former plan, all of them or none. What else lies in the folder stays; a folder that is not
 * empty and holds no plan is left alone.
 *
 * @throws PlanError when the folder is not the plan's to write
 */
export function writePlan(out: string, files: readonly PlanFile[]): void {
  const fresh = `${out}.new-${process.pid}`;
  try {
    const { former, foreign } = earlierFiles(out, files);
    writeTree(fresh, files);
    replace(out, fresh, foreign, former !== undefined);
  } catch (error) {
    if (error instanceof PlanError) throw error;
    throw new PlanError(`the plan cannot be written to ${shown(out)}: ${(error as Error).message}`);
  } finally {
    if (fs.existsSync(fresh)) fs.rmSync(fresh, { recursive: true });
  }
}

/** What lies in the folder: a former plan's files, if there is one, and those of others, none of them in the way. */
function earlierFiles(
  out: string,
  files: readonly PlanFile[],
): { readonly former: readonly string[] | undefined; readonly foreign: readonly string[] } {
  const former = formerFiles(out);
  const foreign = former === undefined ? [] : filesIn(out).filter((file) => !former.includes(file));
  const clash = foreign.filter((file) =>
    files.some(
      (one) => one.path === file || one.path.startsWith(`${file}/`) || file.startsWith(`${one.path}/`),
    ),
  );
  if (clash.length > 0)
    throw new PlanError(
      `${shown(out)} contains ${clash.join(", ")}, which this plan would overwrite: move it away, or choose another folder with --out`,
    );
  return { former, foreign };
}

/** The files a former plan wrote; undefined where there is nothing. */
function formerFiles(out: string): string[] | undefined {
  const stat = fs.statSync(out, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isDirectory()) throw new PlanError(`${shown(out)} is a file: choose a folder with --out`);
  if (fs.readdirSync(out).length === 0) return [];
  const marker = readMarker(path.join(out, MARKER));
  if (marker === undefined)
    throw new PlanError(`${shown(out)} is not empty and contains no plan: choose another folder with --out`);
  return marker;
}

function readMarker(file: string): string[] | undefined {
  try {
    const { generator, files } = JSON.parse(fs.readFileSync(file, "utf8")) as {
      generator?: unknown;
      files?: unknown;
    };
    return generator === GENERATOR && Array.isArray(files) ? files.map(String) : undefined;
  } catch {
    return undefined;
  }
}

function filesIn(folder: string, prefix = ""): string[] {
  return fs
    .readdirSync(path.join(folder, prefix), { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? filesIn(folder, `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`],
    )
    .sort(compare);
}

function writeTree(folder: string, files: readonly PlanFile[]): void {
  const made = new Set<string>();
  for (const file of files) {
    const target = path.join(folder, file.path);
    const parent = path.dirname(target);
    if (!made.has(parent)) makeFolder(parent);
    made.add(parent);
    fs.writeFileSync(target, file.content, { mode: file.executable === true ? 0o755 : 0o644 });
  }
}

/**
 * Not `recursive`: where a file system makes no folders and says that there is no such entry, as /proc does, Node 20 tries
 * for ever.
 */
function makeFolder(folder: string): void {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  fs.mkdirSync(folder);
}

function replace(out: string, fresh: string, foreign: readonly string[], exists: boolean): void {
  const old = `${out}.old-${process.pid}`;
  if (exists) fs.renameSync(out, old);
  fs.renameSync(fresh, out);
  for (const file of foreign) {
    makeFolder(path.dirname(path.join(out, file)));
    fs.renameSync(path.join(old, file), path.join(out, file));
  }
  // Only what the former plan wrote is left in it.
  if (exists) fs.rmSync(old, { recursive: true });
}

function shown(folder: string): string {
  const relative = path.relative(process.cwd(), folder);
  return relative === "" || relative.startsWith("..") ? folder : relative;
}
