import { z } from "zod";

import { calico } from "./calico";
import { cilium } from "./cilium";
import type { CniContext, CniDomain, CniProfile, CniInputBase, CniSettingsBase } from "./domain";
import { flannel } from "./flannel";
import { weave } from "./weave";

/** Every CNI. A new CNI is a row here, a folder next to this file, and a component with its row. */
export const CNIS = { flannel, weave, calico, cilium } as const;

type Registry = typeof CNIS;

export type CniKind = keyof Registry;

/** The keys under `cni`, by `kind`. */
export type CniInput = z.output<Registry[CniKind]["schema"]>;

/** The CNI's settings with defaults filled in. */
export type CniSettings = { [K in CniKind]: Parameters<Registry[K]["advise"]>[0] }[CniKind];

/** Every way of connecting pods: a CNI and its backend. */
export type CniVariant = { [K in CniKind]: `${K}/${keyof Registry[K]["rows"] & string}` }[CniKind];

/** Charts of CNIs. */
export type CniChartName = { [K in CniKind]: keyof Registry[K]["charts"] & string }[CniKind];

/** What the settings have when they name no CNI. */
export const DEFAULT_CNI = "flannel" satisfies CniKind;

export type AnyDomain = CniDomain<CniInputBase, CniSettingsBase>;

/** The descriptor of a kind; what it takes is of that kind. */
export function domainOf(kind: CniKind): AnyDomain {
  return CNIS[kind];
}

export const CNI_KINDS = Object.keys(CNIS) as readonly CniKind[];

export const cniSchema = z.discriminatedUnion(
  "kind",
  Object.values(CNIS).map(({ schema }) => schema) as unknown as [z.ZodObject],
) as unknown as z.ZodType<CniInput, CniInput>;

export const CNI_PROFILES = Object.fromEntries(
  CNI_KINDS.flatMap((kind) =>
    Object.entries(domainOf(kind).rows).map(([backend, row]) => [`${kind}/${backend}`, row]),
  ),
) as Readonly<Record<CniVariant, CniProfile>>;

export const CNI_VARIANTS = Object.keys(CNI_PROFILES) as readonly CniVariant[];

/** Undefined for a backend that is another kind's. */
export function variantOf(kind: string, backend: string): CniVariant | undefined {
  return CNI_VARIANTS.find((variant) => variant === `${kind}/${backend}`);
}

/** The kind of a variant. */
export function kindOf(variant: CniVariant): CniKind {
  return variant.slice(0, variant.indexOf("/")) as CniKind;
}

/** As a sentence names a variant: "flannel vxlan", or the kind alone where there is no backend to choose. */
export function cniName(variant: CniVariant): string {
  const kind = kindOf(variant);
  return Object.keys(CNIS[kind].rows).length === 1 ? kind : variant.replace("/", " ");
}

/** As a sentence names a backend; the kind where there is none to choose. */
export function backendName(variant: CniVariant): string {
  return cniName(variant).split(" ")[1] ?? kindOf(variant);
}

export function cniVariant(cni: Pick<CniSettings, "kind" | "backend">): CniVariant {
  const variant = variantOf(cni.kind, cni.backend);
  if (variant === undefined) throw new RangeError(`${cni.kind} has no backend ${cni.backend}`);
  return variant;
}

/** The table's row with what the settings make of it: ports that are set, and who enforces NetworkPolicy. */
export function cniProfile(cni: CniSettings): CniProfile {
  return domainOf(cni.kind).profile(cni);
}

/** The CNI's settings with defaults filled in. */
export function resolveCni(input: CniInput | undefined, context: CniContext): CniSettings {
  return domainOf(input?.kind ?? DEFAULT_CNI).resolve(input ?? {}, context) as CniSettings;
}

/** Names that CNIs leave on hosts, of all of them: a host may come from another cluster. */
export const CNI_TRACES = CNI_KINDS.map((kind) => domainOf(kind).traces);

/**
 * Settings whose CNI is of that kind, as its renderers take them.
 * @throws RangeError when it is another
 */
export function withCni<K extends CniKind, T extends { readonly cni: CniSettings }>(
  settings: T,
  kind: K,
): Omit<T, "cni"> & { readonly cni: Extract<CniSettings, { readonly kind: K }> } {
  const { cni } = settings;
  if (cni.kind !== kind) throw new RangeError(`the CNI is ${cni.kind}, not ${kind}`);
  return { ...settings, cni: cni as Extract<CniSettings, { readonly kind: K }> };
}
