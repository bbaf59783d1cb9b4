import type { z } from "zod";
import type { PinnedChart } from "../pinnedChart";
import type { AddressRange } from "../network/addressRanges";
import type { Flow, Source } from "../network/flow";
import type { EffectRow } from "../settings/effect";
import type { PlacedRange } from "../settings/placed";
import type { Path, Problems } from "../settings/problems";
import type { Refused } from "../settings/prune";
import type { Architecture } from "../settings/resolvedShared";

/** Where machines come from. */
export type Platform = "machines" | "aws";

/** What an add-on puts into the cluster. */
export interface AddonPart {
  /** Namespace of its objects and releases. */
  readonly namespace?: string;
  /** Charts it is installed by. */
  readonly charts: Readonly<Record<string, PinnedChart>>;
  /** API groups whose definitions it brings. */
  readonly crdGroups: readonly string[];
}

/** A port that an add-on has on nodes. */
export interface AddonPort {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** As a sentence names who has it: "MetalLB's speakers". */
  readonly owner: string;
  /** Who calls it from other hosts, and why; absent: it is for the node alone. */
  readonly calledBy?: {
    readonly from: Source;
    readonly reason: string;
    /** Pods without tolerations have it. */
    readonly ordinaryPods?: true;
  };
  /** The settings choose it, so that it is checked against all others and they are not checked against it. */
  readonly chosen?: true;
}

/** Addresses that an add-on gives to Services of type LoadBalancer. */
export interface ServicePool {
  readonly name: string;
  readonly ranges: readonly AddressRange[];
  /** Given to Services that do not ask for the pool. */
  readonly autoAssign: boolean;
  /** Whose Services may have one; empty: all. */
  readonly namespaces: readonly string[];
}

/** A machine, as far as add-ons are checked against it; undefined: rejected, or not known. */
export interface AddonMachine {
  readonly name: string;
  readonly role?: "controlPlane" | "worker" | "loadBalancer" | undefined;
  readonly nodeAddress?: string | undefined;
  /** Where SSH reaches it. */
  readonly host?: string | undefined;
  readonly architecture?: Architecture | undefined;
}

/** What of the other settings an add-on is checked against; undefined: rejected, or not known. */
export interface AddonSurroundings {
  /** Whether something at, above or below one of these places was rejected: nothing is said of it. */
  readonly refused: Refused["touches"];
  readonly platform: Platform;
  readonly clusterDomain?: string | undefined;
  readonly pods?: PlacedRange | undefined;
  readonly services?: PlacedRange | undefined;
  readonly peers: readonly PlacedRange[];
  readonly nodePortRange?: { readonly from: number; readonly to: number } | undefined;
  /** On AWS the control-plane nodes. */
  readonly machines: readonly AddonMachine[];
  /** Name of the first pool of Windows nodes. */
  readonly windowsPool?: string | undefined;
  /** Addresses of machines and of the API, and as a sentence names what has them. */
  readonly addresses: readonly { readonly text: string; readonly what: string }[];
  /** Routers that the CNI peers with. */
  readonly routers: readonly { readonly name: string; readonly address: string }[];
  /** Whether another add-on gives addresses to Services. */
  readonly givesAddresses: boolean;
  readonly pools?: readonly ServicePool[] | undefined;
  /** Who has a TCP port of the nodes; undefined where it is free. */
  readonly ownerOfTcp: (port: number) => string | undefined;
  /** Labels that choose nodes: well written, and at least one node has them all. */
  readonly checkSelector: (
    selector: Readonly<Record<string, string>> | undefined,
    path: Path,
    why: string,
    problems: Problems,
  ) => void;
}

/** What advisories about an add-on are made from. */
export interface AddonCluster {
  readonly platform: Platform;
  readonly kubernetesVersion: string;
  readonly firewall: "none" | "nftables";
  readonly firewallAccess: { readonly nodePorts: readonly string[] };
  readonly aws?: {
    readonly access: { readonly nodePorts: readonly string[] };
    readonly vpc: { readonly subnets: readonly { readonly cidr: string }[] };
  };
}

/** What a plan says of an add-on. */
export interface AddonSummary {
  readonly name: string;
  /** Version of the image; undefined where that of the chart says it, or nothing does. */
  readonly version?: string;
  /** Where it is reached, or the addresses it gives out; empty: within the cluster, at an address that it gets there. */
  readonly addresses: readonly string[];
  /** What the settings make of it, as short phrases. */
  readonly about: readonly string[];
}

/** What of the cluster a summary names. */
export interface AddonPlace {
  readonly platform: Platform;
  readonly network: { readonly clusterDomain: string; readonly dnsServiceAddress: string };
  readonly versions: { readonly coredns: string };
}

/**
 * Everything that the rest of the library knows of an add-on. A new one is one folder with such a descriptor, one row in the
 * registry (`model/addons/index.ts`), a key in the input types, and a component (`components/addons/index.ts`).
 *
 * @typeParam I as it is written in the settings
 * @typeParam S with defaults
 */
export interface AddonDomain<I, S extends object> {
  readonly schema: z.ZodType<I, I>;
  /** Set where a cluster has it whether or not it is written. */
  readonly always?: true;
  /** By `kind` of the settings, where there are kinds. */
  readonly parts: Readonly<Record<string, AddonPart>>;
  /** Objects of kube-system that are its own, as `ConfigMap/coredns`: a manifest must not hold them. */
  readonly keeps?: readonly string[];
  readonly effects: readonly EffectRow[];
  /** Defaults filled in: the one place that knows them. Undefined: it is not installed. */
  resolve(input: I, platform: Platform): S | undefined;
  /** What one value alone cannot tell. */
  validate?(input: I, settings: S, around: AddonSurroundings, problems: Problems): void;
  /** What works and deserves a look. @param others API groups whose definitions other add-ons bring */
  advise?(settings: S, cluster: AddonCluster, others: readonly string[]): string[];
  /** Secrets that its settings name; all are passwords of BGP sessions. */
  secrets?(input: I): readonly { readonly path: Path; readonly name: string }[];
  /** Lists whose entries differ. */
  lists?(input: I): readonly (readonly [Path, readonly string[]])[];
  /** Files of the project that its settings name, and what they have to be. */
  files?(settings: S): readonly { readonly path: Path; readonly file: string; readonly allowed: string }[];
  summary(settings: S, place: AddonPlace): AddonSummary;
  ports?(settings: S): readonly AddonPort[];
  /** Flows to ports that others have. */
  calls?(settings: S): readonly Flow[];
  pools?(settings: S): readonly ServicePool[];
  /** Services of type LoadBalancer that it makes, as `namespace/name`. */
  balanced?(settings: S): readonly string[];
  /** Name servers outside the cluster that it asks, as `address`, `address:port` or a file of the node. */
  resolvers?(settings: S): readonly { readonly path: Path; readonly resolver: string }[];
}

/** As a summary says how many pods there are. */
export function replicas(count: number): string {
  return count === 1 ? "1 replica" : `${count} replicas`;
}
