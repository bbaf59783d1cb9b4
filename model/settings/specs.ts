/**
 * What each step on a host is told, built from the settings. Nothing below this file knows the settings as a whole: a setting that
 * no specification names changes no host.
 */
import { flowsOf, isTarget, sourceRanges } from "../flows";
import type { Flow } from "../network/flow";
import type { ImmutableSettings } from "../immutableSettings";
import { addonResolvers } from "../addons";
import { cniProfile, domainOf } from "../cni";
import { kubeletConfiguration } from "../kubeadm/kubelet";
import type { ControlPlaneNodeSpec, NodeSpec } from "../lifecycle/spec";
import { staticPodsOf } from "../extras/staticPods";
import type { ClusterMachine } from "../machine";
import { ecrProvider } from "../aws/ecr/registry";
import { apiBalancers } from "../aws/firewall";
import { apiBalancerName } from "../aws/names";
import { endpointAddresses } from "../network/endpoint";
import { hostKubelet } from "../node/hostKubelet";
import { shortAddresses } from "../node/shortAddresses";
import type {
  ApiProxySpec,
  CheckedMachine,
  FirewallSpec,
  HostCheckSpec,
  NodeSetupSpec,
  PacketFilterSpec,
  PreflightCheckSpec,
  SetupMachine,
} from "../node/spec";
import { downloadsFrom } from "../versions";
import { withNetworks } from "./proxy";
import type { ClusterSettings, Machine, MachineRole, ProxySettings } from "./resolved";

/** Computed once for all machines of a cluster: settings do not change once they are resolved. */
function once<T>(compute: (settings: ClusterSettings) => T): (settings: ClusterSettings) => T {
  const known = new WeakMap<ClusterSettings, { readonly value: T }>();
  return (settings) => {
    const found = known.get(settings) ?? { value: compute(settings) };
    known.set(settings, found);
    return found.value;
  };
}

/** The same for each role, by role. */
function perRole<T>(
  compute: (settings: ClusterSettings, role: MachineRole) => T,
): (settings: ClusterSettings, role: MachineRole) => T {
  const tables = once(() => new Map<MachineRole, T>());
  return (settings, role) => {
    const table = tables(settings);
    const found = table.get(role);
    if (found !== undefined) return found;
    const value = compute(settings, role);
    table.set(role, value);
    return value;
  };
}

/** What a cluster is born with. */
export const immutableSettings = once((settings): ImmutableSettings => {
  const { network, endpoint, cni } = settings;
  return {
    podCidr: network.podCidr,
    serviceCidr: network.serviceCidr,
    endpoint: `${endpoint.host}:${endpoint.port}`,
    clusterDomain: network.clusterDomain,
    nodeCidrMaskSize: network.nodeCidrMaskSize,
    cni: cni.kind,
    cniBackend: cni.backend,
    cniBlockSize: "blockSize" in cni ? cni.blockSize : 0,
    kubeProxy: cniProfile(settings.cni).replacesKubeProxy === true ? "cni" : "kubeadm",
    cgroupDriver: String(kubeletConfiguration(settings)["cgroupDriver"]),
  };
});

/** Machines of one role, in the order of the settings. */
const machinesOf = perRole((settings, role) => settings.machines.filter((one) => one.role === role));

export function controlPlaneOf(settings: ClusterSettings): readonly Machine[] {
  return machinesOf(settings, "controlPlane");
}

/** Who a machine is to others, without how to log in to it. */
export function clusterMachine(machine: Machine): ClusterMachine {
  const { name, nodeName, role, pool, nodeAddress, revision, removal } = machine;
  return { name, nodeName, role, pool, nodeAddress, revision, removal };
}

function setupMachine(machine: Machine): SetupMachine {
  const { nodeInterface, architecture, os } = machine;
  return {
    ...clusterMachine(machine),
    ...(nodeInterface === undefined ? {} : { nodeInterface }),
    architecture,
    ...(os === undefined ? {} : { os }),
  };
}

/** A control-plane node to the steps of others: what its own step is run by would run theirs too. */
function neighbour(machine: Machine): ClusterMachine {
  return { ...clusterMachine(machine), revision: 0, removal: "safe" };
}

