import { sizeOf, familyOf, sizesOf } from "../../model/aws/instanceTypes";

/** Left out of the table on purpose, see there: Macs, and what today's images do not boot on. */
const LEFT_OUT = /^(mac|(t1|m1|m2|c1|cc1|cc2|cg1|cr1|hi1|hs1)\.)/;

/** What `model/aws/instanceFamilies.ts` lacks of these types, a line for each family in its own notation. */
export function missingTypes(types: readonly string[]): string[] {
  const families = new Map<string, string[]>();
  for (const type of new Set(types)) {
    if (LEFT_OUT.test(type) || sizesOf(type).includes(sizeOf(type))) continue;
    const sizes = families.get(familyOf(type)) ?? [];
    families.set(familyOf(type), [...sizes, shortSize(sizeOf(type))]);
  }
  return [...families].map(([family, sizes]) => `${family}: ${sizes.join(" ")}`);
}

function shortSize(size: string): string {
  return size === "xlarge" ? "x" : size.replace(/^(\d+)xlarge$/, "$1");
}
