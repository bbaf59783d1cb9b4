import { addonsOfFirewall } from "./addons/flows";
import { hostCni, memberCni } from "./cni";
import { masterAws, preflightAws, setupAws } from "./aws/hostView";
import type { ClusterSettings, Machine } from "./settings/resolved";
import { NO_ADDONS, NO_COREDNS } from "./addons/settings";
import { NO_OWN } from "./settings/resolvedOwn";
import { NO_TENANCY } from "./settings/resolvedTenancy";
import { staticPodsOf } from "./own/staticPods";

/**
 * A step's own view of the settings: only what its host is rendered from stays, everything else is set to one value.
 * A step runs again when its view changes, so a setting that concerns the masters alone touches no worker.
 */

const NOT_MINE = {
  environment: "",
  advisories: [],
  secretNames: [],
  protect: true,
  coredns: NO_COREDNS,
  addons: NO_ADDONS,
  tenancy: NO_TENANCY,
  own: NO_OWN,
} as const;

const NOBODY = { ssh: [], api: [], nodePorts: [] } as const;

/** How to log on to a machine goes another way, and is no change of what is rendered. */
function withoutSsh(machine: Machine): Machine {
  return { ...machine, ssh: { host: "", port: 0, user: "", hostKey: "", key: "" } };
}

/** A machine as others see it: who and where it is, and nothing of how to log on to it or of what it is inside. */
function neighbour(machine: Machine): Machine {
  return {
    ...withoutSsh(machine),
    pool: "",
    nodeInterface: undefined,
    architecture: "amd64",
    os: undefined,
    labels: {},
    taints: [],
    revision: 0,
    removal: "safe",
  };
}

/** Machines that others have to know: masters and balancers for the endpoint, all of them for a host's firewall. */
function around(settings: ClusterSettings, own: Machine | undefined): Machine[] {
  return settings.machines
    .filter(
      (machine) =>
        machine.name === own?.name || machine.role !== "worker" || settings.firewall === "nftables",
    )
    .map((machine) => (machine.name === own?.name ? withoutSsh(machine) : neighbour(machine)));
}

/** Keys of the kubelet's configuration that setup has to agree with: the runtime's cgroup driver, swap, logind's delay. */
const KUBELET_KEYS_OF_SETUP = ["cgroupDriver", "failSwapOn", "failCgroupV1", "shutdownGracePeriod"] as const;

function kubeletKeys(settings: ClusterSettings, keys: readonly string[]): Record<string, unknown> {
  const { config } = settings.kubelet;
  return Object.fromEntries(keys.filter((key) => key in config).map((key) => [key, config[key]]));
}

/** And those that are told of before a host is changed: what may not change, and what a host may lack. */
const KUBELET_KEYS_OF_PREFLIGHT = ["cgroupDriver", "failCgroupV1", "resolvConf"] as const;

/** What neither setup nor membership reads: it is the add-ons'. */
function withoutAddons(settings: ClusterSettings): ClusterSettings {
  return {
    ...settings,
    versions: { ...settings.versions, coredns: "", flannel: "", flannelCniPlugin: "" },
    network: { ...settings.network, peers: [], maxNodes: 0 },
    cni: hostCni(settings.cni),
  };
}

/** What node setup is rendered from. Labels and taints are membership's. */
export function setupView(settings: ClusterSettings, own: Machine): ClusterSettings {
  const files = settings.downloads.files[own.architecture];
  const machines = around(settings, own).map((machine) => ({ ...machine, labels: {}, taints: [] }));
  const common = withoutAddons(settings);
  return {
    ...common,
    ...NOT_MINE,
    ...(settings.aws === undefined ? {} : { aws: setupAws(settings.aws) }),
    versions: { ...common.versions, etcd: "" },
    network: { ...common.network, podsPerNode: 0 },
    addons: settings.firewall === "nftables" ? addonsOfFirewall(settings.addons) : NO_ADDONS,
    // A host's firewall lets the bastion in.
    bastion: settings.firewall === "nftables" ? settings.bastion : undefined,
    firewallAccess: settings.firewall === "nftables" ? settings.firewallAccess : NOBODY,
    firewallAllow: settings.firewall === "nftables" ? settings.firewallAllow : [],
    access: { host: "", port: 0 },
    machines,
    downloads: { files: { [own.architecture]: files } },
    apiServer: { extraArgs: {}, certSans: [] },
    controllerManager: { extraArgs: {} },
    scheduler: { extraArgs: {} },
    etcd: { extraArgs: {} },
    kubelet: { config: kubeletKeys(settings, KUBELET_KEYS_OF_SETUP) },
    kubeProxy: { ...settings.kubeProxy, config: {} },
    oidc: undefined,
    encryption: { provider: "secretbox", keys: [] },
    audit: { maxAge: 0, maxBackup: 0, maxSize: 0 },
    certificates: { validityDays: 0, renewBeforeDays: 0 },
    podSecurity: { enforce: "privileged", audit: "privileged", warn: "privileged", exemptNamespaces: [] },
    drainTimeoutSeconds: 0,
  };
}

