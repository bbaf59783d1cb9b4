import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  type Range,
  formatAddress,
  holds,
  nthAddress,
  overlaps,
  parseAddress,
  parseRange,
  range,
  rangeOf,
  relation,
  sizeOf,
  specialRangeOf,
} from "../../../model/network/addresses";

const address = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyRange = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([a, prefix]) => rangeOf(a, prefix));
/** Two ranges that lie near one another, so that every relation comes up. */
const pair = fc
  .tuple(
    fc.integer({ min: 0, max: 1023 }),
    fc.integer({ min: 22, max: 32 }),
    fc.integer({ min: 0, max: 1023 }),
    fc.integer({ min: 22, max: 32 }),
  )
  .map(([a, p, b, q]): [Range, Range] => [rangeOf(0x0a000000 + a, p), rangeOf(0x0a000000 + b, q)]);

const addressesOf = (r: Range) => new Set(Array.from({ length: sizeOf(r) }, (_, i) => r.first + i));

describe("addresses", () => {
  it("read back as they were written", () => {
    fc.assert(fc.property(address, (a) => parseAddress(formatAddress(a)) === a));
  });

  it.each([
    ["10.0.0.1", 0x0a000001],
    ["255.255.255.255", 0xffffffff],
    ["0.0.0.0", 0],
  ])("%s is a number", (text, number) => expect(parseAddress(text)).toBe(number));

  it.each([
    "10.0.0",
    "10.0.0.256",
    "10.0.0.1.1",
    "0x0a000001",
    "167772161",
    "010.0.0.1",
    "::1",
    "",
    " 10.0.0.1",
  ])("%j is not a valid address", (text) => expect(parseAddress(text)).toBeUndefined());
});

describe("ranges", () => {
  it("read back as they were written", () => {
    fc.assert(
      fc.property(anyRange, (r) => {
        expect(range(r.text)).toEqual(r);
      }),
    );
  });

  it("with host bits are refused, and the range that was meant is named", () => {
    fc.assert(
      fc.property(address, fc.integer({ min: 0, max: 31 }), (a, prefix) => {
        const aligned = rangeOf(a, prefix);
        fc.pre(aligned.first !== a);
        expect(parseRange(`${formatAddress(a)}/${prefix}`)).toEqual({
          problem: "has host bits set",
          meant: aligned.text,
        });
      }),
    );
  });

  it("hold 2^(32 - prefix) addresses, from the first to the last", () => {
    fc.assert(
      fc.property(anyRange, (r) => {
        expect(sizeOf(r)).toBe(2 ** (32 - r.prefix));
        expect(nthAddress(r, 0)).toBe(formatAddress(r.first));
        expect(nthAddress(r, sizeOf(r) - 1)).toBe(formatAddress(r.last));
        expect(() => nthAddress(r, sizeOf(r))).toThrow(RangeError);
      }),
    );
  });

  it("lie to one another as their sets of addresses do", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const [left, right] = [addressesOf(a), addressesOf(b)];
        const common = [...left].filter((x) => right.has(x)).length;
        const expected =
          common === 0
            ? "disjoint"
            : common === left.size && common === right.size
              ? "equal"
              : common === right.size
                ? "contains"
                : "within";
        seen.add(expected);
        expect(relation(a, b)).toBe(expected);
        expect(overlaps(a, b)).toBe(common > 0);
        // CIDR ranges never overlap in part.
        expect([0, left.size, right.size]).toContain(common);
      }),
      { numRuns: 300, seed: 7 },
    );
    expect([...seen].sort()).toEqual(["contains", "disjoint", "equal", "within"]);
  });

  it("overlap both ways round", () => {
    fc.assert(fc.property(pair, ([a, b]) => overlaps(a, b) === overlaps(b, a)));
  });

  it("hold an address when the range of that address alone lies within", () => {
    fc.assert(fc.property(anyRange, address, (r, a) => holds(r, a) === overlaps(r, rangeOf(a, 32))));
  });

  it.each([
    ["169.254.169.254/32", "link-local"],
    ["128.0.0.0/1", "link-local"],
    ["224.0.0.0/24", "multicast"],
    ["255.255.255.255/32", "reserved, with broadcast"],
  ])("%s touches %s", (text, name) => expect(specialRangeOf(range(text))?.name).toBe(name));

  it.each(["10.0.0.0/8", "100.64.0.0/10", "8.8.8.0/24"])("%s is ordinary", (text) =>
    expect(specialRangeOf(range(text))).toBeUndefined(),
  );
});
