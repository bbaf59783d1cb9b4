import { InstanceType } from "@pulumi/aws/types/enums/ec2";
import { describe, expect, it } from "vitest";

import { imageParameter, resolvedAtLaunch, windowsImageParameter } from "../../../model/aws/images";
import {
  architectureOf,
  isKnownFamily,
  knownFamilies,
  sizeProblem,
  sizesOf,
  vcpusOf,
} from "../../../model/aws/instanceTypes";
import {
  REGIONS,
  ZONE_LETTERS,
  partitionOf,
  privateDnsName,
  zoneLetter,
  zoneLetters,
  zoneName,
} from "../../../model/data/regions";

describe("regions", () => {
  it("have zones with letters that the address plan has places for, in order", () => {
    for (const [region, { zones }] of Object.entries(REGIONS)) {
      expect(zones.length, region).toBeGreaterThanOrEqual(3);
      expect([...zones].sort().join("")).toBe(zones);
      for (const letter of zones) expect(ZONE_LETTERS).toContain(letter);
      expect(zoneLetter(zoneName(region, "c"))).toBe("c");
    }
  });

  it("that are not known have none, whatever JavaScript calls its own", () => {
    expect(zoneLetters("toString")).toEqual([]);
    expect(zoneLetters("")).toEqual([]);
  });

  it.each([
    ["eu-central-1", "aws"],
    ["cn-northwest-1", "aws-cn"],
    ["us-gov-east-1", "aws-us-gov"],
    ["us-east-1", "aws"],
  ])("%s is of partition %s", (region, partition) => {
    expect(partitionOf(region)).toBe(partition);
  });

  it("name instances as the cloud controller looks them up", () => {
    expect(privateDnsName("10.0.1.20", "eu-central-1")).toBe("ip-10-0-1-20.eu-central-1.compute.internal");
    expect(privateDnsName("10.0.1.20", "us-east-1")).toBe("ip-10-0-1-20.ec2.internal");
    expect(privateDnsName("10.0.1.20", "us-east-2")).toBe("ip-10-0-1-20.us-east-2.compute.internal");
  });
});

describe("instance types", () => {
  it.each([
    ["t3.medium", "amd64"],
    ["t4g.medium", "arm64"],
    ["m7g.large", "arm64"],
    ["m7i-flex.large", "amd64"],
    ["g4dn.xlarge", "amd64"],
    ["g5g.xlarge", "arm64"],
    ["im4gn.large", "arm64"],
    ["x2gd.medium", "arm64"],
    ["m99z.large", undefined],
    ["constructor.large", undefined],
  ])("%s is %s", (type, architecture) => {
    expect(architectureOf(type)).toBe(architecture);
  });

  it("of AWS Graviton have a g among the letters after the generation, and no others have", () => {
    const graviton = (family: string) => /^(a1|p6e-gb200)$|^[a-z]+\d+[a-z]*g/.test(family);
    for (const family of knownFamilies()) {
      expect(architectureOf(`${family}.large`), family).toBe(graviton(family) ? "arm64" : "amd64");
    }
  });

  it.each([
    "t3.nano",
    "m5.24xlarge",
    "c7g.medium",
    "r8g.metal-24xl",
    "p5.48xlarge",
    "u7i-12tb.224xlarge",
    "m99z.7xlarge",
  ])("%s has a size that can be", (type) => {
    expect(sizeProblem(type)).toBeUndefined();
  });

  it.each(["t3.4xlarge", "m5.medium", "c6i.nano", "m99z.giant", "p5.large", "m5.3xlarge", "c5.16xlarge"])(
    "%s has none",
    (type) => {
      expect(sizeProblem(type)).toMatch(/size/);
    },
  );

  it("are those that the provider names, but for Macs and what no image of today boots on", () => {
    const old = /^(t1|m1|m2|c1|cc1|cc2|cg1|cr1|hi1|hs1)\./;
    const named = [...new Set<string>(Object.values(InstanceType))].filter(
      (type) => !type.startsWith("mac") && !old.test(type),
    );
    const table = knownFamilies().flatMap((family) =>
      sizesOf(`${family}.large`).map((size) => `${family}.${size}`),
    );
    expect(table.sort()).toEqual(named.sort());
  });

  it("of Macs run none of the images", () => {
    expect(["mac1.metal", "mac2-m2pro.metal", "mac-m4.metal"].map(sizeProblem)).toEqual(
      Array(3).fill(expect.stringMatching(/Mac/)),
    );
  });

  it.each([
    ["t2.small", 1],
    ["t3.nano", 2],
    ["t3.medium", 2],
    ["m7g.medium", 1],
    ["m7a.medium", 1],
    ["a1.medium", 1],
    ["t2.medium", 2],
    ["m5.large", 2],
    ["m5.xlarge", 4],
    ["m5.24xlarge", 96],
    ["m5.metal", undefined],
    ["m99z.large", undefined],
  ])("%s has %s vCPUs", (type, vcpus) => {
    expect(vcpusOf(type)).toBe(vcpus);
  });

  it("of new families are let through", () => {
    expect(isKnownFamily("m99z.large")).toBe(false);
    expect(sizeProblem("m99z.large")).toBeUndefined();
  });
});

describe("images", () => {
  it("are asked for by their publishers' parameters, which name the architecture in their own words", () => {
    expect(imageParameter("ubuntu-24.04", "arm64")).toMatch(
      /\/canonical\/ubuntu\/server\/24\.04\/.*\/arm64\//,
    );
    expect(imageParameter("debian-13", "amd64")).toMatch(/\/debian\/release\/13\/latest\/amd64$/);
    expect(imageParameter("amazon-linux-2023", "amd64")).toMatch(/x86_64$/);
    expect(windowsImageParameter("2025")).toContain("Windows_Server-2025");
    expect(resolvedAtLaunch("/aws/service/x")).toBe("resolve:ssm:/aws/service/x");
  });
});
