import type { Architecture } from "../settings/resolved";

/**
 * Families of EC2 instance types, and what follows from a type's name: its processor's architecture, how many vCPUs it has
 * and whether such a size exists at all.
 */

/** How a family's sizes run. Source: EC2 instance types guide, "Specifications" of each category. */
type Sizes = "burstable" | "burstable1" | "graviton" | "ordinary" | "accelerated" | "memory";

interface Family {
  readonly architecture: Architecture;
  readonly sizes: Sizes;
}

const WORDS = /^(nano|micro|small|medium|large|xlarge|(\d+)xlarge|metal(-\d+xl)?)$/;

/** Multiples before xlarge that some family has. */
const MULTIPLES = [2, 3, 4, 6, 8, 9, 10, 12, 16, 18, 24, 32, 48, 56, 96, 112, 224];

const NAMES: Record<Sizes, (size: string) => boolean> = {
  burstable: (size) => /^(nano|micro|small|medium|large|xlarge|2xlarge)$/.test(size),
  burstable1: (size) => /^(nano|micro|small|medium|large|xlarge|2xlarge)$/.test(size),
  graviton: (size) => size === "medium" || size === "large" || isLarge(size),
  ordinary: (size) => size === "large" || isLarge(size),
  accelerated: isLarge,
  memory: (size) => size === "large" || isLarge(size) || /^\d+xlarge$/.test(size),
};

function isLarge(size: string): boolean {
  const [, multiple] = /^(\d+)xlarge$/.exec(size) ?? [];
  if (multiple !== undefined) return MULTIPLES.includes(Number(multiple));
  return size === "xlarge" || /^metal(-\d+xl)?$/.test(size);
}

function families(architecture: Architecture, sizes: Sizes, names: string): [string, Family][] {
  return names.split(" ").map((name) => [name, { architecture, sizes }]);
}

/** Source: EC2 instance types guide; an option letter g after the generation is AWS Graviton, which is arm64. */
const FAMILIES: Readonly<Record<string, Family>> = Object.fromEntries([
  ...families("amd64", "burstable1", "t2"),
  ...families("amd64", "burstable", "t3 t3a"),
  ...families("arm64", "burstable", "t4g"),
  ...families(
    "amd64",
    "ordinary",
    "m4 m5 m5a m5ad m5d m5dn m5n m5zn m6a m6i m6id m6idn m6in m7a m7i m7i-flex",
  ),
  ...families(
    "amd64",
    "ordinary",
    "m8a m8i m8i-flex c4 c5 c5a c5ad c5d c5n c6a c6i c6id c6in c7a c7i c7i-flex",
  ),
  ...families(
    "amd64",
    "ordinary",
    "c8a c8i c8i-flex r4 r5 r5a r5ad r5b r5d r5dn r5n r6a r6i r6id r6idn r6in r7a",
  ),
  ...families("amd64", "ordinary", "r7i r7iz r8a r8i r8i-flex i3 i3en i4i i7i i7ie d2 d3 d3en h1 z1d"),
  ...families(
    "arm64",
    "graviton",
    "a1 m6g m6gd m7g m7gd m8g m8gb m8gd m8gn c6g c6gd c6gn c7g c7gd c7gn c8g c8gb",
  ),
  ...families("arm64", "graviton", "c8gd c8gn r6g r6gd r7g r7gd r8g r8gb r8gd r8gn x2gd x8g is4gen"),
  ...families("arm64", "ordinary", "im4gn i4g i8g i8ge"),
  ...families("arm64", "accelerated", "g5g hpc7g"),
  ...families(
    "amd64",
    "accelerated",
    "p3 p3dn p4d p4de p5 p5e p5en p6-b200 g4ad g4dn g5 g6 g6e gr6 inf1 inf2",
  ),
  ...families("amd64", "accelerated", "trn1 trn1n trn2 dl1 vt1 f1 f2 hpc6a hpc6id hpc7a"),
  ...families("amd64", "memory", "x1 x1e x2idn x2iedn x2iezn u7i-6tb u7i-8tb u7i-12tb u7in-16tb u7in-24tb"),
]);

export function familyOf(instanceType: string): string {
  return instanceType.split(".")[0] ?? "";
}

function sizeOf(instanceType: string): string {
  return instanceType.split(".")[1] ?? "";
}

export function knownFamilies(): readonly string[] {
  return Object.keys(FAMILIES);
}

function known(instanceType: string): Family | undefined {
  const family = familyOf(instanceType);
  return Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined;
}

export function isKnownFamily(instanceType: string): boolean {
  return known(instanceType) !== undefined;
}

/** Processor architecture of an instance type; undefined for a family that is not in the table. */
export function architectureOf(instanceType: string): Architecture | undefined {
  return known(instanceType)?.architecture;
}

/** Why there is no such type, or undefined; of an unknown family only the size's word can be judged. */
export function sizeProblem(instanceType: string): string | undefined {
  const size = sizeOf(instanceType);
  if (!WORDS.test(size)) return "has a size that no instance type has";
  const family = known(instanceType);
  if (family === undefined || NAMES[family.sizes](size)) return undefined;
  return `has a size that family ${familyOf(instanceType)} does not have`;
}

/**
 * vCPUs by the type's name; undefined where the name does not tell, as of bare metal or an unknown family.
 * Source: EC2 instance types guide: `large` is 2 and `xlarge` 4 throughout, `medium` of Graviton families 1, T2 from
 * `medium` on and T3, T3a and T4g in all sizes 2.
 */
export function vcpusOf(instanceType: string): number | undefined {
  const family = known(instanceType);
  if (family === undefined) return undefined;
  const size = sizeOf(instanceType);
  const [, multiple] = /^(\d*)xlarge$/.exec(size) ?? [];
  if (multiple !== undefined) return 4 * Number(multiple === "" ? "1" : multiple);
  if (size === "large") return 2;
  if (family.sizes === "burstable") return 2;
  if (family.sizes === "burstable1") return size === "medium" ? 2 : 1;
  return size === "medium" ? 1 : undefined;
}

/** Memory in MiB of the sizes that are too small for a control plane; undefined for all others (EC2 guide, T instances). */
export function smallMemoryMiB(instanceType: string): number | undefined {
  return { nano: 512, micro: 1024 }[sizeOf(instanceType)];
}
