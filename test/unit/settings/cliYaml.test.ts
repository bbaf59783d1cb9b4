/**
 * What Pulumi's CLI reads, and that the plan and the program refuse a file that it reads differently. The table was taken from the
 * CLI's own code: workspace.LoadProjectStackBytes and config.Map.Decrypt of github.com/pulumi/pulumi/sdk/v3 3.255.0, with
 * gopkg.in/yaml.v3 3.0.1, called with these texts. 60,000 texts made by chance, a quarter of them changes of Pulumi.metal.yaml,
 * were read by both: what readStackConfig took, the CLI took as the same.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { SettingsError } from "../../../model/settings/problems";
import { readStackConfig } from "../../../model/settings/yaml";

const fileOf = (line: string): string => `config:\n  kubeadm:cluster:\n    ${line}\n`;

function cluster(line: string): unknown {
  return readStackConfig(fileOf(line))["kubeadm:cluster"];
}

function problems(file: string | Uint8Array): string {
  try {
    readStackConfig(file, "metal");
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return "";
}

/** A line below kubeadm:cluster, and what the CLI hands to the program as JSON. */
const SAME: [string, unknown][] = [
  ["a: yes", { a: "yes" }],
  ["a: on", { a: "on" }],
  ["a: 1:30", { a: "1:30" }],
  ["a: 12:30:45", { a: "12:30:45" }],
  ["a: 0o17", { a: 15 }],
  ["a: 0x1F", { a: 31 }],
  ["a: 089", { a: 89 }],
  ["a: +12", { a: 12 }],
  ["a: -0", { a: 0 }],
  ["a: 1e3", { a: 1000 }],
  ["a: 1.", { a: 1 }],
  ["a: +.5", { a: 0.5 }],
  ["a: _1", { a: "_1" }],
  ["a: .e5", { a: ".e5" }],
  ["a: inf", { a: "inf" }],
  ["a: =", { a: "=" }],
  ["a: ~", { a: null }],
  ["a: True", { a: true }],
  ["a: !!str 012", { a: "012" }],
  ['a: "0256"', { a: "0256" }],
  ["a: 1.36.4", { a: "1.36.4" }],
  ["a: 10.96.0.0/16", { a: "10.96.0.0/16" }],
  ["yes: x", { yes: "x" }],
  ["true: x", { true: "x" }],
  ["10: x", { 10: "x" }],
  ["a: &x { b: 1 }\n    c: { <<: *x, d: 2 }", { a: { b: 1 }, c: { b: 1, d: 2 } }],
  ["a: |\n      0256\n      \ttab", { a: "0256\n\ttab\n" }],
];

