import type { z } from "zod";
import type { PinnedChart } from "../pinnedChart";
import { holds } from "../network/addresses";
import type { EffectRow } from "../settings/effect";
import type { PlacedRange } from "../settings/placed";
import type { Path, Problems } from "../settings/problems";
import type { Refused } from "../settings/prune";

/** What kube-proxy writes a Service's rules with; `ipvs` is deprecated since Kubernetes 1.35 and refused. */
export type KubeProxyMode = "nftables" | "iptables";

export interface CniPort {
  readonly protocol: "tcp" | "udp" | "ipip" | "esp" | "icmp";
  /** Absent where the protocol has no ports. */
  readonly port?: number;
  /** As a sentence names what listens there: "VXLAN". */
  readonly name: string;
  /** Why other nodes call it; absent: it is for the node alone. */
  readonly reason?: string;
}

export type CniKernelModule = "vxlan" | "wireguard" | "ipip" | "geneve";

/** What one backend of a CNI needs of hosts and networks. */
export interface CniProfile {
  /** Bytes that encapsulation takes from the MTU of the nodes' network. */
  readonly overhead: number;
  /** The pod network's MTU has to be a multiple of it; default 1. */
  readonly mtuMultiple?: number;
  /** Ports that it has on every node. */
  readonly ports: readonly CniPort[];
  /** Packets leave a node with pod addresses: firewalls between nodes must pass every protocol. */
  readonly podAddressesOnWire: boolean;
  /** The cloud's source/destination check must be off. */
  readonly sourceDestinationCheckOff: boolean;
  /** All nodes must be on one layer 2 network. */
  readonly needsOneSegment: boolean;
  /** On AWS all nodes must be in one subnet: the VPC's router drops packets with pod addresses. */
  readonly needsOneSubnet: boolean;
  /** Enforces NetworkPolicy. */
  readonly networkPolicy: boolean;
  /** Windows nodes can join, with what this library renders for them. */
  readonly windows: boolean;
  /** The first is the default. */
  readonly kubeProxyModes: readonly KubeProxyMode[];
  /** Does kube-proxy's work itself: kubeadm installs none. Default false. */
  readonly replacesKubeProxy?: boolean;
  /** Pods have addresses of the slice that kube-controller-manager gave their node; false: it allocates by itself. */
  readonly slices: boolean;
  /** Namespaces its pods live in; they need host privileges and are exempt from pod security. */
  readonly namespaces: readonly string[];
  readonly kernelModules: readonly CniKernelModule[];
  /**
   * Interfaces as nftables names them: those of the node's own pods, and those over which the pods of other nodes and the
   * nodes themselves come with addresses of the pod range.
   */
  readonly interfaces: { readonly pods: readonly string[]; readonly overlay: readonly string[] };
  /** What `ip route` shows in lines of routes that it writes itself, besides those over its interfaces: `proto bird`. */
  readonly routes?: readonly string[];
  /** A node's slice is routed to the node's own address. */
  readonly routesSlicesToNodes?: boolean;
}

/** What a CNI leaves on a host. Names that end in `*` are a beginning. */
export interface CniTraces {
  /** Interfaces that a host must not have before it becomes a node, and that go when it leaves. */
  readonly interfaces: readonly string[];
  /** Interfaces as NetworkManager names them; it must leave them alone. */
  readonly unmanaged: readonly string[];
  /** Tables of nftables, as an extended regular expression for each name. */
  readonly nftTables: readonly string[];
  /** Beginnings of its chains and comments in iptables' rules. */
  readonly iptables: readonly string[];
  /** Paths that a host must not have before it becomes a node, such as maps pinned in a file system of eBPF. */
  readonly pins?: readonly string[];
  /** Folders with its state. */
  readonly folders: readonly string[];
  /** Its file in /etc/cni/net.d. */
  readonly conflist: string;
}

/** A machine that will be a node, as far as a CNI's settings may depend on it. */
export interface CniNode {
  readonly name: string;
  readonly nodeName: string;
  readonly revision: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly nodeAddress: string;
}

/** What of the other settings a CNI's defaults depend on. */
export interface CniContext {
  /** Machines that will be nodes and are known by name. */
  readonly nodes: readonly CniNode[];
  /** There are nodes of pools that grow and shrink by themselves. */
  readonly pooled: boolean;
  /** There are, or will be, Windows nodes. */
  readonly windowsPools: boolean;
}

/** What of the other settings a CNI is checked against; undefined: rejected, or not known. */
export interface CniSurroundings extends CniContext {
  /** Whether something at, above or below one of these places was rejected: nothing is said of it. */
  readonly refused: Refused["touches"];
  readonly pods?: PlacedRange | undefined;
  readonly services?: PlacedRange | undefined;
  readonly maxNodes?: number | undefined;
  /** Name of the first pool of Windows nodes. */
  readonly windowsPool?: string | undefined;
  /** UDP ports that other parts of the cluster have on every node, and who has them. */
  readonly udpPorts: readonly { readonly port: number; readonly owner: string }[];
  /** Keys written under `kubeProxy`. */
  readonly kubeProxy: readonly string[];
}

