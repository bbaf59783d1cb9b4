import { defined } from "../core/defined";
import { cniProfile, resolveCni } from "../cni";
import { type Component, flagsOf } from "../flags/table";
import type { FileComponent } from "../kubeadm/paths";
import { clusterNetwork } from "../network/clusterNetwork";
import { apiName } from "../network/endpoint";
import type { ProjectFiles } from "../extras/files";
import { componentVersions, downloads, isSupportedMinor, minorOf } from "../versions";
import { DEFAULTS } from "./defaults";
import type { AwsLayout } from "./awsLayout";
import { taintsOf } from "./labels";
import { proxySettings } from "./proxy";
import type {
  AllowRule,
  Architecture,
  ClusterNetwork,
  ClusterSettings,
  ComponentVersions,
  EndpointSettings,
  ExtraArgs,
  Machine,
  PlatformSettings,
  Resolved,
  SshTarget,
} from "./resolved";
import { resolveAddons } from "../addons";
import { awsPlatform } from "./resolveAws";
import { resolveExtras } from "./resolveExtras";
import { resolveTenancy } from "./resolveTenancy";
import type { AnyInput, ClusterInput, MachinesInput } from "./schema/cluster";
import { referredSecrets } from "./secrets";
import { bareHostKey } from "./sshKeys";

/**
 * Defaults filled in, names resolved, nothing left to decide: the only reader of a default. Input that fits the schema is enough; what
 * fits otherwise is checked on the result.
 *
 * @param aws what the settings of that platform come to
 */
export function resolve(
  input: ClusterInput,
  aws: AwsLayout | undefined,
  { environment, region, files: projectFiles }: ResolveContext,
): Resolved {
  const name = input.name ?? environment;
  const domain = input.domain ?? DEFAULTS.domain;
  const kubernetesVersion = input.kubernetesVersion ?? DEFAULTS.kubernetesVersion;
  const versions = versionsOf(kubernetesVersion, input.versions);
  const platform =
    input.platform === "aws" && aws !== undefined
      ? awsPlatform(input, aws, { name, domain, region: region ?? "", versions })
      : machinesPlatform(input as MachinesInput, apiName(name, domain));
  const { machines, endpoint } = platform;
  const allPools = platform.aws?.pools ?? [];
  const cni = resolveCni(input.cni, {
    nodes: machines.filter(({ role }) => role !== "loadBalancer"),
    pooled: allPools.some((pool) => pool.max > 0),
    windowsPools: allPools.some((pool) => pool.platform === "windows"),
  });
  const network = resolveNetwork(input);
  const checksums = input.downloads?.checksums;
  const mirror = input.downloads?.mirror;
  // Pools' nodes download what machines do; Windows nodes have their own files.
  const pools = (platform.aws?.pools ?? []).filter((pool) => pool.platform === "linux");
  const architectures = [...new Set([...machines, ...pools].map((node) => node.architecture))];
  const files: Partial<Record<Architecture, ReturnType<typeof downloads>>> = {};
  for (const architecture of architectures) {
    files[architecture] = downloads(versions, architecture, { mirror, checksums });
  }
  return {
    environment,
    name,
    domain,
    ...platform,
    kubernetesVersion,
    versions,
    network,
    cni,
    apiServer: {
      ...componentOf("apiServer", input.apiServer),
      certSans: input.apiServer?.certSans ?? [],
      ...defined({ admissionConfiguration: input.apiServer?.admissionConfiguration }),
    },
    controllerManager: componentOf("controllerManager", input.controllerManager),
    scheduler: componentOf("scheduler", input.scheduler),
    etcd: { extraArgs: argsOf("etcd", input.etcd) },
    kubelet: { config: input.kubelet?.config ?? {} },
    kubeProxy: {
      mode: input.kubeProxy?.mode ?? cniProfile(cni).kubeProxyModes[0] ?? DEFAULTS.kubeProxyMode,
      config: input.kubeProxy?.config ?? {},
    },
    containerd: defined({ dropIn: input.containerd?.dropIn }),
    ignorePreflightErrors: input.ignorePreflightErrors ?? [],
    ...defined({
      oidc: input.oidc && {
        usernameClaim: DEFAULTS.oidcUsernameClaim,
        ...(input.oidc.groupsClaim === undefined ? {} : { groupsPrefix: DEFAULTS.oidcGroupsPrefix }),
        ...input.oidc,
      },
    }),
    ...defined({
      proxy:
        input.proxy && proxySettings(input.proxy, { network, domain, machines, endpoint, aws: platform.aws }),
    }),
    downloads: { ...defined({ mirror }), files },
    images: {
      repository: input.images?.repository ?? DEFAULTS.imageRepository,
      mirrors: input.images?.mirrors ?? {},
      ...defined({ registries: input.images?.registries }),
    },
    encryption: {
      provider: input.encryption?.provider ?? DEFAULTS.encryption.provider,
      keys: input.encryption?.keys ?? DEFAULTS.encryption.keys,
    },
    audit: { ...DEFAULTS.audit, ...defined(input.audit ?? {}) },
    podSecurity: {
      ...DEFAULTS.podSecurity,
      ...defined(input.podSecurity ?? {}),
      exemptNamespaces: unique([
        "kube-system",
        ...cniProfile(cni).namespaces,
        ...(input.podSecurity?.exemptNamespaces ?? []),
      ]),
    },
    certificates: { ...DEFAULTS.certificates, ...defined(input.certificates ?? {}) },
    addons: {
      helm: { sources: input.helm?.sources ?? {}, versions: input.helm?.versions ?? {} },
      ...resolveAddons(input, platform.platform),
    },
    tenancy: resolveTenancy(input),
    extras: resolveExtras(input, projectFiles),
    drainTimeoutSeconds: input.drainTimeoutSeconds ?? DEFAULTS.drainTimeoutSeconds,
    protect: input.protect ?? DEFAULTS.protect,
    secretNames: unique(referredSecrets(input as AnyInput).map((reference) => reference.name)).sort(),
  };
}

