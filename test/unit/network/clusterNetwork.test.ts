import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type Range, formatAddress, overlaps, rangeOf, range } from "../../../model/network/addresses";
import {
  clusterNetwork,
  nodeCapacity,
  podCapacity,
  serviceCapacity,
} from "../../../model/network/clusterNetwork";
import { readCluster } from "../../../model/settings/parse";
import { type Problem, SettingsError } from "../../../model/settings/problems";
import { edited, set, all } from "../settings/edit";

describe("what follows from the ranges", () => {
  const input = {
    podCidr: "10.244.0.0/16",
    nodeCidrMaskSize: 24,
    serviceCidr: "10.96.0.0/16",
    clusterDomain: "cluster.local",
    peers: [],
    maxNodes: 256,
    podsPerNode: 110,
    nodePortRange: { from: 30000, to: 32767 },
  };

  it("the first service address is the API's, the tenth is cluster DNS", () => {
    expect(clusterNetwork(input)).toMatchObject({
      kubernetesServiceAddress: "10.96.0.1",
      dnsServiceAddress: "10.96.0.10",
    });
    expect(clusterNetwork({ ...input, serviceCidr: "10.32.0.240/28" }).dnsServiceAddress).toBe("10.32.0.250");
  });

  it.each([
    ["10.244.0.0/16", 24, 256],
    ["10.244.0.0/24", 24, 1],
    ["10.244.0.0/25", 24, 0],
    ["10.0.0.0/8", 24, 65536],
  ])("%s in slices of /%i is for %i nodes", (cidr, mask, nodes) =>
    expect(nodeCapacity(cidr, mask)).toBe(nodes),
  );

  it.each([
    [24, 253],
    [25, 125],
    [30, 1],
    [31, 0],
  ])("a slice of /%i is for %i pods", (mask, pods) => expect(podCapacity(mask)).toBe(pods));

  it("slices fill the pod range exactly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 24 }), fc.integer({ min: 24, max: 30 }), (prefix, mask) => {
        expect(nodeCapacity(`10.0.0.0/${prefix}`, mask) * 2 ** (32 - mask)).toBe(2 ** (32 - prefix));
      }),
    );
  });

  it("services have all addresses but two", () => expect(serviceCapacity("10.96.0.0/24")).toBe(254));
});

function refusals(change: Parameters<typeof edited>[0]): readonly Problem[] {
  try {
    readCluster(edited(change), { environment: "metal" });
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

/** Ranges of a size that is taken anywhere between 10.0.0.0 and 10.63.255.255. */
const inTen = (least: number, most: number) =>
  fc
    .tuple(fc.integer({ min: 0, max: 2 ** 22 - 1 }), fc.integer({ min: least, max: most }))
    .map(([offset, prefix]) => rangeOf(0x0a000000 + offset, prefix));

describe("any four of pods, services, a peer and a node", () => {
  const four = fc.record({
    pods: inTen(12, 18),
    services: inTen(14, 24),
    peer: inTen(12, 30),
    node: inTen(32, 32),
  });

  const clash = ({ pods, services, peer, node }: Record<"pods" | "services" | "peer" | "node", Range>) => {
    const ranges = [pods, services, peer, node];
    return ranges.some((a, i) => ranges.some((b, j) => i < j && overlaps(a, b)));
  };

  const changeOf = ({ pods, services, peer, node }: Record<"pods" | "services" | "peer" | "node", Range>) =>
    all(
      set("cni.podCidr", pods.text),
      set("network.serviceCidr", services.text),
      set("network.peers", [{ name: "peer", cidr: peer.text }]),
      set("network.maxNodes", 64),
      set("machines", { cp1: { ...oneControlPlaneNode(), nodeAddress: formatAddress(node.first) } }),
    );

  const oneControlPlaneNode = () => (edited(() => undefined).machines as Record<string, object>).cp1;

  it("are taken when they are disjoint, and refused when two of them overlap", () => {
    const seen = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(four, (example) => {
        const wanted = clash(example);
        seen[wanted ? "refused" : "taken"]++;
        const problems = refusals(changeOf(example));
        expect(problems.length > 0).toBe(wanted);
        for (const problem of problems)
          expect(problem.message).toMatch(/contains|lies within|is the same as/);
      }),
      { numRuns: 200, seed: 11 },
    );
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(20);
  });

  it("are refused wherever a node's address lies in the pods'", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 16 - 1 }), (offset) => {
        const nodeAddress = formatAddress(range("10.244.0.0/16").first + offset);
        const problems = refusals(set("machines.w1.nodeAddress", nodeAddress));
        expect(problems.map((problem) => problem.path)).toEqual(["machines.w1.nodeAddress"]);
      }),
      { numRuns: 50 },
    );
  });
});
