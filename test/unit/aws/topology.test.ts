import { describe, expect, it } from "vitest";
import { topology } from "../../../host/steps/topology";
import { topologySpec } from "../../../components/machines/specs";
import { controlPlaneTopology, heldBy, topologyProblems } from "../../../model/aws/topology";
import { HostProblem } from "../../../host/problem";
import { MISSING, type StepResult, type TopologySpec } from "../../../host/protocol";
import { awsSettings, largeAws, smallAws } from "../../support/awsInput";
import { all, set, type Change } from "../settings/edit";

/** A cluster that is meant to be changed: nothing protects it. */
const open = all(set("protect", false));
/** Three in the open, without what a bastion brings along. */
const noBastion = all(open, set("bastion", undefined), set("network.nat", undefined));
const revisions = (...raised: string[]): Change =>
  set("controlPlane.revisions", Object.fromEntries(raised.map((name) => [name, 2])));
const existing = (last: string, cidr = "10.0.1.0/24"): Change =>
  all(
    set("network", {
      vpcCidr: "10.0.0.0/16",
      serviceCidr: "10.96.0.0/16",
      existing: {
        vpcId: "vpc-0123456789abcdef0",
        subnets: [{ id: `subnet-0000000${last}`, cidr, zone: "eu-central-1a", subnetType: "public" }],
      },
    }),
  );

type Base = typeof smallAws;

/** Why settings after the second change are refused where they were as after the first. */
function refused(base: Base, before: Change, after: Change): string[] {
  const [living, wanted] = [before, all(before, after)].map(
    (change) => topologySpec(awsSettings(base, change)).topology,
  );
  if (living === undefined || wanted === undefined) throw new Error("there are two of them");
  return topologyProblems(living, wanted);
}

const moves: readonly [string, Base, Change, Change, RegExp][] = [
  [
    "a bastion later",
    smallAws,
    open,
    set("bastion", {}),
    /^bastion, .*controlPlane\.subnetType: public to keep/,
  ],
  ["a bastion later, of three", largeAws, noBastion, set("bastion", {}), /subnetType/],
  ["no bastion any more", largeAws, open, noBastion, /controlPlane\.subnetType: private to keep/],
  ["another VPC range", smallAws, open, set("network.vpcCidr", "10.8.0.0/16"), /^network\.vpcCidr: cp-1 is/],
  ["a smaller VPC", largeAws, open, set("network.vpcCidr", "10.16.0.0/17"), /^network\.vpcCidr: /],
  ["another subnetMask", largeAws, open, set("network.subnetMask", 22), /^network\.subnetMask: cp-1 is at/],
  [
    "reordered zones",
    largeAws,
    open,
    set("network.zones", ["b", "a", "c"]),
    /^network\.zones: .*eu-central-1b/,
  ],
  ["another zone", smallAws, open, set("network.zones", ["c"]), /^network\.zones: .*eu-central-1c/],
  ["fewer zones", largeAws, open, set("network.zones", 1), /^network\.zones: cp-2 is at/],
  ["another existing subnet", smallAws, all(open, existing("1")), existing("2"), /^network\.existing: cp-1/],
  [
    "another range of an existing subnet",
    smallAws,
    all(open, existing("1")),
    existing("1", "10.0.2.0/24"),
    /existing/,
  ],
];