/** Of a minor without a row, which is refused, those of the default. */
function versionsOf(kubernetes: string, given: ClusterInput["versions"]): ComponentVersions {
  const known = isSupportedMinor(minorOf(kubernetes) ?? "") ? kubernetes : DEFAULTS.kubernetesVersion;
  return { ...componentVersions(known, given), kubernetes };
}

export interface ResolveContext {
  readonly environment: string;
  /** AWS region, from the stack's `aws:region`. */
  readonly region?: string | undefined;
  /** Files that the settings refer to; undefined: they cannot be read, and are left out. */
  readonly files?: ProjectFiles | undefined;
}

type FirewallInput = MachinesInput["firewall"];

/** The plain word, or the word inside. */
export function firewallKind(firewall: FirewallInput): "none" | "nftables" {
  return (typeof firewall === "object" ? firewall.kind : firewall) ?? DEFAULTS.firewall;
}

function resolveAllow({
  port,
  ...rule
}: NonNullable<Extract<FirewallInput, object>["allow"]>[number]): AllowRule {
  if (port === undefined) return { ...rule, ports: [] };
  const [from = 0, to = from] = String(port).split("-").map(Number);
  return { ...rule, ports: [{ from, to }] };
}

function machinesPlatform(input: MachinesInput, madeName: string): PlatformSettings {
  const machines = Object.entries(input.machines).map(([key, machine]) => resolveMachine(key, machine));
  const endpoint = resolveEndpoint(input, machines, madeName);
  return {
    platform: "machines",
    machines,
    ...defined({ bastion: input.bastion && resolveSsh(input.bastion) }),
    endpoint,
    access: resolveAccess(input, machines, endpoint),
    rollout: { ...DEFAULTS.rollout, ...defined(input.rollout ?? {}) },
    firewall: firewallKind(input.firewall),
    firewallAllow: typeof input.firewall === "object" ? (input.firewall.allow ?? []).map(resolveAllow) : [],
    firewallAccess: {
      ssh: input.access?.ssh ?? [],
      api: input.access?.api ?? [],
      nodePorts: input.access?.nodePorts ?? [],
    },
  };
}

type MachineInput = MachinesInput["machines"][string];

function resolveSsh(input: Pick<MachineInput, "host" | "port" | "user" | "hostKey" | "key">): SshTarget {
  return {
    host: input.host,
    port: input.port ?? DEFAULTS.sshPort,
    user: input.user,
    hostKey: bareHostKey(input.hostKey),
    key: input.key,
  };
}

