/**
 * Which file Pulumi runs. @pulumi/pulumi 3.248, cmd/run/run.js: where `main` in Pulumi.yaml is absent or a folder, the entry of
 * the nearest package.json (`exports`, then `main`) wins as soon as that file exists, so the program would go by what was built.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { refuseAsProgram } from "../../../components/entryPoint";

const root = path.resolve(__dirname, "../../..");
const inGit = fs.existsSync(path.join(root, ".git"))
  ? execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).trim().split("\n")
  : filesBelow(root);
const projects = inGit.filter((file) => /(^|\/)Pulumi\.ya?ml$/.test(file));

function filesBelow(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (["node_modules", "dist", "out"].includes(entry.name)) return [];
    return entry.isDirectory() ? filesBelow(file) : [path.relative(root, file)];
  });
}

const read = (file: string): string => fs.readFileSync(path.join(root, file), "utf8");

describe("the program of a Pulumi project", () => {
  it("is looked for in every project of this repository", () => {
    expect(projects).toEqual(
      expect.arrayContaining([
        "Pulumi.yaml",
        "examples/any-cloud/Pulumi.yaml",
        "examples/own-program/Pulumi.yaml",
        "examples/parts/Pulumi.yaml",
      ]),
    );
  });

  it.each(projects)("is a source file that is in git, not a folder: %s", (project) => {
    const { main, runtime } = parse(read(project)) as { main?: string; runtime: string | { name: string } };
    expect(typeof runtime === "string" ? runtime : runtime.name).toBe("nodejs");
    expect(main).toMatch(/\.ts$/);
    const program = path.posix.join(path.posix.dirname(project), main ?? "");
    expect(inGit).toContain(program);
    expect(fs.statSync(path.join(root, program)).isFile()).toBe(true);
  });

  it("is never built: no file of a build is one, and the build does not write beside sources", () => {
    const build = parse(read("tsconfig.build.json")) as { compilerOptions: { outDir: string } };
    expect(build.compilerOptions.outDir).toBe("dist");
    expect(inGit.filter((file) => file.startsWith("dist/"))).toEqual([]);
    for (const project of projects) {
      const { main } = parse(read(project)) as { main: string };
      expect(path.posix.join(path.posix.dirname(project), main)).not.toMatch(/^dist\//);
    }
  });

  it("is given in the README's and the docs' own Pulumi.yaml as a file, too", () => {
    const texts = inGit.filter((file) => file.endsWith(".md")).map(read);
    const given = texts.flatMap((text) => [...text.matchAll(/^main: (.*)$/gm)].map(([, main]) => main));
    for (const main of given) expect(main).toMatch(/\.(ts|js|cjs|mjs)$/);
  });
});

describe("the library as the program", () => {
  it.each([
    "/home/a/clone/node_modules/@pulumi/pulumi/cmd/run/run.js",
    "/srv/node_modules/.pnpm/@pulumi+pulumi@3.248.0/node_modules/@pulumi/pulumi/cmd/run/run.js",
  ])("is refused with what to write: loaded by %s", (loader) => {
    expect(() => refuseAsProgram(loader)).toThrow(/main: stacks\/index\.ts/);
  });

  it.each([undefined, "/home/a/project/index.ts", "/home/a/run.js", "/home/a/my-cmd/run/run.js"])(
    "is a library to %s",
    (loader) => {
      expect(() => refuseAsProgram(loader)).not.toThrow();
    },
  );
});
