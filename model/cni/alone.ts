import { z } from "zod";

import { helmSchema, type HelmInput } from "../addons/helm/schema";
import { chartsFit } from "../addons/helm/validate";
import type { HelmSettings } from "../charts";
import { COMPONENTS } from "../versions";
import { parseAlone } from "../settings/alone";
import { validateCni } from "../settings/checks/cni";
import { DEFAULTS } from "../settings/defaults";
import type { NetworkInput } from "../settings/input/network";
import type { KubeProxyInput, VersionsInput } from "../settings/input/nodes";
import { SettingsError, type Problem } from "../settings/problems";
import { host, imageTag, port } from "../settings/schema/primitives";
import { networkShape } from "../settings/schema/common";
import { cniProfile, domainOf, resolveCni, type CniInput, type CniKind, type CniSettings } from ".";
import type { KubeProxyMode } from "./domain";

/** Settings that a CNI depends on besides its own keys, for a component without a cluster's settings. */
export interface CniAround {
  /** The nodes' network. */
  network?: Pick<NetworkInput, "mtu" | "serviceCidr" | "maxNodes">;
  /** The cluster's kube-proxy. */
  kubeProxy?: Pick<KubeProxyInput, "mode">;
  /** Tags of images. */
  versions?: Pick<VersionsInput, "flannel" | "flannelCniPlugin">;
  /** Where nodes reach the API server; Cilium needs it with `kubeProxyReplacement`. */
  endpoint?: { host: string; port: number };
  /** Where charts come from, and their versions. */
  helm?: HelmInput;
}

type OfKind<T, K extends CniKind> = Extract<T, { readonly kind: K }>;

/** A CNI's input and what it reads of a cluster. */
export type CniAloneInput<K extends CniKind, A extends keyof CniAround> = Omit<OfKind<CniInput, K>, "kind"> &
  Pick<CniAround, A>;

/** What a CNI is made from: its settings, and what stands around them. */
export interface CniSpec<K extends CniKind> {
  readonly cni: OfKind<CniSettings, K>;
  readonly network: {
    readonly podCidr: string;
    readonly serviceCidr: string;
    readonly maxNodes: number;
    readonly mtu?: number | undefined;
  };
  readonly kubeProxy: { readonly mode: KubeProxyMode };
  readonly versions: { readonly flannel: string; readonly flannelCniPlugin: string };
  readonly endpoint?: { readonly host: string; readonly port: number } | undefined;
  readonly helm: HelmSettings;
}

/** Arguments beside a CNI's own, by their path; the component names those that its CNI reads. */
const AROUND = {
  "network.mtu": networkShape.mtu,
  "network.serviceCidr": networkShape.serviceCidr,
  "network.maxNodes": networkShape.maxNodes,
  "kubeProxy.mode": z.enum(["nftables", "iptables"]).optional(),
  "versions.flannel": imageTag.optional(),
  "versions.flannelCniPlugin": imageTag.optional(),
  "endpoint.host": host,
  "endpoint.port": port,
} as const;

export type CniAroundPath = keyof typeof AROUND | "helm";

function schemaOf(kind: CniKind, paths: readonly CniAroundPath[]) {
  const { kind: _, ...own } = domainOf(kind).schema.shape;
  const beside: Record<string, Record<string, z.ZodType>> = {};
  for (const path of paths) {
    if (path === "helm") continue;
    const [part = "", key = ""] = path.split(".");
    beside[part] = { ...beside[part], [key]: AROUND[path] };
  }
  const parts = Object.entries(beside).map(([part, shape]) => [part, z.strictObject(shape).optional()]);
  return z.strictObject({
    ...own,
    ...Object.fromEntries(parts),
    ...(paths.includes("helm") ? { helm: helmSchema.optional() } : {}),
  });
}

/**
 * Checks a CNI's arguments as the settings of a cluster that has it.
 *
 * @param paths of the arguments beside the CNI's own
 * @param title what the report calls them: `Cilium net`
 * @throws SettingsError with every problem, by the path in the arguments
 */
export function parseCni<K extends CniKind>(
  kind: K,
  paths: readonly CniAroundPath[],
  given: unknown,
  title: string,
  secrets?: Readonly<Record<string, unknown>>,
): CniSpec<K> {
  const schema = schemaOf(kind, paths);
  const { network, kubeProxy, versions, endpoint, helm, ...own } = parseAlone(title, given, {
    schema,
    key: "cni",
    around: ({ network, kubeProxy, versions, helm, endpoint: _, ...cni }: CniAround) => ({
      cni: inputOf(kind, cni),
      network,
      kubeProxy,
      versions,
      helm,
    }),
    checks: [validateCni, chartsFit],
    secrets,
  }) as CniAround & { readonly podCidr?: string };
  const cni = resolveCni(inputOf(kind, own), { nodes: [], pooled: true, windowsPools: false });
  const { replacesKubeProxy, kubeProxyModes } = cniProfile(cni);
  if (replacesKubeProxy === true && endpoint === undefined) throw new SettingsError([NO_ENDPOINT], title);
  return {
    cni: cni as OfKind<CniSettings, K>,
    network: {
      podCidr: own.podCidr ?? DEFAULTS.podCidr,
      serviceCidr: network?.serviceCidr ?? DEFAULTS.serviceCidr,
      maxNodes: network?.maxNodes ?? DEFAULTS.maxNodes,
      mtu: network?.mtu,
    },
    kubeProxy: { mode: kubeProxy?.mode ?? kubeProxyModes[0] ?? DEFAULTS.kubeProxyMode },
    versions: {
      flannel: versions?.flannel ?? COMPONENTS.flannel,
      flannelCniPlugin: versions?.flannelCniPlugin ?? COMPONENTS.flannelCniPlugin,
    },
    endpoint,
    helm: { sources: helm?.sources ?? {}, versions: helm?.versions ?? {} },
  };
}

function inputOf(kind: CniKind, own: object): CniInput {
  return { ...own, kind };
}

const NO_ENDPOINT: Problem = {
  path: "endpoint",
  value: "nothing",
  message: "is missing: without kube-proxy the CNI cannot reach the API server through a Service",
  allowed: "host and port of the API server: {host: 10.0.0.10, port: 6443}",
};
