import type { Architecture } from "../settings/resolved";
import { AMD64_FAMILIES, ARM64_FAMILIES } from "./instanceFamilies";

/**
 * Families of EC2 instance types, and what follows from a type's name: its processor's architecture, how many vCPUs it has
 * and whether such a size exists at all.
 */

interface Family {
  readonly architecture: Architecture;
  /** As they are in a type's name. */
  readonly sizes: readonly string[];
}

/** Families whose smallest sizes have two vCPUs too (EC2 instance types guide, "Burstable performance instances"). */
const TWO_VCPUS_THROUGHOUT: readonly string[] = ["t3", "t3a", "t4g"];

const WORDS = /^(nano|micro|small|medium|large|(\d+)?xlarge|metal(-\d+xl)?)$/;

function families(architecture: Architecture, table: Readonly<Record<string, string>>): [string, Family][] {
  return Object.entries(table).flatMap(([names, sizes]) =>
    names
      .split(" ")
      .map((name): [string, Family] => [name, { architecture, sizes: sizes.split(" ").map(sizeName) }]),
  );
}

function sizeName(short: string): string {
  return short === "x" ? "xlarge" : /^\d+$/.test(short) ? `${short}xlarge` : short;
}

const FAMILIES: Readonly<Record<string, Family>> = Object.fromEntries([
  ...families("amd64", AMD64_FAMILIES),
  ...families("arm64", ARM64_FAMILIES),
]);

export function familyOf(instanceType: string): string {
  return instanceType.split(".")[0] ?? "";
}

export function sizeOf(instanceType: string): string {
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

/** The sizes of a type's family, smallest first; none of an unknown family. */
export function sizesOf(instanceType: string): readonly string[] {
  return known(instanceType)?.sizes ?? [];
}

/** Why there is no such type, or undefined; of an unknown family only the size's word can be judged. */
export function sizeProblem(instanceType: string): string | undefined {
  if (/^mac\d*(-|\.)/.test(instanceType)) return "is a Mac, and runs none of the images that nodes have";
  const size = sizeOf(instanceType);
  if (!WORDS.test(size)) return "has a size that no instance type has";
  const family = known(instanceType);
  if (family === undefined || family.sizes.includes(size)) return undefined;
  return `has a size that family ${familyOf(instanceType)} does not have`;
}

/**
 * vCPUs by the type's name; undefined where the name does not tell, as of bare metal or an unknown family.
 * Source: EC2 instance types guide: `large` is 2 and `xlarge` 4 throughout; below, T3, T3a and T4g have 2 in all sizes,
 * T2 from `medium` on, and every other family 1.
 */
export function vcpusOf(instanceType: string): number | undefined {
  if (known(instanceType) === undefined) return undefined;
  const family = familyOf(instanceType);
  const size = sizeOf(instanceType);
  const [, multiple] = /^(\d*)xlarge$/.exec(size) ?? [];
  if (multiple !== undefined) return 4 * Number(multiple === "" ? "1" : multiple);
  if (size.startsWith("metal")) return undefined;
  if (size === "large" || TWO_VCPUS_THROUGHOUT.includes(family)) return 2;
  return family === "t2" && size === "medium" ? 2 : 1;
}

/** Memory in MiB of the sizes that are too small for a control plane; undefined for all others (EC2 guide, T instances). */
export function smallMemoryMiB(instanceType: string): number | undefined {
  return { nano: 512, micro: 1024 }[sizeOf(instanceType)];
}
