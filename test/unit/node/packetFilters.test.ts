import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { packetFilterReport } from "../../../model/node/checks/packetFilters";
import { have } from "../../support/have";
import { bash, machineOf, settingsOf, threeControlPlaneNodes } from "./support";
import { packetFilterProblems } from "../../support/fromSettings";

const folder = path.join(__dirname, "filters");
const file = (name: string): string => fs.readFileSync(path.join(folder, name), "utf8");

/** What the preflight script prints of a host with those rule sets. */
function report(...names: string[]): string {
  return names
    .map((name) =>
      name.endsWith(".rules")
        ? file(name).replace(/^/gm, "##iptables ")
        : name.endsWith(".json")
          ? `##nft ${JSON.stringify(JSON.parse(file(name)))}`
          : `##filter ${name}`,
    )
    .join("\n");
}

const open = { access: { ssh: ["198.51.100.0/24"], api: ["198.51.100.0/24"], nodePorts: [] } };
function problems(text: string, raw: Record<string, unknown> = {}, name = "w1", link = "eth0"): string[] {
  const settings = settingsOf({ machines: threeControlPlaneNodes, endpoint: { kind: "nodeLocal" }, ...raw });
  return packetFilterProblems(settings, machineOf(settings, name), text, link);
}
const iptablesMode = { kubeProxy: { mode: "iptables" } };