describe("a living control plane", () => {
  it.each(moves)("is not moved as a whole: %s", (_, base, before, after, text) => {
    const problems = refused(base, before, after);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(text);
    expect(problems[0]).toMatch(/set it back, or create a new cluster$/i);
  });

  it("is not moved to another region", () => {
    const living = controlPlaneTopology(awsSettings(largeAws, open));
    const wanted = controlPlaneTopology(awsSettings(largeAws, open, "eu-west-1"));
    expect(topologyProblems(living, wanted).join()).toMatch(/^aws:region: cp-1 is at/);
  });

  it("keeps the path of its roles, whichever way they would go", () => {
    const at = (path: string | undefined) => set("iam", path === undefined ? undefined : { path });
    expect(refused(largeAws, all(open, at(undefined)), at("/"))).toEqual([]);
    expect(refused(largeAws, all(open, at("/a/")), at("/a/"))).toEqual([]);
    expect(refused(largeAws, all(open, at("/a/")), at(undefined))).toEqual([
      expect.stringMatching(
        /^iam\.path: .* are in \/a\/, but the settings say \/\..*set it back, or create a new cluster$/,
      ),
    ]);
    expect(refused(smallAws, open, at("/a/"))).toEqual([
      expect.stringMatching(/are in \/, but the settings say \/a\//),
    ]);
  });

  it("loses one node at a time", () => {
    expect(refused(largeAws, open, revisions("cp-2"))).toEqual([]);
    expect(refused(largeAws, open, revisions("cp-1", "cp-3"))).toEqual([
      expect.stringMatching(/revisions: cp-1 and cp-3 .*raise one revision, run up, then raise the next/),
    ]);
    expect(refused(largeAws, open, revisions("cp-1", "cp-2", "cp-3"))).toEqual([
      expect.stringContaining("cp-1, cp-2 and cp-3 would be replaced in one run"),
    ]);
    // A revision that is lowered is another instance as well.
    expect(refused(largeAws, all(open, revisions("cp-1")), revisions("cp-2"))).toHaveLength(1);
  });

  it.each<[string, Change, RegExp]>([
    ["grows", set("controlPlane.count", 5), /replace cp-2 and add cp-4 and cp-5\./],
    ["has another type", set("controlPlane.instanceType", "m7i.xlarge"), /change controlPlane\.instanceType/],
  ])("loses no node in a run in which it %s", (_, change, text) => {
    expect(refused(largeAws, open, all(revisions("cp-2"), change))).toEqual([expect.stringMatching(text)]);
    expect(refused(largeAws, open, change)).toEqual([]);
  });

  it("changes no node that stays in a run in which one is away", () => {
    const verbose = set("apiServer.extraArgs", { v: "3" });
    expect(refused(largeAws, open, all(revisions("cp-2"), verbose))).toEqual([
      expect.stringMatching(
        /replace cp-2 and change the configuration of cp-1 and cp-3\. .*make one change, run up/,
      ),
    ]);
    expect(refused(largeAws, open, verbose)).toEqual([]);
  });

  it("asks nothing of a run whose last one did not record configurations", () => {
    const { configuration, ...living } = topologySpec(awsSettings(largeAws, open)).topology;
    const change = all(open, revisions("cp-2"), set("apiServer.extraArgs", { v: "3" }));
    expect(Object.keys(configuration ?? {})).toEqual(["cp-1", "cp-2", "cp-3"]);
    expect(topologyProblems(living, topologySpec(awsSettings(largeAws, change)).topology)).toEqual([]);
  });

  it("loses no node in a run in which another one is removed", () => {
    const five = all(open, set("controlPlane.count", 5));
    const three = set("controlPlane.count", 3);
    expect(refused(largeAws, five, all(three, revisions("cp-2")))).toEqual([
      expect.stringMatching(/replace cp-2 and remove cp-4 and cp-5/),
    ]);
    expect(refused(largeAws, five, three)).toEqual([]);
  });

  it("of one node keeps it", () => {
    const problems = refused(smallAws, open, revisions("cp-1"));
    expect(problems).toEqual([
      expect.stringMatching(
        /revisions\.cp-1: was 1, but the settings say 2.*only control-plane node.*count: 3 first/,
      ),
    ]);
    expect(refused(smallAws, open, all(revisions("cp-1"), set("controlPlane.count", 3)))).toHaveLength(1);
    expect(refused(smallAws, open, set("controlPlane.count", 3))).toEqual([]);
    // What moves nothing: a bastion in front of a node that stays where it is.
    expect(
      refused(smallAws, open, all(set("bastion", {}), set("controlPlane.subnetType", "public"))),
    ).toEqual([]);
  });

  it("keeps the image that it runs", () => {
    expect(refused(largeAws, open, set("controlPlane.instanceType", "m7g.large"))).toEqual([
      expect.stringMatching(/instanceType: cp-1, cp-2 and cp-3 run amd64, but the settings say arm64/),
    ]);
    expect(refused(largeAws, open, set("controlPlane.os", "debian-12"))).toEqual([
      expect.stringMatching(/^controlPlane\.os: .* run ubuntu-24\.04, but the settings say debian-12/),
    ]);
  });

  it("says every reason at once", () => {
    const change = all(set("controlPlane.os", "debian-12"), set("network.zones", ["c", "b", "a"]));
    expect(refused(largeAws, open, change)).toHaveLength(2);
  });
});

describe("what holds an instance", () => {
  const deletable = (...names: string[]) => set("controlPlane.deletable", names);

  it("has to be let go of before its node leaves", () => {
    const [problem, ...others] = refused(largeAws, all(), revisions("cp-2"));
    expect(others).toEqual([]);
    expect(problem).toContain("Pulumi's protection (protect: true) and EC2's termination protection");
    expect(problem).toContain("add controlPlane.deletable: [cp-2], run up");
    // In one run the instance still has EC2's protection when its node leaves.
    expect(refused(largeAws, all(), all(deletable("cp-2"), revisions("cp-2")))).toEqual([
      expect.stringMatching(/which is protected by EC2's termination protection\./),
    ]);
    expect(refused(largeAws, deletable("cp-2"), revisions("cp-2"))).toEqual([]);
    expect(refused(largeAws, deletable("cp-1"), revisions("cp-2"))).toHaveLength(1);
  });

  it("is Pulumi's protection alone where the settings say so", () => {
    const free = set("controlPlane.terminationProtection", false);
    expect(refused(largeAws, free, revisions("cp-2"))).toEqual([
      expect.stringMatching(/which is protected by Pulumi's protection \(protect: true\)\./),
    ]);
    expect(refused(largeAws, free, all(deletable("cp-2"), revisions("cp-2")))).toEqual([]);
  });

  it("counts for nodes that are removed, too", () => {
    const five = set("controlPlane.count", 5);
    const three = set("controlPlane.count", 3);
    expect(refused(largeAws, five, three)).toEqual([
      expect.stringContaining("instance of cp-4"),
      expect.stringContaining("instance of cp-5"),
    ]);
    const freed = all(five, deletable("cp-4", "cp-5"));
    expect(refused(largeAws, freed, all(three, deletable()))).toEqual([]);
  });

  it("is nothing for the nodes that the settings name", () => {
    const settings = awsSettings(largeAws, deletable("cp-2"));
    const held = { protect: true, terminationProtection: true, forceDestroy: false };
    expect(heldBy(settings, "cp-1")).toEqual(held);
    expect(heldBy(settings, "cp-2")).toEqual({
      protect: false,
      terminationProtection: false,
      forceDestroy: true,
    });
  });
});

describe("the step", () => {
  const step = (spec: TopologySpec, previous?: StepResult, values = {}) =>
    topology({ spec, previous, values, say: () => undefined });
  const spec = (change: Change): TopologySpec => ({
    step: "topology",
    topology: controlPlaneTopology(awsSettings(largeAws, change)),
  });

  it("refuses what the account lacks, whatever is compared", () => {
    const missing = "eu-central-1d has no m7i.large";
    expect(() => step(spec(open), undefined, { [MISSING]: missing })).toThrow(missing);
    expect(step(spec(open), undefined, { [MISSING]: "" }).topology).toBeDefined();
  });

  it("remembers what it let go, and compares the next run with it", () => {
    const first = step(spec(open));
    expect(first).toEqual({ topology: spec(open).topology });
    const written = JSON.parse(JSON.stringify(first)) as StepResult;
    const second = step(spec(all(open, revisions("cp-1"))), written);
    expect(second.topology?.instances[0]?.revision).toBe(2);
    const three = spec(all(open, revisions("cp-1", "cp-2", "cp-3")));
    expect(() => step(three, written)).toThrow(HostProblem);
    expect(() => step(three, second)).toThrow(/cp-2 and cp-3 would be replaced/);
  });
});