/** A secret that a CNI's settings name. */
export interface CniSecret {
  readonly path: Path;
  readonly name: string;
  readonly use: "meshPassword" | "bgpPassword";
}

/** What advisories about a CNI are made from. */
export interface CniNetwork {
  readonly maxNodes: number;
  /** What an nft that is too old does on some hosts, as the end of a sentence; undefined: on none. */
  readonly oldNftCrash?: string | undefined;
  /** Versions of charts that the settings name. */
  readonly chartVersions: Readonly<Partial<Record<string, string>>>;
}

/** The schema of a CNI's input, with its keys. */
export type CniSchema<I> = z.ZodType<I, I> & { readonly shape: Readonly<Record<string, z.ZodType>> };

/** What every CNI's input has. */
export interface CniInputBase {
  readonly kind: string;
  readonly mtu?: number;
  readonly podCidr?: string;
}

/** What a CNI's own code takes of its input: its kind is known. */
export type CniKeys<I> = Omit<I, "kind">;

/** What every CNI's resolved settings have. */
export interface CniSettingsBase {
  readonly kind: string;
  readonly backend: string;
  readonly mtu?: number;
}

/**
 * Everything that the rest of the library knows of a CNI. A new CNI is one folder with such a descriptor and one row in the
 * registry (`model/cni/index.ts`), and a component with its row (`components/cni/index.ts`).
 */
export interface CniDomain<I extends CniInputBase, S extends CniSettingsBase> {
  readonly kind: S["kind"];
  readonly schema: CniSchema<I>;
  /** By backend. */
  readonly rows: Readonly<Record<S["backend"], CniProfile>>;
  /** Charts it is installed by. */
  readonly charts: Readonly<Record<string, PinnedChart>>;
  /** Registries of images that it runs without a chart. */
  readonly registries?: readonly string[];
  /** Namespace of its releases. */
  readonly chartNamespace?: string;
  /** API groups whose definitions it brings. */
  readonly crdGroups: readonly string[];
  readonly traces: CniTraces;
  /** On AWS the boot script turns the source/destination check off by itself where the backend needs that. */
  readonly bootTurnsSourceCheckOff: boolean;
  /** Tried on a live cluster. */
  readonly tried: boolean;
  readonly effects: readonly EffectRow[];
  /** Defaults filled in: the one place that knows them. */
  resolve(input: CniKeys<I>, context: CniContext): S;
  /** The row with what the settings make of it. */
  profile(cni: S): CniProfile;
  /** Its own keys; what every CNI has to fit is checked for all of them. */
  validate(input: CniKeys<I>, settings: S, around: CniSurroundings, problems: Problems): void;
  /** What works and deserves a look. Its parameter stands even where it reads nothing: the registry takes the type of the settings from it. */
  advise(cni: S, network: CniNetwork): string[];
  /** Where it does not enforce NetworkPolicy: what to do, and as a sentence names it then; default: its kind. */
  readonly policyRemedy?: string;
  readonly withoutPolicies?: string;
  /** Secrets that its settings name. */
  secrets?(input: CniKeys<I>): readonly CniSecret[];
  /** Lists whose entries differ. */
  lists?(input: CniKeys<I>): readonly (readonly [Path, readonly string[]])[];
  /** Routers outside the cluster that it peers with. */
  routers?(settings: S): readonly { readonly name: string; readonly address: string }[];
}

/** Ports on every node that are for the node alone. */
export function ownPorts(name: string, ...ports: number[]): CniPort[] {
  return ports.map((port) => ({ protocol: "tcp", port, name }));
}

/** Parts of backends whose packets between nodes have the nodes' own addresses. */
export const ENCAPSULATED = {
  podAddressesOnWire: false,
  sourceDestinationCheckOff: false,
  needsOneSegment: false,
  needsOneSubnet: false,
} as const;

/** Parts of backends whose packets between nodes have the pods' addresses, everywhere. */
export const ROUTED = {
  podAddressesOnWire: true,
  sourceDestinationCheckOff: true,
  needsOneSubnet: true,
} as const;

/** Which of the cluster's ranges an address lies in: no host can be there. */
export function rangeHolding(
  { pods, services }: Pick<CniSurroundings, "pods" | "services">,
  address: number,
): string | undefined {
  const found = [pods, services].find((one) => one !== undefined && holds(one.range, address));
  return found === undefined ? undefined : `${found.name} ${found.range.text}`;
}
