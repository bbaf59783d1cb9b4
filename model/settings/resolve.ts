import { defined } from "../core/defined";
import { cniProfile, resolveCni } from "../cni";
import { type Component, flagsOf } from "../flags/table";
import type { FileComponent } from "../kubeadm/paths";
import { clusterNetwork } from "../network/clusterNetwork";
import { apiName } from "../network/endpoint";
import { API_PORT } from "../network/ports";
import type { ProjectFiles } from "../extras/files";
import {
  componentVersions,
  DEFAULT_KUBERNETES_VERSION,
  downloads,
  isSupportedMinor,
  minorOf,
} from "../versions";
import type { EtcdSettings } from "../etcd/settings";
import { resolveBackup } from "../etcd/backup/resolve";
import { DEFAULTS } from "./defaults";
import type { AwsLayout } from "../aws/layout";
import type { EtcdInput } from "./input/components";
import { taintsOf } from "./labels";
import { proxySettings } from "./proxy";
import type {
  AllowRule,
  ClusterNetwork,
  ClusterSettings,
  ComponentSettings,
  ComponentVersions,
  EndpointSettings,
  ExtraArgs,
  Machine,
  OidcSettings,
  PlatformSettings,
  Resolved,
  SshTarget,
} from "./resolved";
import { resolveAddons } from "../addons";
import { awsPlatform } from "../aws/resolve";
import { resolveMaintenance } from "../maintenance/resolve";
import { resolveExtras } from "../extras/resolve";
import { resolveTenancy } from "../tenants/resolve";
import type { AnyInput, ClusterInput, FilledAws, FilledMachines } from "./schema/cluster";
import { LOCAL_PROXY_PORT } from "./schema/machines";
import { referredSecrets } from "./secrets";
import { bareHostKey } from "./sshKeys";

/**
 * Defaults filled in, names resolved, nothing left to decide: the only reader of a default. Input that fits the schema is enough; what
 * fits otherwise is checked on the result.
 *
 * @param aws what the settings of that platform come to
 */
export function resolve(
  input: FilledMachines | FilledAws,
  layout: AwsLayout | undefined,
  { environment, region, files: projectFiles, keysElsewhere }: ResolveContext,
): Resolved {
  const { name = environment, domain, kubernetesVersion, images, proxy, protect } = input;
  const versions = versionsOf(kubernetesVersion, input.versions);
  const platform =
    input.platform === "aws" && layout !== undefined
      ? awsPlatform(input, layout, { name, domain, region: region ?? "", versions })
      : machinesPlatform(input as FilledMachines, apiName(name, domain));
  const { machines, endpoint, aws } = platform;
  const pools = aws?.pools ?? [];
  const cni = resolveCni(input.cni, {
    nodes: machines.filter(({ role }) => role !== "loadBalancer"),
    pooled: pools.some((pool) => pool.max > 0),
    windowsPools: pools.some((pool) => pool.platform === "windows"),
  });
  const network = resolveNetwork(input);
  const oidc = resolveOidc(input.oidc);
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
      certSans: input.apiServer.certSans,
      ...defined({ admissionConfiguration: input.apiServer.admissionConfiguration }),
    },
    controllerManager: componentOf("controllerManager", input.controllerManager),
    scheduler: componentOf("scheduler", input.scheduler),
    etcd: {
      extraArgs: argsOf("etcd", input.etcd),
      ...backupOf(input, region),
      ...defined({ restore: input.etcd.restore }),
    },
    kubelet: input.kubelet,
    kubeProxy: {
      mode: input.kubeProxy.mode ?? cniProfile(cni).kubeProxyModes[0] ?? DEFAULTS.kubeProxyMode,
      config: input.kubeProxy.config,
    },
    containerd: input.containerd,
    ignorePreflightErrors: input.ignorePreflightErrors,
    ...defined({ oidc }),
    ...(proxy && { proxy: proxySettings(proxy, { network, domain, machines, endpoint, aws }) }),
    downloads: downloadsOf(input, versions, [
      ...machines,
      // Pools' nodes download what machines do; Windows nodes have their own files.
      ...pools.filter((pool) => pool.platform === "linux"),
    ]),
    images,
    encryption: input.encryption,
    audit: input.audit,
    podSecurity: {
      ...input.podSecurity,
      exemptNamespaces: unique([
        "kube-system",
        ...cniProfile(cni).namespaces,
        ...input.podSecurity.exemptNamespaces,
      ]),
    },
    certificates: input.certificates,
    addons: {
      helm: { sources: input.helm?.sources ?? {}, versions: input.helm?.versions ?? {} },
      ...resolveAddons(input, platform.platform),
    },
    tenancy: resolveTenancy(input, { oidc, protect }),
    extras: resolveExtras(input, projectFiles),
    ...(input.maintenance && { maintenance: resolveMaintenance(input.maintenance) }),
    drainTimeoutSeconds: input.drainTimeoutSeconds,
    protect,
    secretNames: unique(referredSecrets(input as AnyInput, keysElsewhere).map(({ name }) => name)).sort(),
  };
}

