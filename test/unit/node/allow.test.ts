import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { flowsOf } from "../../../model/flows";
import { disjoint6, parseRange6 } from "../../../model/network/addresses6";
import { have } from "../../support/have";
import { bash, machineOf, settingsOf } from "./support";
import { firewallFiles, firewallPhase, firewallRules, preflightChecks } from "../../support/fromSettings";

const ssh = ["198.51.100.0/24", "2001:db8:5::/48"];
const allow = [
  { from: ["192.0.2.0/24", "2001:db8::/64"], protocol: "tcp", port: 9100, reason: "node_exporter" },
  { from: ["192.0.2.0/25", "192.0.2.0/24"], protocol: "udp", port: "161-162", reason: "SNMP" },
  { from: ["192.0.2.5/32"], protocol: "vrrp", reason: "keepalived" },
  { from: ["203.0.113.0/24", "2001:db8::/64"], protocol: "icmp", reason: "ping of the office" },
  { from: ["0.0.0.0/0"], protocol: "sctp", port: 38412, reason: "N2" },
];
const settings = settingsOf({
  firewall: { kind: "nftables", allow },
  access: { ssh, api: ["198.51.100.0/24"], nodePorts: [] },
});
const rules = firewallRules(settings, machineOf(settings, "w1"));
const lines = rules.split("\n").map((line) => line.trim());

describe("rules of people's own", () => {
  it("become rules of each address family that they name", () => {
    for (const line of [
      'ip saddr { 192.0.2.0/24 } tcp dport { 9100 } accept comment "node_exporter"',
      'ip6 saddr { 2001:db8::/64 } tcp dport { 9100 } accept comment "node_exporter"',
      'ip saddr { 192.0.2.0/24 } udp dport { 161-162 } accept comment "SNMP"',
      'ip saddr { 192.0.2.5 } meta l4proto 112 accept comment "keepalived"',
      'ip saddr { 203.0.113.0/24 } ip protocol icmp accept comment "ping of the office"',
      'ip6 saddr { 2001:db8::/64 } meta l4proto ipv6-icmp accept comment "ping of the office"',
      'sctp dport { 38412 } accept comment "N2"',
    ])
      expect(lines).toContain(line);
  });

  it("are among the flows, and on every machine", () => {
    const listed = flowsOf(settings).filter((flow) => flow.from === "listed");
    expect(listed.map((flow) => flow.reason)).toEqual(allow.map((rule) => rule.reason));
    expect(firewallRules(settings, machineOf(settings, "cp1"))).toContain('comment "keepalived"');
  });

  it("are none where the plain word is written, as before", () => {
    const plain = settingsOf({ firewall: "nftables", access: { ssh, api: ["198.51.100.0/24"] } });
    expect(plain.firewallAllow).toEqual([]);
    expect(plain.firewall).toBe("nftables");
    expect(settingsOf({ firewall: { kind: "nftables" }, access: { ssh, api: ["198.51.100.0/24"] } })).toEqual(
      plain,
    );
  });

  it("that open a machine to the world are an advisory", () => {
    expect(settings.advisories).toContain("firewall.allow: sctp (N2) is open to the whole internet");
  });

  it("leave ping to nodes and to whoever opens SSH, of both families", () => {
    expect(lines).toContain(
      'ip saddr { 192.0.2.11, 192.0.2.21 } icmp type echo-request accept comment "nodes ping one another"',
    );
    expect(lines).toContain(
      'ip6 saddr { 2001:db8:5::/48 } icmpv6 type echo-request accept comment "ping from the ranges of access.ssh"',
    );
    expect(lines).toContain(
      'ip6 saddr { 2001:db8:5::/48 } tcp dport $ssh_ports accept comment "SSH: people and pulumi"',
    );
    expect(flowsOf(settingsOf()).some((flow) => flow.icmp?.type === "echo-request")).toBe(false);
  });

  const namespaces = have("nft") && spawnSync("unshare", ["-rn", "true"]).status === 0;
  it.skipIf(!namespaces)("are taken by nft, twice", () => {
    const text = rules.replace(/^include .*$/m, "define ssh_ports = { 22 }");
    const script = `set -e\nrules=$(mktemp)\ntrap 'rm -f "$rules"' EXIT\ncat >"$rules"\nnft -f "$rules"\nnft -f "$rules"\nnft list table inet pulumi-kubeadm`;
    const ran = spawnSync("unshare", ["-rn", "bash", "-c", script], { input: text, encoding: "utf8" });
    expect(ran.stderr).toBe("");
    expect(ran.stdout).toMatch(/ip6 saddr \{? ?2001:db8::\/64 ?\}? tcp dport/);
  });
});