function resolveMachine(name: string, input: MachineInput): Machine {
  return {
    name,
    nodeName: name,
    role: input.role,
    pool: input.role === "worker" ? (input.pool ?? DEFAULTS.pool) : "",
    ssh: resolveSsh(input),
    nodeAddress: input.nodeAddress ?? input.host,
    ...defined({ nodeInterface: input.nodeInterface, os: input.os }),
    architecture: input.architecture ?? DEFAULTS.architecture,
    labels: input.labels ?? {},
    taints: taintsOf(input.role, input.taints),
    revision: input.revision ?? DEFAULTS.revision,
    removal: input.removal ?? DEFAULTS.removal,
  };
}

function resolveNetwork(input: ClusterInput): ClusterNetwork {
  const network = input.network ?? {};
  const [from = 0, to = 0] = (network.nodePortRange ?? DEFAULTS.nodePortRange).split("-").map(Number);
  return clusterNetwork({
    podCidr: input.cni?.podCidr ?? DEFAULTS.podCidr,
    nodeCidrMaskSize: network.nodeCidrMaskSize ?? DEFAULTS.nodeCidrMaskSize,
    serviceCidr: network.serviceCidr ?? DEFAULTS.serviceCidr,
    clusterDomain: network.clusterDomain ?? DEFAULTS.clusterDomain,
    peers: network.peers ?? [],
    maxNodes: network.maxNodes ?? DEFAULTS.maxNodes,
    podsPerNode: network.podsPerNode ?? DEFAULTS.podsPerNode,
    nodePortRange: { from, to },
    ...defined({ mtu: network.mtu }),
  });
}

function resolveEndpoint(input: MachinesInput, machines: readonly Machine[], name: string): EndpointSettings {
  const controlPlaneNodes = machines.filter((machine) => machine.role === "controlPlane").length;
  const given: NonNullable<MachinesInput["endpoint"]> =
    input.endpoint ?? (controlPlaneNodes === 1 ? { kind: "address" } : { kind: "nodeLocal" });
  switch (given.kind) {
    case "address":
      return { kind: "address", host: given.host ?? name, port: given.port ?? DEFAULTS.apiPort };
    case "nodeLocal":
      return { kind: "nodeLocal", host: name, port: given.port ?? DEFAULTS.localProxyPort };
    case "loadBalancer":
      return {
        kind: "loadBalancer",
        host: name,
        port: given.port ?? DEFAULTS.apiPort,
        machine: given.machine,
      };
  }
}

/**
 * Where people reach the API: the proxy machine if there is one, else the first control-plane node, by the address SSH
 * takes.
 */
function resolveAccess(
  input: MachinesInput,
  machines: readonly Machine[],
  endpoint: EndpointSettings,
): ClusterSettings["access"] {
  const proxy =
    endpoint.kind === "loadBalancer"
      ? machines.find((machine) => machine.name === endpoint.machine)
      : undefined;
  const front = proxy ?? machines.find((machine) => machine.role === "controlPlane");
  return {
    host: input.access?.host ?? front?.ssh.host ?? "",
    port: input.access?.port ?? (proxy === undefined ? DEFAULTS.apiPort : endpoint.port),
  };
}

function componentOf(
  component: FileComponent,
  part: ClusterInput["scheduler"],
): ClusterSettings["scheduler"] {
  const volumes = part?.extraVolumes ?? [];
  const files = Object.entries(part?.files ?? {});
  return {
    extraArgs: argsOf(component, part),
    ...(volumes.length === 0
      ? {}
      : { extraVolumes: volumes.map((volume) => ({ ...DEFAULTS.extraVolume, ...volume })) }),
    ...(files.length === 0
      ? {}
      : {
          files: Object.fromEntries(
            files.map(([name, file]) => [name, typeof file === "string" ? { content: file } : file]),
          ),
        }),
  };
}

/** A list stays one for flags that are given several times; for the others it is the commas between values. */
function argsOf(component: Component, part: ClusterInput["etcd"]): ExtraArgs {
  return Object.fromEntries(
    Object.entries(part?.extraArgs ?? {}).map(([name, value]) => [
      name,
      !Array.isArray(value)
        ? String(value)
        : flagsOf(component).get(name)?.kind === "repeated"
          ? value.map(String)
          : value.map(String).join(","),
    ]),
  );
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