/** A line, what the CLI hands on (an Error where it refuses the file), and what the report says of it. */
const DIFFERENT: [string, unknown, RegExp][] = [
  ["a: 0256", { a: 174 }, /line 3: "0256" is number 174 to Pulumi's CLI .*, and number 256 to others/],
  ["012: x", { 10: "x" }, /"012" is number 10/],
  ["a: 2_56", { a: 256 }, /"2_56" is number 256 .*text "2_56"/],
  ["a: 1_000.5", { a: 1000.5 }, /number 1000\.5/],
  ["a: 0b11", { a: 3 }, /number 3/],
  ["a: -0x1F", { a: -31 }, /number -31/],
  ["a: 0O17", { a: 15 }, /number 15/],
  ["a: 0X1F", { a: 31 }, /number 31/],
  ["a: -_1", { a: -1 }, /number -1/],
  ["a: 123_", { a: 123 }, /number 123/],
  ["a: 1e400", { a: "1e400" }, /text "1e400"/],
  ["a: 2026-01-01", { a: "2026-01-01 00:00:00 +0000 UTC" }, /is a date to Pulumi's CLI/],
  ["a: 2026-1-1 1:1:1", { a: "2026-01-01 01:01:01 +0000 UTC" }, /is a date/],
  ["a: .inf", Error, /cannot represent/],
  ["a: -.INF", Error, /cannot represent/],
  ["a: .NaN", Error, /cannot represent/],
  ["~: x", { "<nil>": "x" }, /cannot be a key/],
  ["1000000.0: x", { "1e+06": "x" }, /the fraction differently/],
  ["7e07: x", { "7e+07": "x" }, /the fraction differently/],
  ['1: x\n    "1": y', Error, /is set twice/],
  ['a: !!int "12"', { a: 12 }, /the tag tag:yaml\.org,2002:int/],
  ["a: !!binary aGFsbG8=", { a: "hallo" }, /the tag/],
  ["a: ! 12", { a: 12 }, /the tag !/],
  ["a: !foo x", { a: "x" }, /tag/i],
  ['a: "\\uD83D\\uDE00"', Error, /half a character/],
  [
    'a: &x { b: 1 }\n    c: { "<<": *x }',
    { a: { b: 1 }, c: { b: 1 } },
    /"<<" is a merge key to Pulumi's CLI/,
  ],
  ["a: [inf:, b]", { a: ["inf:", "b"] }, /colon/],
  ["a: { b:[c] }", Error, /colon without a space/],
  ["a: [?b, c]", { a: [{ b: null }, "c"] }, /\?/],
  ["a: 1\n    f\n      : x", Error, /no colon on its line/],
  ["a: 0o-1", { a: -1 }, /number -1/],
  ["a: 0b+11", { a: 3 }, /number 3/],
  ["a: x\n\t\n", Error, /tab/],
  ["a: b\u0085 c", { a: "b c" }, /U\+0085/],
  ["a: b\u2028 c", { a: "b c" }, /U\+2028/],
  ["a: b\u0007", Error, /U\+0007/],
  ["a: b\rc: d", { a: "b", c: "d" }, /U\+000D/],
];

describe("a stack file that all readers read alike", () => {
  it.each(SAME)("is taken: %s", (line, read) => {
    expect(JSON.parse(JSON.stringify(cluster(line)))).toEqual(read);
  });

  it("may begin with a byte order mark, which the CLI takes off", () => {
    expect(readStackConfig(Buffer.from(`\ufeff${fileOf("a: 1")}`))).toEqual({ "kubeadm:cluster": { a: 1 } });
  });

  it("may have lines that end as on Windows", () => {
    expect(cluster("a: 1\r\n    b: 2\r")).toEqual({ a: 1, b: 2 });
  });

  it("is each environment of this repository", () => {
    const root = path.resolve(__dirname, "../../..");
    const files = fs.readdirSync(root).filter((name) => /^Pulumi\..+\.yaml$/.test(name));
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect(problems(fs.readFileSync(path.join(root, file))), file).toBe("");
  });
});

describe("a stack file that readers read differently", () => {
  it.each(DIFFERENT)("is refused: %s", (line, _cli, text) => {
    expect(problems(fileOf(line))).toMatch(text);
  });

  it("is refused for bytes that are not UTF-8", () => {
    const latin = Buffer.from(fileOf("a: caf\u00e9"), "latin1");
    expect(problems(latin)).toContain("the file has bytes that are not UTF-8");
    expect(problems(Buffer.from(`\ufeff${fileOf("a: b")}`, "utf16le"))).toContain("not UTF-8");
  });

  it("is refused for a second document, of which the CLI reads nothing", () => {
    expect(problems(`${fileOf("a: 1")}---\n${fileOf("a: 2")}`)).toMatch(/a second document .*ignored/);
  });

  it("is refused for a directive", () => {
    expect(problems(`%YAML 1.1\n---\n${fileOf("a: yes")}`)).toContain("a directive (%)");
  });

  it("shows no secret", () => {
    const file = `config:\n  kubeadm:secrets:\n    token: 0256\n    other: [x?y]\n    2_5:, a: 1\n`;
    expect(problems(file)).not.toContain("0256");
    expect(problems(`config:\n  kubeadm:secrets: { token: 0256, other: "a" }\n`)).toMatch(
      /line 2: \[hidden\]/,
    );
  });

  it("tells all of it at once", () => {
    expect(problems(fileOf("a: 0256\n    b: 2_5"))).toMatch(/^2 problems/);
  });
});
