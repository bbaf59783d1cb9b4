import { describe, expect, it } from "vitest";
import {
  availabilityProblems,
  wantedImages,
  wantedServices,
  wantedTypes,
  type Availability,
} from "../../../model/aws/availability";
import { awsSettings, largeAws, smallAws } from "../../support/awsInput";

const zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];
const nothing = { services: {}, images: {} };
const small = awsSettings(smallAws);
const large = awsSettings(largeAws);
const all = (settings: typeof small, there = zones) =>
  wantedTypes(settings.aws ?? expect.fail("no AWS")).flatMap((instanceType) =>
    there.map((zone) => ({ instanceType, zone })),
  );

describe("what an account has", () => {
  it("is enough where it has every zone, and each zone the types", () => {
    for (const settings of [small, large])
      expect(availabilityProblems(settings, { zones, offerings: all(settings), ...nothing })).toEqual([]);
  });

  it("lacks a zone: it is named with those that are there, and not its types besides", () => {
    const there = zones.slice(1);
    expect(availabilityProblems(small, { zones: there, offerings: all(small, there), ...nothing })).toEqual([
      {
        path: "network.zones",
        value: '"eu-central-1a"',
        message: "is a zone that this account cannot use in eu-central-1",
        allowed: "eu-central-1b, eu-central-1c",
      },
    ]);
  });

  it("lacks types in some zones: every group of instances is told of, with where there are some", () => {
    const offerings = all(large).filter(
      ({ instanceType, zone }) => instanceType !== "m7i.large" || zone === "eu-central-1b",
    );
    const problems = availabilityProblems(large, { zones, offerings, ...nothing });
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
    expect(availabilityProblems(settings, { zones, offerings, ...nothing })).toEqual([]);
    const none = offerings.filter(({ instanceType }) => instanceType !== "m6i.large");
    expect(availabilityProblems(settings, { zones, offerings: none, ...nothing })).toMatchObject([
      {
        path: "workers.general.instanceTypes",
        allowed: expect.stringContaining("describe-instance-type-offerings") as string,
      },
    ]);
  });

  describe("for endpoints of services", () => {
    const settings = awsSettings(largeAws, (raw) => {
      raw.network = { ...(raw.network as object), endpoints: { services: ["cloudwatch"] } };
    });
    const problems = (services: object) =>
      availabilityProblems(settings, {
        zones,
        offerings: all(settings),
        services: { ...services },
        images: {},
      });

    it("is asked for every service that gets one, and judged only where AWS answers", () => {
      expect(wantedServices(settings.aws ?? expect.fail("no AWS"))).toEqual(
        expect.arrayContaining(["ec2", "sts", "cloudwatch"]),
      );
      expect(problems({})).toEqual([]);
      expect(problems({ ec2: zones, sts: [] })).toEqual([]);
    });

    it("lacks a service, and a service lacks a zone", () => {
      expect(problems({ cloudwatch: null, autoscaling: ["eu-central-1a", "eu-central-1b"] })).toMatchObject([
        {
          path: "network.endpoints",
          value: '"autoscaling"',
          message: "has no endpoint in eu-central-1c",
          allowed: expect.stringContaining("network.zones of eu-central-1a, eu-central-1b") as string,
        },
        {
          path: "network.endpoints.services",
          value: '"cloudwatch"',
          message: "is a service without interface endpoints in eu-central-1",
        },
      ]);
    });
  });

  describe("of images of people's own", () => {
    const ami = "ami-0123456789abcdef0";
    const settings = awsSettings(smallAws, (raw) => {
      raw.workers = { general: { count: 1, instanceType: "t3.large", os: "rhel-9", ami } };
      raw.controlPlane = { ...(raw.controlPlane as object), os: "rhel-9", ami };
    });
    const problems = (image: Availability["images"][string]) =>
      availabilityProblems(settings, {
        zones,
        offerings: all(settings),
        services: {},
        images: { [ami]: image },
      })
        .map(({ path, message }) => `${path} ${message}`)
        .sort();
    const fitting = { architecture: "x86_64", rootDeviceName: "/dev/sda1" };

    it("is enough where the image is of the architecture and has the family's root device", () => {
      expect(wantedImages(settings.aws ?? expect.fail("no AWS"))).toEqual([ami]);
      expect(problems(fitting)).toEqual([]);
    });

    it("lacks an image, or has it for other instances", () => {
      const message = "is not an image that this account has or may use in eu-central-1";
      expect(problems(null)).toEqual([`controlPlane.ami ${message}`, `workers.general.ami ${message}`]);
      expect(problems({ ...fitting, architecture: "arm64" })).toEqual([
        "controlPlane.ami is an image for arm64, and the instances are amd64",
        "workers.general.ami is an image for arm64, and the instances are amd64",
      ]);
    });

    it("would give a pool's nodes a second volume in place of the root volume; a control-plane node names no device", () => {
      expect(problems({ ...fitting, rootDeviceName: "/dev/xvda" })).toEqual([
        expect.stringMatching(
          /^workers\.general\.ami has the root device \/dev\/xvda.*\/dev\/sda1.*not encrypted/,
        ),
      ]);
    });
  });
});