/** Versions of what node setup puts on a host, and membership only uses. */
const NOT_INSTALLED = { containerd: "", runc: "", cniPlugins: "", crictl: "", pause: "" } as const;

/** What a node is configured by once it is one: all of it on a master, the kubelet's part on a worker. */
export function membershipView(settings: ClusterSettings, own: Machine): ClusterSettings {
  const base = withoutAddons(settings);
  const machines = around({ ...settings, firewall: "none" }, own);
  const common: ClusterSettings = {
    ...base,
    ...NOT_MINE,
    ...(settings.aws === undefined ? {} : { aws: masterAws(settings.aws) }),
    versions: { ...base.versions, ...NOT_INSTALLED },
    network: { ...base.network, mtu: undefined },
    cni: memberCni(settings.cni),
    bastion: undefined,
    machines: machines.map((machine) => ({ ...machine, nodeInterface: undefined, os: undefined })),
    downloads: { files: {} },
    containerd: {},
    firewall: "none",
    firewallAccess: NOBODY,
    firewallAllow: [],
    images: { repository: settings.images.repository, mirrors: {} },
    own: { ...NO_OWN, staticPods: staticPodsOf(settings, own) },
  };
  if (own.role === "controlPlane") return common;
  return {
    ...common,
    versions: { ...common.versions, etcd: "" },
    network: { ...common.network, nodePortRange: { from: 0, to: 0 } },
    access: { host: "", port: 0 },
    apiServer: { extraArgs: {}, certSans: [] },
    controllerManager: { extraArgs: {} },
    scheduler: { extraArgs: {} },
    etcd: { extraArgs: {} },
    kubeProxy: { mode: "nftables", config: {} },
    proxy: undefined,
    images: { repository: "", mirrors: {} },
    oidc: undefined,
    encryption: { provider: "secretbox", keys: [] },
    audit: { maxAge: 0, maxBackup: 0, maxSize: 0 },
    certificates: { validityDays: 0, renewBeforeDays: 0 },
    podSecurity: { enforce: "privileged", audit: "privileged", warn: "privileged", exemptNamespaces: [] },
  };
}

/** What is looked at on all machines before any of them is changed. */
export function preflightView(settings: ClusterSettings): ClusterSettings {
  const any = settings.machines[0];
  const base = any === undefined ? settings : setupView({ ...settings, firewall: "nftables" }, any);
  return {
    ...base,
    ...(settings.aws === undefined ? {} : { aws: preflightAws(settings.aws) }),
    machines: settings.machines.map((machine) => ({
      ...withoutSsh(machine),
      pool: "",
      labels: {},
      taints: [],
    })),
    versions: { ...base.versions, ...NOT_INSTALLED },
    downloads: { files: {} },
    containerd: {},
    addons: NO_ADDONS,
    // Which filters of others setup will turn off.
    firewall: settings.firewall,
    firewallAccess: NOBODY,
    rollout: { maxUnavailable: 1 },
    firewallAllow: [],
    bastion: undefined,
    images: { repository: "", mirrors: {} },
    kubelet: { config: kubeletKeys(settings, KUBELET_KEYS_OF_PREFLIGHT) },
    // Whether CoreDNS asks the host's own name servers.
    coredns: { ...NO_COREDNS, upstreamServers: settings.coredns.upstreamServers },
    proxy: undefined,
  };
}
