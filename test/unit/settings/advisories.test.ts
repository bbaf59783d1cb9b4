import { describe, expect, it } from "vitest";

import { parseCluster } from "../../../model/settings/parse";
import { type Change, all, edited, set } from "./edit";

function advisoriesOf(change: Change): readonly string[] {
  return parseCluster(edited(change), { environment: "metal" }).advisories;
}

const without = (...names: string[]) => all(...names.map((name) => set(`machines.${name}`, undefined)));

const CASES: readonly [name: string, change: Change, text: RegExp][] = [
  ["docker0", set("cni.podCidr", "172.17.0.0/16"), /cni\.podCidr 172\.17\.0\.0\/16 overlaps docker0/],
  ["public pods", set("cni.podCidr", "12.0.0.0/16"), /no private range/],
  [
    "NodePorts among hosts' own ports",
    set("network.nodePorts", "30000-40000"),
    /overlaps the ports hosts take/,
  ],
  ["host-gw", set("cni.backend", "host-gw"), /one layer 2 network/],
  ["no NetworkPolicy", () => undefined, /flannel does not enforce NetworkPolicy/],
  ["jumbo pods", set("cni.mtu", 8951), /needs an MTU of 9001/],
  ["one master", all(without("cp2", "cp3"), set("endpoint", undefined)), /one master/],
  ["nowhere for pods", without("w1", "w2"), /ordinary pods stay pending/],
  [
    "a master's address as endpoint",
    set("endpoint", { kind: "address", host: "10.40.0.11" }),
    /master cp1's own/,
  ],
  ["open to the world", set("access.ssh", ["0.0.0.0/0"]), /access\.ssh is open to the whole internet/],
  ["lists without a firewall", set("firewall", "none"), /access\.api has no effect/],
  ["aescbc", set("encryption.provider", "aescbc"), /padding oracles/],
  ["unprotected CAs", set("protect", false), /protect is off/],
];

describe("advisories", () => {
  it.each(CASES)("%s", (_name, change, text) => {
    expect(advisoriesOf(change).filter((advisory) => text.test(advisory))).toHaveLength(1);
  });

  it("say when clones share a host key", () => {
    const shared = (raw: Record<string, unknown>) => {
      const machines = raw.machines as Record<string, { hostKey: string }>;
      if (machines.w1 && machines.w2) machines.w2.hostKey = machines.w1.hostKey;
    };
    expect(advisoriesOf(shared)).toContainEqual(expect.stringMatching(/w1, w2 have one host key/));
  });

  it("are quiet where a master takes ordinary pods", () => {
    const advisories = advisoriesOf(all(without("w1", "w2"), set("machines.cp1.taints", [])));
    expect(advisories.filter((text) => /pending/.test(text))).toEqual([]);
  });
});
