import { cniVariant, CNI_FACTS } from "../cni/facts";
import { WINDOWS_VXLAN } from "../cni/windows";
import { DEFAULTS } from "./defaults";
import type { KubeProxyMode, Machine } from "./resolved";
import type { CalicoBgp, CalicoPeer, CalicoSettings, CniSettings, FlannelSettings } from "./resolvedCni";
import type { WeaveSettings } from "./resolvedCni";
import type { CalicoInput, CniInput, FlannelInput, WeaveInput } from "./schema/cni";

/** What of the other settings a CNI depends on. */
export interface CniContext {
  /** Machines that will be nodes and are known by name. */
  readonly machines: readonly Machine[];
  /** Nodes of pools that grow and shrink by themselves. */
  readonly pooled: boolean;
  /** A pool of Windows nodes is in the settings. */
  readonly windowsPools: boolean;
}

/** The CNI's settings with defaults filled in. */
export function resolveCni(input: CniInput | undefined, context: CniContext): CniSettings {
  switch (input?.kind) {
    case undefined:
    case "flannel":
      return resolveFlannel(input, context);
    case "weave":
      return resolveWeave(input);
    case "calico":
      return resolveCalico(input, context);
  }
}

/** Of kube-proxy, where the settings say nothing: the first that the CNI works with. */
export function defaultKubeProxyMode(cni: Pick<CniSettings, "kind" | "backend">): KubeProxyMode {
  return CNI_FACTS[cniVariant(cni)].kubeProxyModes[0] ?? DEFAULTS.kubeProxyMode;
}

function resolveFlannel(input: FlannelInput | undefined, { windowsPools }: CniContext): FlannelSettings {
  const windows = input?.windows ?? windowsPools;
  const vni = input?.vni ?? (windows ? WINDOWS_VXLAN.vni : undefined);
  const port = input?.port ?? (windows ? WINDOWS_VXLAN.port : undefined);
  return {
    kind: "flannel",
    backend: input?.backend ?? DEFAULTS.cni.backend,
    ...(input?.mtu === undefined ? {} : { mtu: input.mtu }),
    ...(vni === undefined ? {} : { vni }),
    ...(port === undefined ? {} : { port }),
    windows,
    networkPolicy: input?.networkPolicy ?? DEFAULTS.cni.networkPolicy,
    resources: input?.resources ?? DEFAULTS.cni.resources,
  };
}

function resolveWeave(input: WeaveInput): WeaveSettings {
  return {
    kind: "weave",
    backend: "fastdp",
    ...(input.mtu === undefined ? {} : { mtu: input.mtu }),
    ...(input.encryption === undefined
      ? {}
      : {
          encryption: { password: input.encryption.password, trustedSubnets: input.trustedSubnets ?? [] },
        }),
    networkPolicy: input.networkPolicy ?? true,
    resources: input.resources ?? DEFAULTS.cni.weaveResources,
  };
}

/** Backends whose routes go by BGP. */
export const BGP_BACKENDS: readonly string[] = ["ipip", "bgp"] satisfies CalicoSettings["backend"][];

function resolveCalico(input: CalicoInput, context: CniContext): CalicoSettings {
  const backend = input.backend ?? DEFAULTS.cni.backend;
  const nodes = nodesOf(context.machines);
  return {
    kind: "calico",
    backend,
    ...(input.mtu === undefined ? {} : { mtu: input.mtu }),
    blockSize: input.blockSize ?? DEFAULTS.cni.blockSize,
    natOutgoing: input.natOutgoing ?? true,
    controlPlaneReplicas: input.controlPlaneReplicas ?? (nodes.length > 1 || context.pooled ? 2 : 1),
    apiServer: input.apiServer ?? true,
    ...(BGP_BACKENDS.includes(backend) ? { bgp: resolveBgp(input, nodes) } : {}),
  };
}

function resolveBgp(input: CalicoInput, nodes: readonly Machine[]): CalicoBgp {
  const reflectors = input.routeReflectors;
  return {
    asNumber: input.asNumber ?? DEFAULTS.cni.asNumber,
    nodeToNodeMesh: input.nodeToNodeMesh ?? reflectors === undefined,
    advertiseServices: input.advertiseServices ?? false,
    ...(reflectors === undefined
      ? {}
      : {
          routeReflectors: {
            nodeSelector: reflectors.nodeSelector,
            clusterId: reflectors.clusterId ?? DEFAULTS.cni.routeReflectorClusterId,
            nodes: nodes
              .filter((machine) => selects(reflectors.nodeSelector, machine.labels))
              .map(({ name, nodeName, generation }) => ({ machine: name, node: nodeName, generation })),
          },
        }),
    peers: (input.peers ?? []).map(resolvePeer),
  };
}

function resolvePeer(peer: NonNullable<CalicoInput["peers"]>[number]): CalicoPeer {
  return {
    name: peer.name,
    address: peer.address,
    port: peer.port ?? DEFAULTS.cni.bgpPort,
    asNumber: peer.asNumber,
    nodeSelector: peer.nodeSelector ?? (peer.rack === undefined ? {} : { rack: peer.rack }),
    ...(peer.password === undefined ? {} : { password: peer.password }),
  };
}

/** The labels are all there. */
export function selects(
  selector: Readonly<Record<string, string | undefined>>,
  labels: Readonly<Record<string, string | undefined>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

function nodesOf(machines: readonly Machine[]): Machine[] {
  return machines.filter((machine) => machine.role !== "loadBalancer");
}