function backupOf(
  { etcd, platform }: FilledMachines | FilledAws,
  region?: string,
): Pick<EtcdSettings, "backup"> {
  if (etcd.backup === undefined) return {};
  return { backup: resolveBackup(etcd.backup, platform === "aws" ? region : undefined) };
}

/** Login at an issuer; undefined: there is none. */
export function resolveOidc(oidc: FilledMachines["oidc"]): OidcSettings | undefined {
  if (oidc === undefined) return undefined;
  // As the examples of Kubernetes' documentation ("OpenID Connect Tokens", --oidc-groups-prefix) have it.
  return { ...(oidc.groupsClaim === undefined ? {} : { groupsPrefix: "oidc:" }), ...oidc };
}

/** Of a minor without a row, which is refused, those of the default. */
function versionsOf(kubernetes: string, given: ClusterInput["versions"]): ComponentVersions {
  const known = isSupportedMinor(minorOf(kubernetes) ?? "") ? kubernetes : DEFAULT_KUBERNETES_VERSION;
  return { ...componentVersions(known, given), kubernetes };
}

/** Files of every architecture that some node has. */
function downloadsOf(
  { downloads: { mirror, checksums } = {} }: Pick<ClusterInput, "downloads">,
  versions: ComponentVersions,
  nodes: readonly Pick<Machine, "architecture">[],
): Resolved["downloads"] {
  const architectures = [...new Set(nodes.map(({ architecture }) => architecture))];
  const files = Object.fromEntries(
    architectures.map((one) => [one, downloads(versions, one, { mirror, checksums })]),
  );
  return { ...defined({ mirror }), files };
}

export interface ResolveContext {
  readonly environment: string;
  /** AWS region, from the stack's `aws:region`. */
  readonly region?: string | undefined;
  /** Files that the settings refer to; undefined: they cannot be read, and are left out. */
  readonly files?: ProjectFiles | undefined;
  /** Machines whose private keys are not among the secrets, since their pool brings its own. Default: none. */
  readonly keysElsewhere?: readonly string[] | undefined;
}

type Firewall = FilledMachines["firewall"];

function resolveAllow({ port, ...rule }: Extract<Firewall, object>["allow"][number]): AllowRule {
  if (port === undefined) return { ...rule, ports: [] };
  const [from = 0, to = from] = String(port).split("-").map(Number);
  return { ...rule, ports: [{ from, to }] };
}

function machinesPlatform(input: FilledMachines, madeName: string): PlatformSettings {
  const { access, bastion, rollout, upgrades } = input;
  const machines = Object.entries(input.machines).map(([key, machine]) => resolveMachine(key, machine));
  const endpoint = resolveEndpoint(input, machines, madeName);
  const firewall = typeof input.firewall === "object" ? input.firewall : { kind: input.firewall, allow: [] };
  return {
    platform: "machines",
    machines,
    ...(bastion && { bastion: resolveSsh(bastion) }),
    endpoint,
    access: resolveAccess(input, machines, endpoint),
    rollout,
    upgrades,
    firewall: firewall.kind,
    firewallAllow: firewall.allow.map(resolveAllow),
    firewallAccess: { ssh: access.ssh, api: access.api, nodePorts: access.nodePorts },
  };
}