/** The machine of a step and the control-plane nodes, which it asks. */
export function knownMachines(settings: ClusterSettings, own: Machine): ClusterMachine[] {
  const plane = controlPlaneOf(settings);
  const others = plane.some(({ name }) => name === own.name) ? [] : [clusterMachine(own)];
  return [
    ...others,
    ...plane.map((machine) => (machine.name === own.name ? clusterMachine(machine) : neighbour(machine))),
  ];
}

/** What every step on hosts knows of its cluster, but for its machines. */
export function clusterPart(settings: ClusterSettings): {
  readonly clusterName: string;
  readonly fixed: ImmutableSettings;
  readonly kubernetesVersion: string;
  readonly cloud?: true;
} {
  return {
    clusterName: `${settings.name}.${settings.domain}`,
    fixed: immutableSettings(settings),
    kubernetesVersion: settings.kubernetesVersion,
    ...(settings.aws === undefined ? {} : { cloud: true }),
  };
}

const hostChecks = once((settings): HostCheckSpec => {
  const { podCidr, serviceCidr, nodeCidrMaskSize, mtu } = settings.network;
  const { kernelModules, interfaces, routes = [], routesSlicesToNodes = false } = cniProfile(settings.cni);
  return {
    kubernetesVersion: settings.kubernetesVersion,
    ignorePreflightErrors: settings.ignorePreflightErrors,
    fresh: settings.aws !== undefined,
    network: { podCidr, serviceCidr, nodeCidrMaskSize, ...(mtu === undefined ? {} : { mtu }) },
    cni: {
      kernelModules,
      interfaces,
      routes,
      routesSlicesToNodes,
      unmanaged: domainOf(settings.cni.kind).traces.unmanaged,
    },
    ...(kubeletConfiguration(settings)["failCgroupV1"] === false ? { failCgroupV1: false } : {}),
  };
});

/** What all machines are looked at for before one of them is changed. */
export function preflightCheckSpec(settings: ClusterSettings): PreflightCheckSpec {
  // A forwarder that is a file is the host's own list.
  const asksHosts = addonResolvers(settings.addons).some((resolver) => resolver.startsWith("/"));
  const { resolvConf } = kubeletConfiguration(settings);
  const file = asksHosts ? resolvConf : "";
  return { ...hostChecks(settings), ...(typeof file === "string" ? { resolvConf: file } : {}) };
}

/** A machine as the look at all of them knows it. */
export function checkedMachine(settings: ClusterSettings, machine: Machine): CheckedMachine {
  const port = apiProxyOf(settings, machine)?.port;
  return { ...setupMachine(machine), ...(port === undefined ? {} : { apiProxyPort: port }) };
}

/** Flows but for those of SSH, add-ons and people: what a host that was not set up yet must let through. */
const clusterFlows = once((settings): readonly Flow[] =>
  flowsOf({ ...settings, addons: {}, firewallAllow: [] }).filter((flow) => flow.from !== "operator"),
);

export function packetFilterSpec(settings: ClusterSettings): PacketFilterSpec {
  return {
    ownFirewall: settings.firewall === "nftables",
    byIptables:
      settings.kubeProxy.mode === "iptables" || !cniProfile(settings.cni).kubeProxyModes.includes("nftables"),
    flows: clusterFlows(settings),
  };
}

/** nginx on a machine in front of the API servers; undefined: no balancer there. */
function apiProxyOf(settings: ClusterSettings, machine: Machine): ApiProxySpec | undefined {
  const { endpoint } = settings;
  const servers = apiServers(settings);
  switch (endpoint.kind) {
    case "address":
    case "addresses":
      return undefined;
    case "nodeLocal":
      return machine.role === "loadBalancer"
        ? undefined
        : { address: "127.0.0.1", port: endpoint.port, dedicated: false, servers };
    case "loadBalancer":
      return machine.name === endpoint.machine
        ? { address: machine.nodeAddress, port: endpoint.port, dedicated: true, servers }
        : undefined;
  }
}

const apiServers = once((settings) =>
  controlPlaneOf(settings).map(({ name, nodeAddress }) => ({ name, address: nodeAddress })),
);

const allFlows = once((settings): readonly Flow[] => flowsOf(settings));

const firewallMachines = once((settings): FirewallSpec["machines"] => {
  const addresses = (target: "node" | "controlPlane" | "loadBalancer") =>
    shortAddresses(sourceRanges(settings, target));
  return {
    node: addresses("node"),
    controlPlane: addresses("controlPlane"),
    loadBalancer: addresses("loadBalancer"),
  };
});

