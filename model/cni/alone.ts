import { z } from "zod";

import { defined } from "../core/defined";
import { checkSchema } from "../settings/issues";
import { DEFAULTS } from "../settings/defaults";
import type { Draft } from "../settings/pick";
import { Problems, SettingsError, type Path } from "../settings/problems";
import { cidr, host, port } from "../settings/schema/primitives";
import type { CniDomain, CniInputBase, CniSettingsBase } from "./domain";

/** What stands beside a CNI's own keys when its component is used without a cluster's settings. */
export interface CniAround {
  /** MTU of the nodes' network in bytes; default: the CNI reads it from the node's interface. */
  networkMtu?: number;
  /** How kube-proxy writes its rules; default: the first that the CNI works with. */
  kubeProxyMode?: "nftables" | "iptables";
  /** Most nodes there will be; default 256. */
  maxNodes?: number;
  /** Range of Services; default `10.96.0.0/16`. */
  serviceCidr?: string;
  /** Where nodes reach the API server. */
  endpoint?: { host: string; port: number };
}

const AROUND = {
  networkMtu: z.number().int().min(1280).max(65535).optional(),
  kubeProxyMode: z.enum(["nftables", "iptables"]).optional(),
  maxNodes: z.number().int().min(1).optional(),
  serviceCidr: cidr.optional(),
  endpoint: z.strictObject({ host, port }).optional(),
};

/** Problems by their path in the arguments. */
class ArgumentProblems extends Problems {
  override add(
    path: Path,
    ...rest: Parameters<Problems["add"]> extends [Path, ...infer R] ? R : never
  ): void {
    super.add(path[0] === "cni" ? path.slice(1) : path, ...rest);
  }
}

/** A CNI's settings and what stands beside them, with defaults. */
export interface CniAlone<S> {
  readonly cni: S;
  readonly network: {
    readonly podCidr: string;
    readonly serviceCidr: string;
    readonly maxNodes: number;
    readonly mtu?: number | undefined;
  };
  readonly kubeProxyMode?: "nftables" | "iptables" | undefined;
  readonly endpoint?: { readonly host: string; readonly port: number } | undefined;
}

/**
 * Checks arguments by the CNI's own schema and checks. Machines and ranges of a cluster are not known, so nothing is said of
 * them.
 *
 * @param keys of those beside the CNI's own that it takes
 * @param title what the report calls them: `Cilium net`
 * @throws SettingsError with every problem, by the path in the arguments
 */
export function parseCniAlone<I extends CniInputBase, S extends CniSettingsBase>(
  domain: CniDomain<I, S>,
  keys: readonly (keyof CniAround)[],
  given: object,
  title: string,
): CniAlone<S> {
  const problems = new ArgumentProblems();
  const { kind: _, ...own } = domain.schema.shape;
  const beside = Object.fromEntries(keys.map((key) => [key, AROUND[key]]));
  const left = checkSchema(z.strictObject({ ...own, ...beside }), defined(given), problems) as CniAround & {
    podCidr?: string;
  };
  const input = Object.fromEntries(Object.entries(left).filter(([key]) => key in own));
  const draft = { kind: domain.kind, ...input } as unknown as Draft<I>;
  const context = { nodes: [], pooled: true, windowsPools: false };
  const settled = domain.settle(draft, context);
  domain.validate(draft, settled, { ...context, udpPorts: [], kubeProxy: [] }, problems);
  const found = problems.sorted();
  if (found.length > 0) throw new SettingsError(found, title);
  return {
    cni: settled as S,
    network: {
      podCidr: left.podCidr ?? DEFAULTS.podCidr,
      serviceCidr: left.serviceCidr ?? DEFAULTS.serviceCidr,
      maxNodes: left.maxNodes ?? DEFAULTS.maxNodes,
      mtu: left.networkMtu,
    },
    kubeProxyMode: left.kubeProxyMode,
    endpoint: left.endpoint,
  };
}