describe("whoever is logged on when the firewall comes", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "allow-"));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  function load(peers: readonly string[], more: readonly string[] = ssh): string {
    const own = settingsOf({ firewall: "nftables", access: { ssh: [...more], api: ["198.51.100.0/24"] } });
    const machine = machineOf(own, "w1");
    const phase = firewallPhase(own, firewallFiles(own, machine)).split("nft -c -f")[0] ?? "";
    const script = `set -euo pipefail
note() { echo "note: $1"; }
die() { echo "died: $1"; exit 1; }
phase() { :; }
mkdir() { :; }
put() { cat >/dev/null; }
sshd() { echo "port 22"; }
${preflightChecks(own, machine)}
ss() { printf '%s\\n' ${peers.map((peer) => `'0 0 [::]:22 ${peer}'`).join(" ")}; }
${phase}
echo loaded`;
    return bash(script).stdout.trim().split("\n").at(-1) ?? "";
  }

  it.each([
    ["198.51.100.7:50000"],
    ["[::ffff:198.51.100.7]:50000"],
    ["[2001:db8:5:1::7]:50000"],
    ["[2001:db8:5::]:50000"],
    ["127.0.0.1:40000"],
    ["[::1]:40000"],
  ])("by %s is let in", (peer) => {
    expect(load([peer])).toBe("loaded");
  });

  it.each([
    ["203.0.113.7:50000", "203.0.113.7"],
    ["[::ffff:203.0.113.7]:50000", "203.0.113.7"],
    ["[2001:db8:6::7]:50000", "2001:db8:6::7"],
    ["[fe80::1%eth0]:50000", "fe80::1"],
  ])("by %s would be locked out, and nothing is loaded", (peer, named) => {
    expect(load(["198.51.100.7:50000", peer])).toBe(
      `died: the firewall would lock out ${named}, which is logged in over SSH: add it to access.ssh`,
    );
  });

  it("is nobody's business where everybody may log on", () => {
    expect(load(["203.0.113.7:50000", "[2001:db8:6::7]:50000"], ["0.0.0.0/0"])).toBe("loaded");
  });

  it.each([
    ["2001:db8:8000::/33", "[2001:db8:ffff::1]:1", true],
    ["2001:db8:8000::/33", "[2001:db8:7fff::1]:1", false],
    ["2001:db8::5/128", "[2001:db8::5]:1", true],
    ["2001:db8::5/128", "[2001:db8::6]:1", false],
  ])("in %s: %s %s", (range, peer, inside) => {
    expect(load([peer], ["198.51.100.0/24", range]) === "loaded").toBe(inside);
  });
});

describe("IPv6 ranges", () => {
  it.each([
    ["2001:db8::/64", { text: "2001:db8::/64" }],
    ["2001:0DB8:0:0::/64", { text: "2001:db8::/64" }],
    ["::/0", { text: "::/0" }],
    ["2001:db8::1/64", { problem: "has host bits set", meant: "2001:db8::/64" }],
    ["2001:db8::1", { problem: "is an address without a prefix length", meant: "2001:db8::1/128" }],
    ["2001:db8::/129", { problem: "has a prefix length over 128" }],
    ["fe80::%eth0/64", { problem: "is not a valid IPv6 range" }],
    ["::x/64", { problem: "is not a valid IPv6 range" }],
  ])("%s is read as %j", (text, expected) => {
    expect(parseRange6(text)).toEqual(expected);
  });

  it("in another are left out", () => {
    expect(disjoint6(["2001:db8:1::/64", "2001:db8::/32", "2001:db9::/48", "2001:db8::/32"])).toEqual([
      "2001:db8::/32",
      "2001:db9::/48",
    ]);
  });
});
