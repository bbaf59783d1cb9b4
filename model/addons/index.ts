import type { z } from "zod";
import type { HelmSettings } from "../pinnedChart";
import { defined } from "../core/defined";
import type { Flow } from "../network/flow";
import { coredns } from "./coredns";
import type {
  AddonDomain,
  AddonPart,
  AddonPlace,
  AddonPort,
  AddonSummary,
  Platform,
  ServicePool,
} from "./domain";
import { gatewayApi } from "./gatewayApi";
import { ingress } from "./ingress";
import { metallb } from "./metallb";
import { metricsServer } from "./metricsServer";

/** Every add-on by its key in the settings. A new add-on is a row here, a folder next to this file, and a component. */
export const ADDONS = { coredns, metricsServer, metallb, ingress, gatewayApi } as const;

type Registry = typeof ADDONS;

export type AddonKey = keyof Registry;

/** The descriptor of a key; what it takes is of that key. */
export type AnyAddon = AddonDomain<object, object>;

export const ADDON_KEYS = Object.keys(ADDONS) as readonly AddonKey[];

export function addonOf(key: AddonKey): AnyAddon {
  return ADDONS[key];
}

type Input<K extends AddonKey> = NonNullable<Parameters<Registry[K]["resolve"]>[0]>;
type Resolved<K extends AddonKey> = NonNullable<ReturnType<Registry[K]["resolve"]>>;
type Always = { [K in AddonKey]: Registry[K] extends { always: true } ? K : never }[AddonKey];

/** What runs in the cluster besides its network; undefined: it is not installed. */
export type UsedAddons = { readonly [K in Always]: Resolved<K> } & {
  readonly [K in Exclude<AddonKey, Always>]?: Resolved<K>;
};

/** Add-ons, and where charts come from. */
export type AddonSettings = UsedAddons & { readonly helm: HelmSettings };

/** Keys of add-ons in the schema of the settings. */
export const addonsShape = Object.fromEntries(
  ADDON_KEYS.map((key) => [key, addonOf(key).schema.optional()]),
) as unknown as { [K in AddonKey]: z.ZodOptional<z.ZodType<Input<K>, Input<K>>> };

/** Charts of add-ons. */
export type AddonChartName = {
  [K in AddonKey]: Registry[K]["parts"] extends infer P
    ? { [N in keyof P]: P[N] extends { charts: infer C } ? keyof C & string : never }[keyof P]
    : never;
}[AddonKey];

/** Add-ons of the settings with defaults filled in. */
export function resolveAddons(
  input: Readonly<Partial<Record<AddonKey, object>>>,
  platform: Platform,
): UsedAddons {
  const resolved = ADDON_KEYS.map((key) => {
    const { always } = addonOf(key);
    const given = input[key] ?? (always === true ? {} : undefined);
    return [key, given === undefined ? undefined : addonOf(key).resolve(given, platform)];
  });
  return defined(Object.fromEntries(resolved) as Record<AddonKey, unknown>) as unknown as UsedAddons;
}

/** Add-ons in use: the descriptor of each with its settings. */
export function usedAddons(
  addons: Partial<UsedAddons>,
): { readonly key: AddonKey; readonly domain: AnyAddon; readonly settings: object }[] {
  return ADDON_KEYS.flatMap((key) => {
    const settings = addons[key];
    return settings === undefined ? [] : [{ key, domain: addonOf(key), settings }];
  });
}

/** Parts of an add-on that settings may come to: that of their kind, all where the kind is not known. */
export function partsOf(key: AddonKey, settings: object | undefined): readonly AddonPart[] {
  const { parts } = addonOf(key);
  const kind = settings !== undefined && "kind" in settings ? String(settings.kind) : undefined;
  const part = kind === undefined ? undefined : parts[kind];
  return part === undefined ? Object.values(parts) : [part];
}

/** Namespaces that add-ons may have, all of them. */
export const ADDON_NAMESPACES: readonly string[] = ADDON_KEYS.flatMap((key) =>
  partsOf(key, undefined).flatMap(({ namespace }) => namespace ?? []),
);

/** Ports that add-ons in use have on nodes, and which of them. */
export function addonPorts(addons: Partial<UsedAddons>): (AddonPort & { readonly key: AddonKey })[] {
  return usedAddons(addons).flatMap(({ key, domain, settings }) =>
    (domain.ports?.(settings) ?? []).map((port) => ({ ...port, key })),
  );
}

/** What a plan says of add-ons in use, with the version of the chart or image. */
export function summarizeAddons({
  addons,
  ...place
}: AddonPlace & { readonly addons: AddonSettings }): AddonSummary[] {
  return usedAddons(addons).map(({ key, domain, settings }) => {
    const [chart] = partsOf(key, settings).flatMap(({ charts }) => Object.entries(charts));
    const version = chart && (addons.helm.versions[chart[0]] ?? chart[1].version);
    return { ...defined({ version }), ...domain.summary(settings, place) };
  });
}

/** Addresses that add-ons in use give to Services of type LoadBalancer. */
export function servicePools(addons: Partial<UsedAddons>): ServicePool[] {
  return usedAddons(addons).flatMap(({ domain, settings }) => domain.pools?.(settings) ?? []);
}

/** Name servers outside the cluster that add-ons in use ask, as `address`, `address:port` or a file of the node. */
export function addonResolvers(addons: Partial<UsedAddons>): string[] {
  return usedAddons(addons).flatMap(({ domain, settings }) =>
    (domain.resolvers?.(settings) ?? []).map(({ resolver }) => resolver),
  );
}

/** What add-ons in use must be reached by from other hosts. What stays on the pods' network is the CNI's flow. */
export function addonFlows(addons: Partial<UsedAddons>): Flow[] {
  return usedAddons(addons).flatMap(({ domain, settings }) => [
    ...(domain.calls?.(settings) ?? []),
    ...flowsOfPorts(domain.ports?.(settings) ?? []),
  ]);
}

/** One flow for all ports that the same hosts call for the same reason. */
function flowsOfPorts(ports: readonly AddonPort[]): Flow[] {
  const flows = new Map<string, Flow>();
  for (const { protocol, port, calledBy } of ports) {
    if (calledBy === undefined) continue;
    const key = [calledBy.from, protocol, calledBy.reason].join("\n");
    const all = [...(flows.get(key)?.ports ?? []), { from: port, to: port }];
    flows.set(key, { ...calledBy, to: "node", protocol, ports: all.sort((a, b) => a.from - b.from) });
  }
  return [...flows.values()];
}