const firewallOf = perRole((settings, role): FirewallSpec => ({
  flows: allFlows(settings)
    .filter((flow) => isTarget({ role }, flow.to))
    .map((flow) => (flow.from === "operator" ? { ...flow, ports: [] } : flow)),
  ranges: Object.fromEntries(
    (["pod", "operator", "apiClient", "serviceClient", "any"] as const).map((source) => [
      source,
      sourceRanges(settings, source),
    ]),
  ),
  machines: firewallMachines(settings),
}));

const endpointHosts = once((settings) =>
  endpointAddresses(settings).map((address) => ({ address, name: settings.endpoint.host })),
);

/**
 * Lines of the managed block of /etc/hosts: the endpoint's name, and the names of control-plane nodes and of the machine itself.
 * Other workers are left out, so that a new one changes nothing on the machines there are.
 */
function hostsOf(settings: ClusterSettings, machine: Machine): NodeSetupSpec["hosts"] {
  // On AWS the VPC's name server knows all of them, and no pool has to change because a control-plane node was added.
  if (settings.aws !== undefined) return endpointHosts(settings);
  const plane = controlPlaneOf(settings);
  const own = plane.some(({ name }) => name === machine.name) ? [] : [machine];
  const known = [...plane, ...own].map(({ nodeAddress, nodeName }) => ({
    address: nodeAddress,
    name: nodeName,
  }));
  return [...endpointHosts(settings), ...known];
}

function volumesOf({ aws }: ClusterSettings, machine: Machine): Pick<NodeSetupSpec, "volumes"> {
  if (aws === undefined || machine.role !== "controlPlane") return {};
  const { volume, etcdVolume } = aws.controlPlane;
  return { volumes: { rootGiB: volume.sizeGiB, etcd: etcdVolume !== undefined } };
}

function packagesOf({ aws }: ClusterSettings, { role, pool }: Machine): Pick<NodeSetupSpec, "packages"> {
  const of = role === "controlPlane" ? aws?.controlPlane : aws?.pools.find(({ name }) => name === pool);
  return of === undefined || of.packages.length === 0 ? {} : { packages: of.packages };
}

/** What backups and maintenance run by. */
function commandsOf(
  { etcd, maintenance }: ClusterSettings,
  { role }: Machine,
): Pick<NodeSetupSpec, "commands"> {
  const backup = role === "controlPlane" ? etcd.backup : undefined;
  if (backup?.target.kind === "ssh") return { commands: ["python3", "sftp"] };
  const programs = backup !== undefined || (maintenance !== undefined && role !== "loadBalancer");
  return programs ? { commands: ["python3"] } : {};
}

function downloadsOf(
  { aws, downloads }: ClusterSettings,
  { architecture, role }: Machine,
): Pick<NodeSetupSpec, "downloads" | "downloadsFrom" | "credentialProvider"> {
  const files = downloads.files[architecture] ?? [];
  const from = role === "controlPlane" ? { downloadsFrom: downloadsFrom(downloads.mirror) } : {};
  const provider = aws && ecrProvider(aws, architecture, downloads.mirror);
  return provider === undefined
    ? { downloads: files, ...from }
    : { downloads: [...files, provider.download], ...from, credentialProvider: provider };
}

const proxyOf = once(({ proxy, machines }): { readonly proxy?: ProxySettings } =>
  proxy === undefined ? {} : { proxy: withNetworks(proxy, machines) },
);

/** What makes the machine ready for kubeadm. */
export function nodeSetupSpec(settings: ClusterSettings, machine: Machine): NodeSetupSpec {
  const apiProxy = apiProxyOf(settings, machine);
  const { images, containerd, versions } = settings;
  const ownFirewall = settings.firewall === "nftables";
  return {
    ...hostChecks(settings),
    machine: setupMachine(machine),
    nodePorts: settings.network.nodePortRange,
    kubeProxyMode: settings.kubeProxy.mode,
    kubelet: hostKubelet(kubeletConfiguration(settings)),
    sandboxImage: `${images.repository}/pause:${versions.pause}`,
    images: {
      mirrors: images.mirrors,
      ...(images.registries === undefined ? {} : { registries: images.registries }),
    },
    ...proxyOf(settings),
    ...(containerd.dropIn === undefined ? {} : { containerdDropIn: containerd.dropIn }),
    ...downloadsOf(settings, machine),
    ...packagesOf(settings, machine),
    ...volumesOf(settings, machine),
    ...commandsOf(settings, machine),
    ...(settings.maintenance === undefined || machine.role === "loadBalancer" ? {} : { maintenance: true }),
    hosts: hostsOf(settings, machine),
    ...(apiProxy === undefined ? {} : { apiProxy }),
    ...(ownFirewall
      ? { firewall: firewallOf(settings, machine.role) }
      : { foreignFlows: clusterFlows(settings).filter((flow) => isTarget(machine, flow.to)) }),
  };
}

