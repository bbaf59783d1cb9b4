/** Scripts for hosts, as the files that they are. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { script } from "../../model/core/script";
import { have } from "../support/have";
import { hasPowerShellParser, powerShellErrors } from "../support/powershell";
import { shellcheckFiles } from "../support/shellcheck";

const MODEL = path.resolve(__dirname, "../../model");
const files = fs.readdirSync(MODEL, { recursive: true, encoding: "utf8" });
const ending = (end: string): string[] => files.filter((file) => file.endsWith(end)).sort();

function run(command: string, words: readonly string[], input = ""): string {
  const { stdout, stderr } = spawnSync(command, words, { cwd: MODEL, input, encoding: "utf8" });
  return stdout + stderr;
}

const read = (file: string): string => fs.readFileSync(path.join(MODEL, file), "utf8");

/** Lines that only a script has: of bash, of a shell's control, and of PowerShell. */
const SCRIPT = [
  /^#!\/|^\s*set -[eu]/m,
  /^\s*(if|elif|for|while|until|case) .*\b(then|do|in)$|^\s*(fi|done|esac)$/m,
  /^\s*(local|return) \w/m,
  /^\s*(phase|die|note) "|\bsystemctl (start|stop|restart|enable|daemon-reload)/m,
  /^\$\w+ = |^function [\w-]+\(/m,
];

/** Texts of more than a line that look like scripts, as `file:line`. */
function scriptsIn(file: string): string[] {
  const found: string[] = [];
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if (ts.isTemplateExpression(node) || ts.isStringLiteralLike(node)) {
      const text = node.getText().slice(1, -1).replaceAll("\\n", "\n");
      if (text.trim().includes("\n") && SCRIPT.some((pattern) => pattern.test(text)))
        found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe("script files", () => {
  it("of bash are read by bash", () => {
    // One shell forks for each in a fraction of what a start from here takes.
    const loop = 'for file; do bash -n "$file" || echo "$file: status $?"; done';
    const files = ending(".sh");
    expect(files.length).toBeGreaterThan(100);
    expect(run("bash", ["-c", loop, "bash", ...files])).toBe("");
  });

  it.skipIf(!have("shellcheck"))("of bash pass shellcheck", () => {
    expect(shellcheckFiles(MODEL, ending(".sh"))).toBe("");
  });

  it("of Python compile", () => {
    const program = "import sys\nfor name in sys.argv[1:]: compile(open(name).read(), name, 'exec')\n";
    expect(run("python3", ["-", ...ending(".py")], program)).toBe("");
  });

  it.runIf(hasPowerShellParser)("of PowerShell are read by its grammar", () => {
    expect(powerShellErrors(ending(".ps1").map(read))).toEqual([]);
  });

  it("wait by the functions of waiting.sh: none counts its tries in a loop of its own", () => {
    const counting = /\bfor _ in\b|\bfor \w+ in \$\(seq\b/;
    expect("for _ in $(seq 1 60); do").toMatch(counting);
    expect(ending(".sh").filter((file) => counting.test(read(file)))).toEqual([]);
  });

  it("name the variables that they use in place of the renderer's", () => {
    // A template's own placeholders would be commands or variables of the shell by now.
    for (const file of files.filter((name) => /\.(sh|py|ps1)$/.test(name)))
      expect(read(file), file).not.toMatch(/@@|\$\{[\w.]+\([^)]*\)\}/);
  });

  it("are where scripts stand: no text of TypeScript is one", () => {
    expect(ending(".ts").flatMap(scriptsIn)).toEqual([]);
  });
});

describe("rendering", () => {
  it("writes values in front of the text, quoted, and leaves out what is for editors", () => {
    const rendered = script("node/scripts/hosts-block.sh", { block: ["192.0.2.1 it's", "$(id)"] });
    expect(rendered).toMatch(
      /^#!\/usr\/bin\/env bash\nexport LC_ALL=C PATH=.*\nblock=\('192\.0\.2\.1 it'\\''s' '\$\(id\)'\)\n/,
    );
    expect(rendered).not.toContain("shellcheck");
  });

  it("gives bash numbers, answers, lists and maps", () => {
    const values = {
      needs: ["a b", "c"],
    };
    const lines = script("node/scripts/packages.sh", values).split("\n");
    expect(lines[0]).toBe("needs=('a b' c)");
    const sets = { node: "leaving_node" };
    expect(script("node/scripts/leaving-rules.sh", { sets, firewall_table: "inet t" })).toMatch(
      /^declare -A sets=\(\[node\]=leaving_node\)\nfirewall_table='inet t'\n/,
    );
    const firewalls = { foreign_flows: [], pod_cidr: "", turned_off: "/x" };
    expect(script("node/scripts/foreign-firewalls.sh", { ...firewalls, theirs_stay: false })).toMatch(
      /^theirs_stay=\nforeign_flows=\(\)\npod_cidr=\n/,
    );
  });

  it("puts what a file uses before it, once, with the variables of both", () => {
    const rendered = script("aws/node/scripts/pool-instances.sh", {
      ...{ aws_program: "/aws.py", pools: [], cluster_tag: "c", cluster: "dev", pool_tag: "p" },
      ...{ join_hours: 1, again_minutes: 2 },
    });
    expect(rendered.match(/^\w+=/gm)?.slice(0, 3)).toEqual(["aws_program=", "pools=", "cluster_tag="]);
    expect(rendered.split("aws() {")).toHaveLength(2);
    expect(rendered.indexOf("aws() {")).toBeLessThan(rendered.indexOf("pool_of() {"));
  });

  it("refuses a variable without a value, and one that the file does not name", () => {
    expect(() => script("node/scripts/packages.sh")).toThrow("node/scripts/packages.sh: needs has no value");
    expect(() => script("node/scripts/packages.sh", { needs: [], wants: "" })).toThrow(
      "node/scripts/packages.sh does not name wants",
    );
  });
});
