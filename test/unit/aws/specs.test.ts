import { describe, expect, it } from "vitest";

import type { ClusterSettings, Machine } from "../../../model/settings/resolved";
import { awsSettings, largeAws } from "../../support/awsInput";
import { all, set, type Change } from "../settings/edit";
import { nodeStepSpec, preflightSpec, setupPart } from "../../../components/machines/specs";

/** What of the settings each step of each control-plane node is told: where this changes, the step runs again. */
function told(settings: ClusterSettings): Map<string, string> {
  const of = (...parts: unknown[]) => JSON.stringify(parts);
  const steps = (one: Machine): [string, string][] => {
    return [
      [`setup ${one.name}`, of(setupPart(settings, one))],
      [`node ${one.name}`, of({ ...nodeStepSpec(settings, one), setup: undefined, held: undefined })],
    ];
  };
  return new Map([
    ["preflight", of({ ...preflightSpec(settings), issuers: undefined })],
    ...settings.machines.flatMap(steps),
  ]);
}

function touched(change: Change): string[] {
  const [before, after] = [told(awsSettings(largeAws)), told(awsSettings(largeAws, change))];
  return [...after.keys()].filter((step) => before.get(step) !== after.get(step));
}

const NODE_STEPS = ["node cp-1", "node cp-2", "node cp-3"];

describe("a change of settings on AWS touches the control-plane nodes' steps only where hosts are rendered from it", () => {
  const NOTHING: readonly [string, Change][] = [
    ["a pool's size", set("workers.burst.max", 9)],
    ["a pool's instance types", set("workers.general.instanceType", "m7a.xlarge")],
    [
      "a pool's volume and spot price",
      all(set("workers.burst.volume", { sizeGiB: 60 }), set("workers.burst.spot", { maxPrice: "0.1" })),
    ],
    ["a pool's revision", set("workers.general.revision", 2)],
    ["who may call the API", set("access.api", ["198.51.100.0/24"])],
    ["who may SSH in", set("access.ssh", ["198.51.100.0/24"])],
    ["tags", set("tags", { team: "a" })],
    ["NAT and flow logs", all(set("network.nat", "one"), set("network.flowLogs", undefined))],
    ["the control-plane nodes' instance type", set("controlPlane.instanceType", "m7a.large")],
    ["how fast the control-plane nodes' volume is", set("controlPlane.volume", { iops: 4000 })],
    ["who may be deleted", set("controlPlane.deletable", ["cp-2"])],
    ["the bastion", set("bastion.instanceType", "t3.small")],
    ["storage", set("storage", { enabled: false })],
    ["a record in DNS", set("endpoint.dns", { zoneId: "Z0123456789ABCDEFGHIJ", name: "api.example.com" })],
  ];

  it.each(NOTHING)("%s: none", (_name, change) => {
    expect(touched(change)).toEqual([]);
  });

  const SETUPS = ["setup cp-1", "setup cp-2", "setup cp-3"];

  it("a larger root volume, and a volume for etcd: their setups", () => {
    expect(touched(set("controlPlane.volume", { sizeGiB: 90 }))).toEqual(SETUPS);
    expect(touched(set("controlPlane.etcdVolume", {}))).toEqual(SETUPS);
  });

  it("pulls from ECR: their setups, which restart kubelets; who else's images: none", () => {
    expect(touched(set("ecr", {}))).toEqual(SETUPS);
    const [before, after] = [{}, { accounts: ["111122223333"], pullThroughCache: true }].map((ecr) =>
      told(awsSettings(largeAws, set("ecr", ecr))),
    );
    expect(after).toEqual(before);
  });

  it("another size of etcd's volume: none, since an instance keeps the one it started with", () => {
    const [before, after] = [{}, { sizeGiB: 40, iops: 6000 }].map((volume) =>
      told(awsSettings(largeAws, set("controlPlane.etcdVolume", volume))),
    );
    expect(after).toEqual(before);
  });

  it("a new pool: its credentials are made by every control-plane node", () => {
    expect(touched(set("workers.more", { count: 1, instanceType: "t3.large" }))).toEqual(NODE_STEPS);
  });

  it("repair of a pool's nodes: the timer of every control-plane node", () => {
    expect(touched(set("workers.burst.repair", {}))).toEqual(NODE_STEPS);
  });

  it("labels of a pool: control-plane nodes give those that nodes must not give themselves", () => {
    expect(touched(set("workers.burst.labels", { tier: "burst" }))).toEqual(NODE_STEPS);
  });

  it("pod identity: the API servers' issuer", () => {
    expect(touched(set("podIdentity", false))).toEqual(NODE_STEPS);
  });
});
