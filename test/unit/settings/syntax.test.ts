/** Text that is not valid YAML: one problem, in words of settings, with the lines and without values. */
import { describe, expect, it } from "vitest";
import { readCluster } from "../../../model/settings/parse";
import { formatProblems, SettingsError } from "../../../model/settings/problems";
import { readStackConfig, readStackFile } from "../../../model/settings/yaml";

function reported(file: string): string {
  try {
    readStackConfig(file, "mine");
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return "";
}

/** Below kubeadm:cluster, with a key before and keys after, as a file has them. */
const fileOf = (...lines: string[]): string =>
  ["config:", "  kubeadm:cluster:", ...lines, "    machines:", "      cp1:", "        role: worker", ""].join(
    "\n",
  );

const NBSP = "\u00a0";

describe("a slip of the keyboard is one problem", () => {
  it.each([
    [
      "deeper than a key with a value",
      fileOf("    cni: flannel", "      podCidr: 10.244.0.0/16"),
      /line 4 is indented deeper than the line above, whose key already has a value/,
      ["3 |     cni: ...", "4 |       podCidr: ..."],
    ],
    [
      "shallower than its neighbours",
      fileOf("    cni:", "      kind: flannel", "     podCidr: 10.244.0.0/16"),
      /line 5: the line is indented differently from the keys above it/,
      ["4 |       kind: ...", "5 |      podCidr: ..."],
    ],
    [
      "a tab",
      fileOf("    cni:", "\t  kind: flannel"),
      /line 4: the line begins with a tab/,
      ["4 | <tab>  kind: ..."],
    ],
    [
      "a no-break space",
      fileOf("    cni:", `    ${NBSP} kind: flannel`),
      /line 4: the line begins with the character U\+00A0/,
      ["4 |     <U+00A0> kind: ..."],
    ],
    [
      "no colon",
      fileOf("    cni", "      kind: flannel"),
      /line 3: the line has no colon with a space after it/,
      ["3 |     ...", "4 |       kind: ..."],
    ],
    [
      "two keys in a line",
      fileOf("    cni: kind: flannel"),
      /line 3: the line is indented differently from the lines above, or has two keys/,
      ["3 |     cni: ..."],
    ],
    [
      "a list indented in two ways",
      fileOf("    access:", "      ssh:", "        - 10.0.0.0/8", "       - 11.0.0.0/8"),
      /line 6: the line is indented differently/,
      ["5 |         - ...", "6 |        - ..."],
    ],
    ["an open quote", fileOf('    name: "shop'), /line 3: a quote is not closed/, ["3 |     name: ..."]],
    [
      "an open brace",
      fileOf("    cni: { kind: flannel"),
      /line 3: \{ is not closed\n {4}allowed: \} after the last entry/,
      ["3 |     cni: ..."],
    ],
    [
      "an open bracket, far above where the parser gives up",
      fileOf("    access:", "      ssh: [", "        10.0.0.0/8,", "      api: [10.0.0.0/8]"),
      /line 4: \[ is not closed/,
      ["4 |       ssh: ..."],
    ],
    [
      "an open bracket in braces",
      fileOf("    access: { ssh: [10.0.0.0/8, api: [10.0.0.0/8] }"),
      /line 3: \[ is not closed/,
      ["3 |     access: ..."],
    ],
    [
      "a bracket that is closed too far to the left",
      fileOf("    access:", "      ssh: [", "        10.0.0.0/8,", "    ]"),
      /line 6: the line is indented differently/,
      ["6 |     ..."],
    ],
    [
      "an at sign",
      fileOf("    a: @x"),
      /is not valid YAML: Plain value cannot start with reserved character @/,
      [],
    ],
  ])("%s", (_, file, message, lines) => {
    const report = reported(file);
    expect(report).toMatch(/^1 problem in the settings of mine\n/);
    expect(report).toMatch(message);
    for (const line of lines) expect(report).toContain(`\n    ${line}`);
  });

  it("shows no value: a secret may be on the line", () => {
    const report = reported("config:\n  kubeadm:secrets:\n    operator: hunter2\n      more: hunter3\n");
    expect(report).toContain("3 |     operator: ...");
    expect(report).not.toMatch(/hunter/);
  });

  it("each key that stands twice is reported", () => {
    expect(reported(fileOf("    name: a", "    name: b", "    domain: c", "    domain: d"))).toMatch(
      /^2 problems/,
    );
  });
});

describe("problems of the settings", () => {
  const text = fileOf("    cni:", "      kind: flannel", "      backendd: vxlan");

  it("are shown with the line of the file, or that of the mapping that lacks a key", () => {
    const { config, locate } = readStackFile(text, "mine");
    try {
      readCluster(config["kubeadm:cluster"], { environment: "mine" });
      expect.unreachable("the settings are wrong");
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      const report = formatProblems(locate(error.problems));
      expect(report).toMatch(/cni\.backendd: [^]*?\n {4}5 \| {7}backendd: \.\.\./);
      expect(report).toMatch(/machines\.cp1\.host: is missing\n[^]*?\n {4}7 \| {7}cp1:/);
    }
  });

  it("keep lines that they have already, and quoted keys and lists are found", () => {
    const file =
      'config:\n  kubeadm:cluster:\n    tenants:\n      "a b":\n        hosts:\n          - x\n          - y\n';
    const { locate } = readStackFile(file);
    const at = (path: string) => locate([{ path, value: "", message: "" }])[0]?.excerpt;
    expect(at('tenants["a b"].hosts[1]')).toBe("7 |           - ...");
    expect(at("tenants.gone.hosts")).toBe("3 |     tenants:");
    expect(at("kubeadm:secrets.operator")).toBe("1 | config:");
    expect(locate([{ path: "line 2", value: "", message: "", excerpt: "2 | x" }])[0]?.excerpt).toBe("2 | x");
  });
});
