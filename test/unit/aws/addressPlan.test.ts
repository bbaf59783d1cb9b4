import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  NARROWEST_SUBNET,
  balancerAddress,
  bastionAddress,
  defaultSubnetMask,
  freeAddresses,
  isPartOf,
  controlPlaneAddress,
  planSubnets,
  reservedPart,
  resolverAddress,
  controlPlaneSubnet,
  zonePlaces,
} from "../../../model/aws/addressPlan";
import { ZONE_LETTERS, zoneLetter } from "../../../model/data/regions";
import {
  type Range,
  holds,
  overlaps,
  parseAddress,
  range,
  rangeOf,
  sizeOf,
} from "../../../model/network/addresses";

const REGION = "eu-central-1";
const REACHES = ["public", "private"] as const;

interface Case {
  readonly vpc: Range;
  readonly subnetMask: number;
  readonly zones: readonly string[];
}

/** A VPC, a subnet mask and some of the zones that have a place with it, in any order. */
const anyCase: fc.Arbitrary<Case> = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 16, max: NARROWEST_SUBNET - 1 }))
  .map(([address, prefix]) => rangeOf(address, prefix))
  .chain((vpc) =>
    fc.integer({ min: vpc.prefix + 1, max: NARROWEST_SUBNET }).chain((subnetMask) => {
      const letters = [...ZONE_LETTERS].slice(0, zonePlaces(vpc, subnetMask));
      return fc
        .shuffledSubarray(letters, { minLength: 1 })
        .map((some) => ({ vpc, subnetMask, zones: some.map((letter) => REGION + letter) }));
    }),
  );

const subnetsOf = ({ vpc, subnetMask, zones }: Case) =>
  planSubnets({ vpcCidr: vpc.text, zones, subnetTypes: REACHES, subnetMask });

const number = (text: string) => parseAddress(text) ?? -1;

describe("the address plan", () => {
  it("has one subnet for each zone and reach, inside the VPC and of the size that was asked for", () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        const subnets = subnetsOf(one);
        expect(subnets).toHaveLength(2 * one.zones.length);
        expect(new Set(subnets.map((subnet) => subnet.name)).size).toBe(subnets.length);
        for (const subnet of subnets) {
          expect(isPartOf(range(subnet.cidr), one.vpc)).toBe(true);
          expect(range(subnet.cidr).prefix).toBe(one.subnetMask);
        }
      }),
    );
  });

  it("has subnets that are disjoint", () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        const ranges = subnetsOf(one).map((subnet) => range(subnet.cidr));
        ranges.forEach((a, i) => ranges.slice(i + 1).forEach((b) => expect(overlaps(a, b)).toBe(false)));
      }),
    );
  });

  it("leaves every subnet where it is when zones or a reach are added, or are written in another order", () => {
    fc.assert(
      fc.property(anyCase, fc.nat(), (one, cut) => {
        const all = new Map(subnetsOf(one).map((subnet) => [subnet.name, subnet]));
        const fewer = one.zones.slice(0, 1 + (cut % one.zones.length)).reverse();
        const { vpc, subnetMask } = one;
        for (const subnetType of REACHES) {
          for (const subnet of planSubnets({
            vpcCidr: vpc.text,
            zones: fewer,
            subnetTypes: [subnetType],
            subnetMask,
          })) {
            expect(all.get(subnet.name)).toEqual(subnet);
          }
        }
      }),
    );
  });

  it("keeps a part of each subnet that holds none of the addresses AWS keeps for itself", () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        for (const subnet of subnetsOf(one)) {
          const whole = range(subnet.cidr);
          const kept = range(subnet.reserved);
          expect(sizeOf(kept)).toBe(16);
          expect(isPartOf(kept, whole)).toBe(true);
          expect(kept.first).toBeGreaterThan(whole.first + 3);
          expect(kept.last).toBeLessThan(whole.last);
          expect(freeAddresses(whole)).toBe(sizeOf(whole) - 5 - 16);
        }
      }),
    );
  });

  it("gives seven control-plane nodes, the balancer and the bastion addresses of their own in that part", () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        for (const subnet of subnetsOf(one)) {
          const fixed = [
            balancerAddress(subnet),
            bastionAddress(subnet),
            ...Array.from({ length: 7 }, (_, index) => controlPlaneAddress(subnet, index)),
          ];
          expect(new Set(fixed).size).toBe(fixed.length);
          for (const address of fixed) expect(holds(range(subnet.reserved), number(address))).toBe(true);
        }
      }),
    );
  });

  it("spreads control-plane nodes evenly over zones, and moves none when their number grows", () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        const { zones } = one;
        const subnets = subnetsOf(one).filter((subnet) => subnet.subnetType === "private");
        const places = Array.from({ length: 7 }, (_, index) => {
          const subnet = controlPlaneSubnet(subnets, zones, index);
          return subnet && `${subnet.zone} ${controlPlaneAddress(subnet, index)}`;
        });
        expect(places.map((place) => zoneLetter(place?.split(" ")[0] ?? ""))).toEqual(
          places.map((_, index) => zoneLetter(zones[index % zones.length] ?? "")),
        );
        expect(new Set(places).size).toBe(7);
      }),
    );
  });

  it("refuses a zone that has no place", () => {
    const plan = { vpcCidr: "10.0.0.0/24", subnetTypes: REACHES, subnetMask: 26 };
    expect(zonePlaces(range("10.0.0.0/24"), 26)).toBe(2);
    expect(() => planSubnets({ ...plan, zones: ["eu-central-1a", "eu-central-1c"] })).toThrow(
      /eu-central-1c/,
    );
  });

  it.each([
    ["10.0.0.0/16", 20],
    ["10.0.0.0/20", 24],
    ["10.0.0.0/23", 26],
    ["10.0.0.0/25", 26],
  ])("cuts %s into subnets of /%i by default", (vpc, mask) => {
    expect(defaultSubnetMask(range(vpc))).toBe(mask);
  });

  it("is what it is: a cluster that is there keeps its addresses with a later version of this library", () => {
    const zones = ["eu-central-1a", "eu-central-1c"];
    expect(planSubnets({ vpcCidr: "10.0.0.0/16", zones, subnetTypes: REACHES, subnetMask: 20 })).toEqual([
      {
        name: "public-a",
        zone: zones[0],
        cidr: "10.0.128.0/20",
        subnetType: "public",
        reserved: "10.0.143.224/28",
      },
      {
        name: "public-c",
        zone: zones[1],
        cidr: "10.0.160.0/20",
        subnetType: "public",
        reserved: "10.0.175.224/28",
      },
      {
        name: "private-a",
        zone: zones[0],
        cidr: "10.0.0.0/20",
        subnetType: "private",
        reserved: "10.0.15.224/28",
      },
      {
        name: "private-c",
        zone: zones[1],
        cidr: "10.0.32.0/20",
        subnetType: "private",
        reserved: "10.0.47.224/28",
      },
    ]);
    const kept = { reserved: "10.0.15.224/28" };
    expect([
      balancerAddress(kept),
      bastionAddress(kept),
      controlPlaneAddress(kept, 0),
      controlPlaneAddress(kept, 6),
    ]).toEqual(["10.0.15.224", "10.0.15.225", "10.0.15.228", "10.0.15.234"]);
    expect(resolverAddress("10.0.0.0/16")).toBe("10.0.0.2");
  });

  it("keeps no part of a subnet that is too small for one", () => {
    expect(() => reservedPart(range("10.0.0.0/27"))).toThrow(RangeError);
  });
});
