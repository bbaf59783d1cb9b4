import type { ClusterSettings, Machine } from "../../model/settings/resolved";

/** A machine with the fields that the documents read, the rest plain. */
export function machine(name: string, over: Partial<Machine> = {}): Machine {
  return {
    name,
    nodeName: name,
    role: "worker",
    pool: "general",
    ssh: { host: "192.0.2.21", port: 22, user: "ubuntu", hostKey: "ssh-ed25519 AAAA", key: "operator" },
    nodeAddress: "10.40.0.21",
    architecture: "amd64",
    labels: {},
    taints: [],
    revision: 1,
    removal: "safe",
    ...over,
  };
}

export function controlPlaneNode(name: string, last: number, over: Partial<Machine> = {}): Machine {
  return machine(name, {
    role: "controlPlane",
    pool: "",
    ssh: { host: `192.0.2.${last}`, port: 22, user: "ubuntu", hostKey: "ssh-ed25519 AAAA", key: "operator" },
    nodeAddress: `10.40.0.${last}`,
    taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
    ...over,
  });
}

/** Resolved settings of a small cluster, written out: these tests must not depend on how settings are parsed. */
export function settingsOf(over: Partial<ClusterSettings> = {}): ClusterSettings {
  return {
    environment: "test",
    name: "test",
    domain: "internal",
    platform: "machines",
    kubernetesVersion: "1.36.4",
    versions: {
      kubernetes: "1.36.4",
      containerd: "2.3.4",
      runc: "1.4.3",
      cniPlugins: "1.9.1",
      crictl: "1.36.0",
      pause: "3.10.2",
      etcd: "3.6.8-0",
      coredns: "v1.14.2",
      flannel: "v0.28.10",
      flannelCniPlugin: "v1.9.1-flannel3",
    },
    network: {
      podCidr: "10.244.0.0/16",
      nodeCidrMaskSize: 24,
      serviceCidr: "10.96.0.0/16",
      kubernetesServiceAddress: "10.96.0.1",
      dnsServiceAddress: "10.96.0.10",
      clusterDomain: "cluster.local",
      peers: [],
      maxNodes: 256,
      podsPerNode: 110,
      nodePortRange: { from: 30000, to: 32767 },
    },
    cni: {
      kind: "flannel",
      backend: "vxlan",
      windows: false,
      networkPolicy: "none",
      resources: { requests: { cpu: "100m", memory: "50Mi" } },
    },
    machines: [controlPlaneNode("cp1", 11), machine("w1")],
    endpoint: { kind: "nodeLocal", host: "api.test.internal", port: 7443 },
    access: { host: "192.0.2.11", port: 6443 },
    apiServer: { extraArgs: {}, certSans: [] },
    controllerManager: { extraArgs: {} },
    scheduler: { extraArgs: {} },
    etcd: { extraArgs: {} },
    kubelet: { config: {} },
    kubeProxy: { mode: "nftables", config: {} },
    containerd: {},
    ignorePreflightErrors: [],
    downloads: { files: {} },
    images: { repository: "registry.k8s.io", mirrors: {} },
    encryption: { provider: "secretbox", keys: ["generated"] },
    audit: { maxAge: 30, maxBackup: 10, maxSize: 100 },
    podSecurity: { enforce: "baseline", audit: "restricted", warn: "restricted", exemptNamespaces: [] },
    certificates: { validityDays: 365, renewBeforeDays: 30, rotationGraceSeconds: 300 },
    firewall: "none",
    rollout: { maxUnavailable: "10%" },
    upgrades: { maxUnavailable: 1, pools: {}, ignore: [], through: {} },
    firewallAccess: { ssh: [], api: [], nodePorts: [] },
    firewallAllow: [],
    addons: {
      coredns: {
        replicas: 2,
        upstreamServers: ["/etc/resolv.conf"],
        policy: "random",
        stubDomains: {},
        cache: { seconds: 30 },
        hosts: {},
        rewrite: [],
        log: "none",
        pods: "insecure",
        custom: { plugins: "", zones: {} },
        antiAffinity: "preferred",
        resources: {},
      },
      helm: { sources: {}, versions: {} },
    },
    tenancy: { tenants: [], roles: [] },
    extras: { manifests: [], charts: [], staticPods: [] },
    drainTimeoutSeconds: 300,
    protect: true,
    secretNames: ["operator"],
    advisories: [],
    ...over,
  };
}
