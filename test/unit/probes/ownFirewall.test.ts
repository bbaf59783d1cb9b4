/** The cluster's own firewall, loaded by nft in a network namespace of the test's own. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { nodeSetupSpec } from "../../../model/settings/specs";
import { firewallRules } from "../../../model/node/firewall";
import { stoppedByOwnFirewall } from "../../../model/packetFilter/ownFirewall";
import { have } from "../../support/have";
import { controlPlaneNode, machine, settingsOf } from "../../support/kubeadmSettings";

const cp1 = controlPlaneNode("cp1", 11);
const settings = settingsOf({
  firewall: "nftables",
  machines: [cp1, machine("w1", { nodeAddress: "10.40.0.21" })],
});

/** The rules of cp1 as nft lists them once they are loaded. */
function loaded(): string {
  const spec = nodeSetupSpec(settings, cp1);
  if (spec.firewall === undefined) return expect.fail("no firewall");
  const rules = firewallRules(spec, spec.firewall)
    .replace(/^include .*$/gm, "")
    .replaceAll("$ssh_ports", "{ 22 }");
  const lines =
    "nft -f - && nft add element inet pulumi-kubeadm leaving_node { 10.40.0.77 } 2>/dev/null; nft -j list table inet pulumi-kubeadm";
  const { stdout, stderr, status } = spawnSync("unshare", ["--net", "bash", "-c", lines], {
    input: rules,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const mayUnshare = (): boolean => spawnSync("unshare", ["--net", "true"]).status === 0;

describe.skipIf(!have("nft") || !mayUnshare())("a machine that the loaded firewall does not know", () => {
  const packet = { to: "10.40.0.11", interface: "eth0", protocol: "tcp", port: 6443 } as const;

  it("is kept out by it, and the others are let in", () => {
    const stopped = stoppedByOwnFirewall(loaded());
    expect(stopped({ ...packet, from: "10.40.0.21" })).toBe(false);
    expect(stopped({ ...packet, from: "10.40.0.22" })).toBe(true);
    expect(stopped({ ...packet, from: "10.40.0.21", protocol: "udp", port: 8472 })).toBe(false);
    expect(stopped({ ...packet, from: "10.40.0.22", protocol: "udp", port: 8472 })).toBe(true);
    // A port that nothing needs of a machine that it knows.
    expect(stopped({ ...packet, from: "10.40.0.21", port: 2380 })).toBe(true);
    // Who leaves is let in by a named set, which says nothing of a new machine.
    expect(stopped({ ...packet, from: "10.40.0.77" })).toBe(true);
  });

  it("is not kept out by what is no list of nft", () => {
    expect(stoppedByOwnFirewall("")({ ...packet, from: "10.40.0.22" })).toBe(false);
  });
});
