import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { cachedFolder } from "./cache";
import { ensureDebianPackages } from "./debianPackages";
import { run } from "./run";

/** How a tool is built from a published Go module. */
export interface GoBuild {
  /** Module path and version as the Go module proxy serves them. */
  module: string;
  version: string;
  /** Name of each binary and the package it is built from. */
  binaries: Readonly<Record<string, string>>;
  /** `importpath.Variable` and value, set at link time. */
  variables?: Readonly<Record<string, string>>;
  tags?: readonly string[];
  /** Built with C, statically linked; default false. */
  cgo?: boolean;
  /** Debian packages the build needs, such as headers. */
  packages?: readonly string[];
  /**
   * The version that stands in for the module's own unpublished `v0.0.0` requirements. Kubernetes publishes its
   * staging modules under v0.MINOR.PATCH but requires them at v0.0.0.
   */
  stagingVersion?: string;
  /** Further requirements, `path@version`, that lift a dependency above what the module asks for. */
  requires?: readonly string[];
  /** Further `replace` lines, `path=path@version`. */
  replaces?: readonly string[];
  /** What is written after a text that a file of the module has once, in this build alone. */
  insertions?: readonly { file: string; after: string; text: string }[];
  /** Takes over the module's own `replace` and `exclude` lines, which count in a main module only; default false. */
  ownDirectives?: boolean;
}

interface GoMod {
  Require?: { Path: string; Version: string }[];
  Replace?: { Old: { Path: string; Version?: string }; New: { Path: string; Version?: string } }[];
  Exclude?: { Path: string; Version: string }[];
}

const recipeSchema = 1;

/** Builds a published module's binaries, or finds them built; returns the folder that holds them. */
export async function ensureGoBuild(name: string, build: GoBuild): Promise<string> {
  return cachedFolder("tools", name, { build, schema: recipeSchema, arch: os.arch() }, async (folder) => {
    await ensureDebianPackages(build.packages ?? []);
    await withModuleFolder(async (work) => {
      const go = goEnvironment(build.cgo ?? false);
      await writeWrapperModule(work, build, go);
      for (const [binary, source] of Object.entries(build.binaries)) {
        await goBuildOne(work, source, path.join(folder, binary), build, go);
      }
    });
  });
}

/** Builds the Go program in a folder of this tree; rebuilt when its sources change. */
export async function ensureLocalGoBuild(name: string, source: string): Promise<string> {
  const files = fs.readdirSync(source).sort();
  const hash = crypto.createHash("sha256");
  for (const file of files) hash.update(file).update(fs.readFileSync(path.join(source, file)));
  const recipe = { local: hash.digest("hex"), schema: recipeSchema, arch: os.arch() };
  return cachedFolder("tools", name, recipe, async (folder) => {
    const build: GoBuild = { module: name, version: "local", binaries: {} };
    await goBuildOne(source, ".", path.join(folder, name), build, goEnvironment(false));
  });
}

/** Folder of a module's sources in Go's own module cache, downloaded when it is not there. */
export async function moduleFolder(module: string, version: string): Promise<string> {
  return (await downloadModule(module, version)).Dir;
}

async function withModuleFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pulumi-kubeadm-go-"));
  try {
    await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function goEnvironment(cgo: boolean): NodeJS.ProcessEnv {
  return { ...process.env, CGO_ENABLED: cgo ? "1" : "0", GOFLAGS: "-mod=mod -buildvcs=false", GOWORK: "off" };
}

/**
 * Writes a module that requires the wanted one. `go install module@version` refuses modules with `replace` lines, and
 * `replace` lines of a dependency do not count, so those that matter are written again here.
 */
async function writeWrapperModule(work: string, build: GoBuild, env: NodeJS.ProcessEnv): Promise<void> {
  const { GoMod: file } = await downloadModule(build.module, build.version);
  const goMod = JSON.parse((await run(["go", "mod", "edit", "-json", file], { env })).stdout) as GoMod;
  const staging = (goMod.Require ?? [])
    .filter((required) => build.stagingVersion !== undefined && required.Version === "v0.0.0")
    .map(({ Path }) => `${Path}=${Path}@${build.stagingVersion}`);
  await run(["go", "mod", "init", "pulumi-kubeadm.invalid/wrapper"], { cwd: work, env });
  const edits = [
    ...[`${build.module}@${build.version}`, ...(build.requires ?? [])].map((line) => `-require=${line}`),
    ...[...staging, ...(await copyWith(work, build)), ...(build.replaces ?? [])].map(
      (line) => `-replace=${line}`,
    ),
    ...(build.ownDirectives ? directivesOf(goMod) : []),
  ];
  await run(["go", "mod", "edit", ...edits], { cwd: work, env });
}

/** A copy of the module with the insertions, as a `replace` line: what lies in Go's module cache cannot be overlaid. */
async function copyWith(
  work: string,
  { module, version, insertions = [] }: GoBuild,
): Promise<readonly string[]> {
  if (insertions.length === 0) return [];
  const { Dir: original } = await downloadModule(module, version);
  const copy = path.join(work, "module");
  // The cache's files are read-only.
  await run(["cp", "-r", "--no-preserve=mode", original, copy]);
  for (const { file, after, text } of insertions) {
    const own = path.join(copy, file);
    const [before = "", rest, ...more] = fs.readFileSync(own, "utf8").split(after);
    if (rest === undefined || more.length > 0)
      throw new Error(`${module}@${version}: ${file} does not have this text once: ${after}`);
    fs.writeFileSync(own, `${before}${after}${text}${rest}`);
  }
  return [`${module}=${copy}`];
}

function directivesOf({ Replace, Exclude }: GoMod): string[] {
  const at = ({ Path, Version }: { Path: string; Version?: string }): string =>
    Version === undefined ? Path : `${Path}@${Version}`;
  return [
    ...(Replace ?? []).map(({ Old, New }) => `-replace=${at(Old)}=${at(New)}`),
    ...(Exclude ?? []).map((module) => `-exclude=${at(module)}`),
  ];
}

async function goBuildOne(
  cwd: string,
  source: string,
  output: string,
  build: GoBuild,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const variables = Object.entries(build.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  const ldflags = ["-s", "-w", ...variables, ...(build.cgo ? ["-extldflags -static"] : [])].join(" ");
  const tags = [...(build.tags ?? []), ...(build.cgo ? ["netgo", "osusergo"] : [])].join(",");
  const flags = ["-trimpath", "-ldflags", ldflags, ...(tags === "" ? [] : ["-tags", tags])];
  await run(["nice", "go", "build", ...flags, "-o", output, source], { cwd, env });
}

async function downloadModule(module: string, version: string): Promise<{ Dir: string; GoMod: string }> {
  const { stdout } = await run(["go", "mod", "download", "-json", `${module}@${version}`], {
    cwd: os.tmpdir(),
  });
  return JSON.parse(stdout) as { Dir: string; GoMod: string };
}