function resolveSsh({ host, port, user, hostKey, key }: SshTarget): SshTarget {
  return { host, port, user, hostKey: bareHostKey(hostKey), key };
}

function resolveMachine(name: string, input: FilledMachines["machines"][string]): Machine {
  const { role, pool = DEFAULTS.pool, nodeInterface, os, architecture, labels, revision, removal } = input;
  return {
    name,
    nodeName: name,
    role,
    pool: role === "worker" ? pool : "",
    ssh: resolveSsh(input),
    nodeAddress: input.nodeAddress ?? input.host,
    ...defined({ nodeInterface, os }),
    architecture,
    labels,
    taints: taintsOf(role, input.taints),
    revision,
    removal,
  };
}

function resolveNetwork({ cni, network }: FilledMachines | FilledAws): ClusterNetwork {
  const [from = 0, to = 0] = network.nodePortRange.split("-").map(Number);
  return clusterNetwork({
    podCidr: cni?.podCidr ?? DEFAULTS.podCidr,
    nodeCidrMaskSize: network.nodeCidrMaskSize,
    serviceCidr: network.serviceCidr,
    clusterDomain: network.clusterDomain,
    peers: network.peers,
    maxNodes: network.maxNodes,
    podsPerNode: network.podsPerNode,
    nodePortRange: { from, to },
    ...defined({ mtu: network.mtu }),
  });
}

/** One control-plane node is reached at its address; several by a proxy on every node, unless the settings say otherwise. */
function resolveEndpoint(
  input: FilledMachines,
  machines: readonly Machine[],
  name: string,
): EndpointSettings {
  const { endpoint } = input;
  if (endpoint !== undefined) return { ...{ kind: endpoint.kind, host: name }, ...endpoint };
  const alone = machines.filter(({ role }) => role === "controlPlane").length === 1;
  return alone
    ? { kind: "address", host: name, port: API_PORT }
    : { kind: "nodeLocal", host: name, port: LOCAL_PROXY_PORT };
}

/**
 * Where people reach the API: the proxy machine if there is one, else the first control-plane node, by the address SSH
 * takes.
 */
function resolveAccess(
  { access }: FilledMachines,
  machines: readonly Machine[],
  endpoint: EndpointSettings,
): ClusterSettings["access"] {
  const proxy =
    endpoint.kind === "loadBalancer"
      ? machines.find((machine) => machine.name === endpoint.machine)
      : undefined;
  const front = proxy ?? machines.find((machine) => machine.role === "controlPlane");
  return {
    host: access.host ?? front?.ssh.host ?? "",
    port: access.port ?? (proxy === undefined ? API_PORT : endpoint.port),
  };
}

function componentOf(
  component: FileComponent,
  { extraArgs, extraVolumes = [], files = {} }: FilledMachines["scheduler"],
): ClusterSettings["scheduler"] {
  const brought = Object.entries(files).map(([name, file]) => [
    name,
    typeof file === "string" ? { content: file } : file,
  ]);
  return {
    extraArgs: argsOf(component, { extraArgs }),
    ...(extraVolumes.length === 0 ? {} : { extraVolumes }),
    ...(brought.length === 0 ? {} : { files: Object.fromEntries(brought) as ComponentSettings["files"] }),
  };
}

/** A list stays one for flags that are given several times; for the others it is the commas between values. */
function argsOf(component: Component, { extraArgs = {} }: Pick<EtcdInput, "extraArgs">): ExtraArgs {
  return Object.fromEntries(
    Object.entries(extraArgs).map(([name, value]) => [
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