/** What every control-plane node is configured by. */
const controlPlaneNode = once((settings): ControlPlaneNodeSpec => {
  const { network, versions, kubeProxy, images, oidc, aws } = settings;
  const { validityDays, renewBeforeDays } = settings.certificates;
  return {
    name: settings.name,
    kubernetesVersion: settings.kubernetesVersion,
    versions: { kubernetes: versions.kubernetes, etcd: versions.etcd },
    network: {
      podCidr: network.podCidr,
      serviceCidr: network.serviceCidr,
      clusterDomain: network.clusterDomain,
      dnsServiceAddress: network.dnsServiceAddress,
      nodeCidrMaskSize: network.nodeCidrMaskSize,
      nodePortRange: network.nodePortRange,
      podsPerNode: network.podsPerNode,
    },
    ...(cniProfile(settings.cni).replacesKubeProxy === true ? { kubeProxyIsReplaced: true } : {}),
    endpoint: settings.endpoint,
    access: { host: settings.access.host },
    images: { repository: images.repository },
    certificates: { validityDays, renewBeforeDays },
    audit: settings.audit,
    apiServer: settings.apiServer,
    controllerManager: settings.controllerManager,
    scheduler: settings.scheduler,
    etcd: { extraArgs: settings.etcd.extraArgs },
    ...(settings.etcd.backup === undefined ? {} : { backup: settings.etcd.backup }),
    kubelet: settings.kubelet,
    kubeProxy,
    podSecurity: settings.podSecurity,
    ignorePreflightErrors: settings.ignorePreflightErrors,
    ...(oidc === undefined ? {} : { oidc }),
    ...proxyOf(settings),
    ...(aws === undefined
      ? {}
      : {
          aws: {
            region: aws.region,
            partition: aws.partition,
            pools: aws.pools.map(({ name, platform, labels, repair }) => ({
              name,
              platform,
              labels,
              ...(repair === undefined ? {} : { repair }),
            })),
            ...(apiBalancers(aws).length > 0
              ? { targetGroups: apiBalancers(aws).map((part) => apiBalancerName(settings.name, part)) }
              : {}),
            ...(aws.podIdentity === undefined ? {} : { podIdentity: aws.podIdentity }),
          },
        }),
  };
});

const maintenanceOf = once((settings): Pick<NodeSpec, "maintenance" | "maintenanceProxy"> => {
  const { maintenance } = settings;
  const { proxy } = proxyOf(settings);
  return maintenance === undefined
    ? {}
    : { maintenance, ...(proxy === undefined ? {} : { maintenanceProxy: proxy }) };
});

/** What the machine is a node by. */
export function nodeSpec(settings: ClusterSettings, machine: Machine): NodeSpec {
  const { dnsServiceAddress, clusterDomain, podsPerNode } = settings.network;
  return {
    machine: { ...clusterMachine(machine), labels: machine.labels, taints: machine.taints },
    kubernetesVersion: settings.kubernetesVersion,
    network: { dnsServiceAddress, clusterDomain, podsPerNode },
    kubelet: settings.kubelet,
    ignorePreflightErrors: settings.ignorePreflightErrors,
    drainTimeoutSeconds: settings.drainTimeoutSeconds,
    ...maintenanceOf(settings),
    ...(settings.maintenance !== undefined && machine.role === "controlPlane"
      ? { maintenanceBounds: settings.upgrades }
      : {}),
    staticPods: staticPodsOf(settings.extras.staticPods, machine).map(({ name, pod }) => ({ name, pod })),
    ...(settings.aws === undefined ? {} : { aws: {} }),
    ...(machine.role === "controlPlane" ? { controlPlane: controlPlaneNode(settings) } : {}),
  };
}
