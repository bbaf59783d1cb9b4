/** Documents name what is there: links, headings, scripts of package.json, files. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";

const ROOT = path.resolve(__dirname, "../../..");
const inGit = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
}).split("\n");
const pages = inGit
  .filter((name) => /^(docs\/.*|[A-Z]+)\.md$/.test(name) && fs.existsSync(path.join(ROOT, name)))
  .map((name) => ({ name, text: fs.readFileSync(path.join(ROOT, name), "utf8") }));
const { scripts } = JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
const withoutCode = (text: string): string => text.replace(/^\s*```[\s\S]*?^\s*```$/gm, "");

/** Headings as GitHub makes anchors of them. */
const anchors = new Map(
  pages.map(({ name, text }) => [
    name,
    [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  ]),
);

it("documents have no marks of a merge, and say nothing twice", () => {
  const found = pages.flatMap(({ name, text }) => {
    const prose = withoutCode(text);
    const marks = prose.split("\n").filter((line) => /^(<{7}|={7}|(> ?){7})( |$)/.test(line));
    const said = prose.split(/\n\n|\n(?=- |\d\. )/).filter((part) => /^[^|]{70}/.test(part));
    return [...marks, ...said.filter((part, index) => said.indexOf(part) < index)].map(
      (part) => `${name}: ${part}`,
    );
  });
  expect(found).toEqual([]);
});

it("links lead to files, and to headings of them", () => {
  const broken = pages.flatMap(({ name, text }) =>
    [...withoutCode(text).matchAll(/\]\((?!https?:|mailto:)([^)\s]*)\)/g)].flatMap(([, target = ""]) => {
      const [file = "", anchor] = target.split("#");
      const to = file === "" ? name : path.posix.join(path.posix.dirname(name), file);
      const there = fs.existsSync(path.join(ROOT, to));
      const heading =
        anchor === undefined || !to.endsWith(".md") || anchors.get(to)?.includes(anchor) === true;
      return there && heading ? [] : [`${name}: ${target}`];
    }),
  );
  expect(broken).toEqual([]);
});

it("scripts that documents run are in package.json", () => {
  const named = pages.flatMap(({ name, text }) =>
    [...text.matchAll(/npm run (?:-s )?([a-z][a-z:-]*)/g)].map(([, script = ""]) => ({ name, script })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
});

it("files that documents name are in the repository", () => {
  const top =
    /^(bin|cis|components|examples|host|model|plan|policy|schema|scripts|smoke|stacks|test|testing)\//;
  const missing = pages
    .filter(({ name }) => name !== "CHANGELOG.md")
    .flatMap(({ name, text }) =>
      [...text.matchAll(/`([\w./-]+)`/g)]
        .map(([, file = ""]) => file)
        .filter((file) => top.test(file) && !fs.existsSync(path.join(ROOT, file.replace(/\/$/, ""))))
        .map((file) => `${name}: ${file}`),
    );
  expect(missing).toEqual([]);
});