describe("packet filters of others", () => {
  it.each([
    ["nothing", []],
    ["fail2ban beside libvirt in iptables", ["fail2ban.rules"]],
    ["fail2ban, crowdsec and kube-proxy in nftables", ["guards.json"]],
    ["chains of a former kubelet and flannel", ["kubernetes.rules"]],
    ["a filter that somebody wrote for the cluster", ["ready.json"]],
  ])("that are no obstacle are not mentioned: %s", (_name, names) => {
    for (const raw of [{}, iptablesMode]) {
      expect(problems(report(...names), raw)).toEqual([]);
      expect(problems(report(...names), raw, "cp1")).toEqual([]);
    }
  });

  it("Docker's FORWARD is named where the CNI works by nftables, and not where it lets pods in by iptables", () => {
    expect(problems(report("docker.rules"))).toEqual([
      expect.stringMatching(
        /^a packet filter on the host \(iptables' table filter, chain FORWARD, its policy\) stops packets between pods \(10\.244\.0\.0\/16\): /,
      ),
    ]);
    expect(problems(report("docker.rules"), iptablesMode)).toEqual([]);
  });

  it("a REJECT at the end is named with what it stops, whatever the CNI works by", () => {
    for (const raw of [{}, iptablesMode]) {
      const found = problems(report("oracle.rules"), raw);
      expect(found).toHaveLength(2);
      expect(found[0]).toContain('its rule "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"');
      expect(found[1]).toContain('its rule "-A INPUT -j REJECT --reject-with icmp-host-prohibited"');
      expect(found[1]).toContain("tcp 10250 from 192.0.2.11 (API servers call kubelets");
    }
    expect(problems(report("oracle.rules"), {}, "cp1")[1]).toMatch(
      /stops tcp 6443 from 192\.0\.2\.12 .* and \d+ more/,
    );
  });

  it.each([
    ["ufw", "ufw.rules", "chain INPUT, its policy"],
    ["firewalld", "firewalld.json", "nftables' table inet firewalld, chain filter_IN_public, its rule"],
  ])("%s is an obstacle that the cluster's own firewall takes away", (service, rules, where) => {
    const text = report(service, rules);
    expect(problems(text).join("\n")).toContain(where);
    expect(problems(text, { firewall: "nftables", ...open })).toEqual([]);
    // Nobody turns off what is not a service.
    expect(problems(report(rules), { firewall: "nftables", ...open }).join("\n")).toContain(where);
  });

  it("rules of a file are obstacles, in both hooks", () => {
    const found = problems(report("server.json"));
    expect(found.map((line) => /table inet filter, chain (\w+), (its \w+)/.exec(line)?.slice(1))).toEqual([
      ["forward", "its policy"],
      ["input", "its rule"],
    ]);
  });

  it("a rule that lets a part of the nodes in leaves the others named", () => {
    const some = file("oracle.rules").replace(
      "-A INPUT -j REJECT",
      "-A INPUT -s 192.0.2.11/32 -j ACCEPT\n-A INPUT -s 192.0.2.12/31 -p tcp -j ACCEPT\n-A INPUT -j REJECT",
    );
    const text = problems(some.replace(/^/gm, "##iptables ")).at(-1);
    expect(text).not.toMatch(/192\.0\.2\.11 |tcp 10250/);
    expect(text).toContain("udp 8472 from 192.0.2.12");
  });

  it.each([
    ["a comment and a counter", '-A INPUT -m comment --comment "-j ACCEPT" -j DROP', true],
    ["everything but the nodes' network", "-A INPUT ! -s 192.0.2.0/24 -j DROP", false],
    ["another interface", "-A INPUT -i eth1 -j DROP", false],
    ["this interface, by its beginning", "-A INPUT -i eth+ -j DROP", true],
    ["a match that is not known", "-A INPUT -m geoip --src-cc XX -j DROP", false],
    ["what comes too often", "-A INPUT -p tcp -m limit --limit 1/s -j DROP", false],
    ["a mask in the old notation", "-A INPUT -s 192.0.2.0/255.255.255.0 -j DROP", true],
    ["ports with ours among them", "-A INPUT -p tcp -m multiport --dports 1:19999 -j DROP", true],
    ["other ports", "-A INPUT -p tcp -m tcp --dport 23 -j DROP", false],
    ["connections that exist", "-A INPUT -m conntrack --ctstate INVALID -j DROP", false],
    ["a queue", "-A INPUT -j NFQUEUE --queue-num 0", false],
  ])("a DROP of %s", (_name, rule, stops) => {
    const text = `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n${rule}\nCOMMIT\n`;
    expect(problems(text.replace(/^/gm, "##iptables ")).length > 0).toBe(stops);
  });

  it("of nothing that can be read stop nothing", () => {
    expect(problems("##nft {\n##iptables -A INPUT\n##iptables *filter\n")).toEqual([]);
    expect(problems("##nft {}\n")).toEqual([]);
  });
});

describe("the report of packet filters", () => {
  const functions = `set -euo pipefail
note() { echo "note: $1"; }
refuse() { echo "refuse $1: $2"; }
systemctl() { return 3; }
`;

  it("tells a crash of nft from a kernel without nf_tables", () => {
    const nft = "nft() { bash -c 'kill -SEGV $$'; }\ncommand() { [ \"$2\" = nft ]; }\n";
    expect(bash(functions + nft + packetFilterReport()).stdout).toMatch(
      /^refuse nftversion: nft crashes .* \(NftVersion\)\n$/,
    );
    const other = nft.replace("bash -c 'kill -SEGV $$'", "return 1");
    expect(bash(functions + other + packetFilterReport()).stdout).toMatch(
      /^note: nft cannot list the rules .* \(status 1\)/,
    );
  });

  it("is empty where there is no tool", () => {
    expect(bash(`${functions}command() { return 1; }\n${packetFilterReport()}`)).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
  });

  const namespaces = have("nft") && spawnSync("unshare", ["-rn", "true"]).status === 0;
  it.skipIf(!namespaces).each([
    ["firewalld.nft", 2],
    ["server.nft", 2],
    ["ready.nft", 0],
    ["guards.nft", 0],
  ])("of %s, taken from the kernel, gives %i problems", (name, count) => {
    const script = `${functions}nft -f ${path.join(folder, name)}\n${packetFilterReport()}`;
    const ran = spawnSync("unshare", ["-rn", "bash", "-s"], { input: script, encoding: "utf8" });
    expect(ran.stderr).toBe("");
    expect(problems(ran.stdout)).toHaveLength(count);
  });

  it.skipIf(!namespaces || !have("iptables-nft-restore")).each([
    ["docker.rules", 1],
    ["oracle.rules", 2],
    ["ufw.rules", 2],
    ["fail2ban.rules", 0],
  ])("of %s, taken from the kernel, gives %i problems", (name, count) => {
    const script = `${functions}iptables-nft-restore <${path.join(folder, name)}\n${packetFilterReport()}`;
    const ran = spawnSync("unshare", ["-rn", "bash", "-s"], { input: script, encoding: "utf8" });
    expect(ran.stderr).toBe("");
    expect(problems(ran.stdout)).toHaveLength(count);
  });
});
