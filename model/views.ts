import type { ClusterSettings, Machine } from "./settings/resolved";

/**
 * A step's own view of the settings: only what its host is rendered from stays, everything else is set to one value.
 * A step runs again when its view changes, so a setting that concerns the masters alone touches no worker.
 */

const NOT_MINE = {
  environment: "",
  advisories: [],
  secretNames: [],
  protect: true,
  coredns: { replicas: 0, forwarders: [], stubDomains: {}, cache: 0 },
} as const;

/** A machine as others see it: who and where it is, and nothing of how to log on to it. */
function neighbour(machine: Machine): Machine {
  return {
    ...machine,
    ssh: { host: "", port: 0, user: "", hostKey: "", key: "" },
    labels: {},
    taints: [],
    generation: 0,
  };
}

/** Machines that others have to know: masters and balancers for the endpoint, all of them for a host's firewall. */
function around(settings: ClusterSettings, own: Machine | undefined): Machine[] {
  return settings.machines
    .filter(
      (machine) =>
        machine.name === own?.name || machine.role !== "worker" || settings.firewall === "nftables",
    )
    .map((machine) =>
      machine.name === own?.name ? { ...machine, ssh: neighbour(machine).ssh } : neighbour(machine),
    );
}

/** Keys of the kubelet's configuration that setup has to agree with: the runtime's cgroup driver, swap, logind's delay. */
const KUBELET_KEYS_OF_SETUP = ["cgroupDriver", "failSwapOn", "failCgroupV1", "shutdownGracePeriod"] as const;

/** What neither setup nor membership reads: it is the add-ons'. */
function withoutAddons(settings: ClusterSettings): ClusterSettings {
  return {
    ...settings,
    versions: { ...settings.versions, coredns: "", flannel: "", flannelCniPlugin: "" },
    cni: { ...settings.cni, resources: {} },
  };
}

/** What node setup is rendered from. Labels and taints are membership's. */
export function setupView(settings: ClusterSettings, own: Machine): ClusterSettings {
  const files = settings.downloads.files[own.architecture];
  const kubelet = Object.fromEntries(
    KUBELET_KEYS_OF_SETUP.filter((key) => key in settings.kubelet.config).map((key) => [
      key,
      settings.kubelet.config[key],
    ]),
  );
  const machines = around(settings, own).map((machine) => ({ ...machine, labels: {}, taints: [] }));
  return {
    ...withoutAddons(settings),
    ...NOT_MINE,
    // A host's firewall lets the bastion in.
    bastion: settings.firewall === "nftables" ? settings.bastion : undefined,
    access: { host: "", port: 0 },
    machines,
    downloads: { files: { [own.architecture]: files } },
    apiServer: { extraArgs: {}, certSans: [] },
    controllerManager: { extraArgs: {} },
    scheduler: { extraArgs: {} },
    etcd: { extraArgs: {} },
    kubelet: { config: kubelet },
    kubeProxy: { ...settings.kubeProxy, config: {} },
    oidc: undefined,
    encryption: { provider: "secretbox", keys: [] },
    audit: { maxAge: 0, maxBackup: 0, maxSize: 0 },
    certificates: { leafDays: 0, renewBeforeDays: 0 },
    podSecurity: { enforce: "privileged", audit: "privileged", warn: "privileged", exemptNamespaces: [] },
    drainTimeout: 0,
  };
}

/** What a node is configured by once it is one: all of it on a master, the kubelet's part on a worker. */
export function membershipView(settings: ClusterSettings, own: Machine): ClusterSettings {
  const common: ClusterSettings = {
    ...withoutAddons(settings),
    ...NOT_MINE,
    network: { ...settings.network, peers: [] },
    bastion: undefined,
    machines: around({ ...settings, firewall: "none" }, own),
    downloads: { files: {} },
    containerd: {},
    firewall: "none",
    firewallAccess: { ssh: [], api: [], nodePorts: [] },
    images: { ...settings.images, mirrors: {} },
  };
  if (own.role === "controlPlane") return common;
  return {
    ...common,
    access: { host: "", port: 0 },
    apiServer: { extraArgs: {}, certSans: [] },
    controllerManager: { extraArgs: {} },
    scheduler: { extraArgs: {} },
    etcd: { extraArgs: {} },
    oidc: undefined,
    encryption: { provider: "secretbox", keys: [] },
    audit: { maxAge: 0, maxBackup: 0, maxSize: 0 },
    certificates: { leafDays: 0, renewBeforeDays: 0 },
    podSecurity: { enforce: "privileged", audit: "privileged", warn: "privileged", exemptNamespaces: [] },
  };
}

/** What is looked at on all machines before any of them is changed. */
export function preflightView(settings: ClusterSettings): ClusterSettings {
  const any = settings.machines[0];
  const base = any === undefined ? settings : setupView({ ...settings, firewall: "nftables" }, any);
  return {
    ...base,
    machines: settings.machines.map((machine) => ({ ...neighbour(machine), generation: machine.generation })),
    downloads: { files: {} },
    containerd: {},
    firewall: "none",
    firewallAccess: { ssh: [], api: [], nodePorts: [] },
    bastion: undefined,
    images: { repository: "", mirrors: {} },
    kubelet: { config: {} },
    proxy: undefined,
  };
}
