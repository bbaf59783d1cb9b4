import { describe, expect, it } from "vitest";
import { availabilityProblems, wantedTypes } from "../../../model/aws/availability";
import { awsSettings, largeAws, smallAws } from "../../support/awsInput";

const zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];
const small = awsSettings(smallAws);
const large = awsSettings(largeAws);
const all = (settings: typeof small, there = zones) =>
  wantedTypes(settings.aws ?? expect.fail("no AWS")).flatMap((instanceType) =>
    there.map((zone) => ({ instanceType, zone })),
  );

describe("what an account has", () => {
  it("is enough where it has every zone, and each zone the types", () => {
    for (const settings of [small, large])
      expect(availabilityProblems(settings, { zones, offerings: all(settings) })).toEqual([]);
  });

  it("lacks a zone: it is named with those that are there, and not its types besides", () => {
    const there = zones.slice(1);
    expect(availabilityProblems(small, { zones: there, offerings: all(small, there) })).toEqual([
      {
        path: "network.zones",
        value: '"eu-central-1a"',
        message: "is a zone that this account does not have in eu-central-1",
        allowed: "eu-central-1b, eu-central-1c",
      },
    ]);
  });

  it("lacks types in some zones: every group of instances is told of, with where there are some", () => {
    const offerings = all(large).filter(
      ({ instanceType, zone }) => instanceType !== "m7i.large" || zone === "eu-central-1b",
    );
    const problems = availabilityProblems(large, { zones, offerings });
    expect(problems.map(({ path }) => path)).toContain("controlPlane.instanceType");
    const [first] = problems;
    expect(first?.message).toMatch(/is not offered in eu-central-1a/);
    expect(first?.allowed).toBe("another type, or zones that offer it: eu-central-1b");
  });

  it("has a pool's type where one of several is offered", () => {
    const settings = awsSettings(smallAws, (raw) => {
      raw.workers = { general: { count: 1, instanceTypes: ["m7i.large", "m6i.large"] } };
    });
    const offerings = all(settings).filter(({ instanceType }) => instanceType !== "m7i.large");
    expect(availabilityProblems(settings, { zones, offerings })).toEqual([]);
    const none = offerings.filter(({ instanceType }) => instanceType !== "m6i.large");
    expect(availabilityProblems(settings, { zones, offerings: none })).toMatchObject([
      {
        path: "workers.general.instanceTypes",
        allowed: expect.stringContaining("describe-instance-type-offerings") as string,
      },
    ]);
  });
});
