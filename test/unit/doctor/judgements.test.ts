/** What each judgement says, by a table: one thing is wrong, and one judgement names it. */
import { describe, expect, it } from "vitest";
import type { ClusterFacts, NodeFact } from "../../../model/doctor/clusterFacts";
import type { HostFacts, MaintenanceFact } from "../../../model/doctor/facts";
import { diagnose, JUDGEMENTS } from "../../../model/doctor/judgements";
import { healthy, type Situation } from "./healthy";

type Change = (situation: Situation) => Situation;

const cluster =
  (over: Partial<ClusterFacts>): Change =>
  (it) => ({ ...it, seen: { ...it.seen, cluster: { ...it.seen.cluster, ...over } } });

const onHost =
  (name: "cp1" | "w1", over: Partial<HostFacts>): Change =>
  (it) => ({
    ...it,
    seen: { ...it.seen, hosts: { ...it.seen.hosts, [name]: { ...it.seen.hosts[name], ...over } } },
  });

const node =
  (name: string, over: Partial<NodeFact>): Change =>
  (it) =>
    cluster({
      nodes: it.seen.cluster.nodes.map((one) => (one.name === name ? { ...one, ...over } : one)),
    })(it);

const all =
  (...changes: Change[]): Change =>
  (it) =>
    changes.reduce((seen, change) => change(seen), it);

const maintained = (name: "cp1" | "w1", over: Partial<MaintenanceFact>): Change =>
  onHost(name, {
    maintenance: { result: "done", why: "", missed: 0, rebootNeeded: [], rebootsItself: "", ...over },
  });

const object =
  (key: string, over: ClusterFacts["objects"][string]): Change =>
  (it) =>
    cluster({ objects: { ...it.seen.cluster.objects, [key]: over } })(it);

const kubeadm = {
  podSubnet: "10.244.0.0/16",
  serviceSubnet: "10.96.0.0/16",
  endpoint: "api.shop.internal:6443",
  version: "v1.36.4",
};
const unit = { name: "kubelet.service", active: "active", enabled: "enabled" };
const disk = { path: "/", kib: 1000, freeKib: 500, inodes: 1000, freeInodes: 900 };
const etcd = { sizeBytes: 20_000_000, usedBytes: 15_000_000, alarms: [], members: ["cp1"] };
const backup = {
  newest: "etcd-0123456789abcdef-20261129T015500Z-r123456-e3.6.8-k1.36.4.snapshot",
  age: 12 * 3_600 - 60,
};
const probe = { name: "w1", address: "10.40.0.12", port: 10_250 };
const certificate = { path: "/etc/kubernetes/pki/apiserver.crt", seconds: 300 * 86_400, trusted: true };
const FLANNEL = "ConfigMap kube-flannel/kube-flannel-cfg";
const COREDNS = "Deployment kube-system/coredns";

const ROWS: readonly [wrong: string, change: Change, check: string, where: string, words: string][] = [
  [
    "kubeadm's pod range",
    cluster({ kubeadm: { ...kubeadm, podSubnet: "10.1.0.0/16" } }),
    "kubeadm-config",
    "cluster",
    "the pod range 10.1.0.0/16, and the settings have 10.244.0.0/16",
  ],
  [
    "kubeadm's Service range",
    cluster({ kubeadm: { ...kubeadm, serviceSubnet: undefined } }),
    "kubeadm-config",
    "cluster",
    "the Service range not at all",
  ],
  [
    "kubeadm's endpoint",
    cluster({ kubeadm: { ...kubeadm, endpoint: "x:6443" } }),
    "kubeadm-config",
    "cluster",
    "the endpoint x:6443",
  ],
  [
    "kubeadm's version",
    cluster({ kubeadm: { ...kubeadm, version: "v1.35.0" } }),
    "kubeadm-config",
    "cluster",
    "the version v1.35.0",
  ],
  [
    "kube-proxy's range",
    cluster({ kubeProxy: { clusterCidr: "" } }),
    "kube-proxy",
    "cluster",
    "kube-proxy has the pod range not at all",
  ],
  [
    "flannel's range",
    object(FLANNEL, {
      there: true,
      data: { "net-conf.json": '{"Network":"10.1.0.0/16"}', "cni-conf.json": "{}" },
    }),
    "config-maps",
    "cluster",
    "flannel's ConfigMap has the pod range 10.1.0.0/16",
  ],
  [
    "flannel's range in no JSON",
    object(FLANNEL, { there: true, data: { "net-conf.json": "{", "cni-conf.json": "{}" } }),
    "config-maps",
    "cluster",
    "that cannot be read",
  ],
  [
    "another key of a ConfigMap",
    object(FLANNEL, { there: true, data: { "net-conf.json": '{ "Network": "10.244.0.0/16" }' } }),
    "config-maps",
    "cluster",
    "somebody changed cni-conf.json",
  ],
  [
    "an object is gone",
    object("DaemonSet kube-flannel/kube-flannel-ds", { there: false }),
    "objects",
    "cluster",
    "kube-flannel-ds is missing",
  ],
  [
    "pods are missing",
    object("DaemonSet kube-flannel/kube-flannel-ds", { there: true, pods: { wanted: 2, ready: 1 } }),
    "objects",
    "cluster",
    "1 of 2 pods ready",
  ],
  [
    "CoreDNS loops",
    (it) =>
      cluster({ coreDns: [{ pod: "coredns-1", why: "CrashLoopBackOff: Loop (127.0.0.1) detected" }] })(
        object(COREDNS, { there: true, pods: { wanted: 1, ready: 0 } })(it),
      ),
    "coredns",
    "cluster",
    "CoreDNS has 0 of 1 pods ready: coredns-1: CrashLoopBackOff: Loop",
  ],
  [
    "the name server's address",
    cluster({ dnsAddress: "10.96.7.7" }),
    "dns-service",
    "cluster",
    "10.96.7.7, and kubelets tell pods 10.96.0.10",
  ],
  [
    "a slice outside",
    (it) => onHost("w1", { subnet: {} })(node("w1", { podCidrs: ["10.9.1.0/24"] })(it)),
    "node-slices",
    "cluster",
    "10.9.1.0/24, outside of the pod range",
  ],
  [
    "a slice of another size",
    node("w1", { podCidrs: ["10.244.0.0/23"] }),
    "node-slices",
    "cluster",
    "not a /24",
  ],
  ["no slice", node("w1", { podCidrs: [] }), "node-slices", "cluster", "Node w1 has no slice"],
  [
    "a node that is not Ready",
    node("w1", { ready: false, complaints: ["cni plugin not initialized"] }),
    "nodes-ready",
    "cluster",
    "Node w1 is not Ready: cni plugin not initialized",
  ],
  [
    "pressure",
    node("w1", { complaints: ["DiskPressure: full"] }),
    "nodes-ready",
    "cluster",
    "Node w1 complains: DiskPressure",
  ],
  ["a cordon", node("w1", { unschedulable: true }), "nodes-ready", "cluster", "Node w1 is cordoned"],
  [
    "a stranger",
    (it) =>
      cluster({
        nodes: [...it.seen.cluster.nodes, { ...it.seen.cluster.nodes[0], name: "x", ready: false }],
      })(it),
    "nodes-declared",
    "cluster",
    "Node x is in the cluster",
  ],
  [
    "no Node",
    (it) => cluster({ nodes: it.seen.cluster.nodes.slice(0, 1) })(it),
    "nodes-declared",
    "cluster",
    "machine w1 has no Node w1",
  ],
  [
    "a label",
    node("w1", { labels: {} }),
    "labels-taints",
    "cluster",
    "node-role.kubernetes.io/general not at all",
  ],
  ["a taint", node("cp1", { taints: [] }), "labels-taints", "cluster", "Node cp1 lacks the taint"],
  [
    "a kubelet's version",
    node("w1", { version: "v1.35.2" }),
    "versions",
    "cluster",
    "the kubelet of w1 is v1.35.2",
  ],
  [
    "MetalLB over a node",
    cluster({ pools: [{ name: "lan", addresses: ["10.40.0.10-10.40.0.11"] }] }),
    "metallb-pools",
    "cluster",
    "overlaps the address of cp1",
  ],
  [
    "MetalLB over pods",
    cluster({ pools: [{ name: "lan", addresses: ["10.244.7.0/24"] }] }),
    "metallb-pools",
    "cluster",
    "overlaps the pod range",
  ],
  [
    "MetalLB over itself",
    cluster({
      pools: [
        { name: "a", addresses: ["10.7.0.0/24"] },
        { name: "b", addresses: ["10.7.0.200-10.7.1.3"] },
      ],
    }),
    "metallb-pools",
    "cluster",
    "pools a (10.7.0.0/24) and b",
  ],
  [
    "a request that waits",
    cluster({ pendingRequests: [{ name: "csr-1", by: "system:node:w1" }] }),
    "certificate-requests",
    "cluster",
    "csr-1 of system:node:w1",
  ],
  [
    "a file's text",
    onHost("w1", { files: [{ path: "/etc/crictl.yaml", state: "there", mode: "644", sha256: "bb" }] }),
    "files",
    "w1",
    "somebody changed /etc/crictl.yaml",
  ],
  [
    "a file's mode",
    onHost("w1", { files: [{ path: "/etc/crictl.yaml", state: "there", mode: "666", sha256: "aa" }] }),
    "files",
    "w1",
    "has mode 666",
  ],
  [
    "a file is gone",
    onHost("w1", { files: [{ path: "/etc/crictl.yaml", state: "missing" }] }),
    "files",
    "w1",
    "/etc/crictl.yaml is missing",
  ],
  ["a link", onHost("cp1", { links: { "/usr/local/bin/runc": "" } }), "links", "cp1", "leads to nothing"],
  [
    "a unit is off",
    onHost("w1", { units: [{ ...unit, active: "failed" }] }),
    "units",
    "w1",
    "kubelet.service is failed",
  ],
  [
    "a unit does not start at boot",
    onHost("w1", { units: [{ ...unit, enabled: "masked" }] }),
    "units",
    "w1",
    "is masked and does not start at boot",
  ],
  [
    "a kernel parameter",
    onHost("w1", { sysctls: [{ key: "net.ipv4.ip_forward", value: "0", writable: true }] }),
    "sysctls",
    "w1",
    "net.ipv4.ip_forward is 0, not 1",
  ],
  [
    "a kernel parameter that is too low",
    onHost("w1", { sysctls: [{ key: "fs.inotify.max_user_instances", value: "128", writable: true }] }),
    "sysctls",
    "w1",
    "is 128, not 8192",
  ],
  ["swap", onHost("w1", { swap: true }), "swap", "w1", "swap is on"],
  [
    "the hosts file",
    onHost("w1", { hosts: "127.0.0.1 localhost\n10.40.0.99 api.shop.internal\n" }),
    "hosts-file",
    "w1",
    'lacks "10.40.0.11 api.shop.internal"',
  ],
  ["a clock ahead", onHost("w1", { clockAhead: 61_500 }), "clock", "w1", "61.5 s ahead of"],
  ["a clock behind", onHost("w1", { clockAhead: -5_000 }), "clock", "w1", "5.0 s behind"],
  ["a full disk", onHost("w1", { disks: [{ ...disk, freeKib: 90 }] }), "disks", "w1", "/ has 9 % free"],
  ["no inodes", onHost("w1", { disks: [{ ...disk, freeInodes: 10 }] }), "disks", "w1", "1 % of its inodes"],
  [
    "a certificate has ended",
    onHost("cp1", { certificates: [{ ...certificate, seconds: -90_000 }] }),
    "certificates",
    "cp1",
    "ended 2 days ago",
  ],
  [
    "a certificate is not renewed",
    onHost("cp1", { certificates: [{ ...certificate, seconds: 80 * 86_400 }] }),
    "certificates",
    "cp1",
    "ends in 80 days and was not renewed 90 days before",
  ],
  [
    "a stranger's certificate",
    onHost("cp1", { certificates: [{ ...certificate, trusted: false }] }),
    "certificates",
    "cp1",
    "is not signed by this cluster's CA",
  ],
  [
    "another cluster's CA",
    onHost("w1", { cluster: "other" }),
    "cluster-ca",
    "w1",
    "is not this cluster's CA",
  ],
  [
    "the address is on no card",
    onHost("w1", { addresses: [{ interface: "eth0", address: "192.168.1.5" }] }),
    "node-address",
    "w1",
    "no interface has the node address 10.40.0.12: eth0 192.168.1.5",
  ],
  [
    "the kubelet has another card's address",
    onHost("w1", { kubeletAddress: "192.168.1.5" }),
    "node-address",
    "w1",
    "192.168.1.5, an address of the wrong network card",
  ],
  [
    "the Node has another card's address",
    node("w1", { addresses: ["192.168.1.5"] }),
    "node-address",
    "w1",
    "its Node has the address 192.168.1.5",
  ],
  [
    "subnet.env's network",
    onHost("w1", { subnet: { FLANNEL_NETWORK: "10.1.0.0/16" } }),
    "subnet-env",
    "w1",
    "the pod range 10.1.0.0/16",
  ],
  [
    "subnet.env's slice",
    onHost("w1", { subnet: { FLANNEL_NETWORK: "10.244.0.0/16", FLANNEL_SUBNET: "10.244.9.1/24" } }),
    "subnet-env",
    "w1",
    "10.244.9.1/24, and the Node has 10.244.1.0/24",
  ],
  [
    "an overlay that is too large",
    onHost("w1", { mtus: { eth0: 1450, "flannel.1": 1450 } }),
    "mtu",
    "w1",
    "flannel.1 has MTU 1450 and eth0 1450",
  ],
  [
    "a port that is dropped",
    onHost("cp1", { probes: [{ ...probe, answer: "silent" }] }),
    "ports",
    "cp1",
    "tcp 10250 of w1 (10.40.0.12) does not answer",
  ],
  [
    "a port where nobody is",
    onHost("cp1", { probes: [{ ...probe, answer: "refused" }] }),
    "ports",
    "cp1",
    "refuses: nothing listens there",
  ],
  [
    "an overlay that does not carry",
    onHost("cp1", { probes: [{ ...probe, address: "10.244.1.0", answer: "silent" }] }),
    "ports",
    "cp1",
    "the overlay's port is blocked",
  ],
  [
    "a path of a smaller MTU",
    onHost("cp1", { probes: [{ ...probe, answer: "stalls" }] }),
    "ports",
    "cp1",
    "large packets do not arrive",
  ],
  [
    "there is no snapshot",
    onHost("cp1", { backup: { ...backup, newest: "", age: 0 } }),
    "backups",
    "cluster",
    "backup.example.com:etcd has no snapshot of etcd",
  ],
  [
    "backups stopped",
    onHost("cp1", { backup: { ...backup, age: 12 * 3_600 + 60 } }),
    "backups",
    "cluster",
    "the newest snapshot of etcd is 12 h 1 min old, more than two schedules: etcd-",
  ],
  [
    "the last backup failed",
    onHost("cp1", { backup: { ...backup, failed: "reading the lease of backups: refused" } }),
    "backup-runs",
    "cp1",
    "the last backup on this host failed: reading the lease of backups: refused",
  ],
  [
    "the target of backups is gone",
    onHost("cp1", {
      backup: { newest: "", age: 0, problem: "no route to host", failed: "no route to host" },
    }),
    "backup-runs",
    "cp1",
    "snapshots at backup.example.com:etcd cannot be listed: no route to host",
  ],
  ["etcd is gone", onHost("cp1", { etcd: undefined }), "etcd", "cp1", "etcd does not answer"],
  [
    "an alarm of etcd",
    onHost("cp1", { etcd: { ...etcd, alarms: ["memberID:1 alarm:NOSPACE"] } }),
    "etcd",
    "cp1",
    "NOSPACE",
  ],
  [
    "etcd is nearly full",
    onHost("cp1", { etcd: { ...etcd, sizeBytes: 1.9 * 1024 ** 3, usedBytes: 1.8 * 1024 ** 3 } }),
    "etcd",
    "cp1",
    "1946 MiB of 2048 MiB",
  ],
  [
    "etcd is full of holes",
    onHost("cp1", { etcd: { ...etcd, sizeBytes: 1024 ** 3, usedBytes: 1024 ** 2 } }),
    "etcd",
    "cp1",
    "1023 MiB of unused pages",
  ],
  [
    "a member too many",
    onHost("cp1", { etcd: { ...etcd, members: ["cp1", ""] } }),
    "etcd",
    "cp1",
    "a member that never started",
  ],
  [
    "the firewall is not loaded",
    onHost("w1", { tables: ["ip kube-proxy"] }),
    "firewall",
    "w1",
    "the host is open",
  ],
  [
    "a manifest is gone",
    onHost("cp1", { manifests: ["etcd.yaml", "kube-apiserver.yaml", "kube-controller-manager.yaml"] }),
    "manifests",
    "cp1",
    "kube-scheduler.yaml is missing",
  ],
  [
    "a manifest's range",
    onHost("cp1", { flags: { "cluster-cidr": ["10.1.0.0/16"] } }),
    "manifests",
    "cp1",
    "--cluster-cidr=10.1.0.0/16",
  ],
  [
    "the kubelet's name servers",
    onHost("w1", { kubeletConfig: "clusterDNS: [10.96.0.11]\n" }),
    "kubelet-config",
    "w1",
    'clusterDNS is ["10.96.0.11"]',
  ],
  [
    "another CNI before ours",
    onHost("w1", { cniFiles: ["05-cilium.conflist", "10-flannel.conflist"] }),
    "cni-configuration",
    "w1",
    "05-cilium.conflist comes before",
  ],
  ["no CNI", onHost("w1", { cniFiles: [] }), "cni-configuration", "w1", "no configuration of flannel"],
  [
    "a restart is due",
    onHost("w1", { pending: ["containerd.service"] }),
    "unfinished",
    "w1",
    "containerd.service still has to restart",
  ],
  [
    "a rotation was cut off: its CAs are another row's, which says nothing",
    onHost("cp1", {
      cluster: "both",
      rotation: { rotation: "2026-12", phase: "signed", authority: "new" },
    }),
    "rotation",
    "cp1",
    'the rotation 2026-12 of certificates was cut off after the phase "signed"',
  ],
  [
    "a rotation that the stack does not know to have ended",
    onHost("w1", {
      cluster: "new",
      rotation: { rotation: "2026-12", phase: "finished", authority: "new" },
    }),
    "rotation",
    "w1",
    "the up that began it has not ended",
  ],
  [
    "a node that does not come back from its maintenance",
    all(
      maintained("w1", { underWay: 900, result: "unwell", why: "the kubelet is not healthy" }),
      node("w1", { unschedulable: true }),
    ),
    "maintenance",
    "w1",
    "keeps other nodes from theirs: the kubelet is not healthy",
  ],
  [
    "maintenance that hangs",
    maintained("w1", { underWay: 7_200, result: "done" }),
    "maintenance",
    "w1",
    "it has been at one phase for 120 minutes",
  ],
  [
    "packages that could not be upgraded",
    maintained("w1", { result: "failed", why: "upgrading: E: broken" }),
    "maintenance",
    "w1",
    "its last maintenance failed: upgrading: E: broken",
  ],
  [
    "pods that stayed",
    maintained("w1", {
      result: "blocked",
      why: "default/db did not leave",
      rebootNeeded: ["linux-image-6.1"],
    }),
    "maintenance",
    "w1",
    "default/db did not leave; it needs a reboot (linux-image-6.1)",
  ],
  [
    "windows that are too short",
    maintained("w1", { result: "late", missed: 2 }),
    "maintenance",
    "w1",
    "no time for its maintenance in 2 windows",
  ],
  [
    "others that reboot the host",
    maintained("w1", { rebootsItself: "unattended-upgrades (Unattended-Upgrade::Automatic-Reboot)" }),
    "maintenance",
    "w1",
    "unattended-upgrades (Unattended-Upgrade::Automatic-Reboot) reboots the host without a drain",
  ],
  ["a change was cut off", onHost("w1", { unfinished: true }), "unfinished", "w1", "was cut off"],
];

describe("the doctor", () => {
  it("has nothing to say where all is well", () => {
    const { expected, seen } = healthy();
    expect(diagnose(expected, seen)).toEqual([]);
  });

  it.each(ROWS)("names %s, and nothing else", (_, change, check, where, words) => {
    const { expected, seen } = change(healthy());
    const found = diagnose(expected, seen);
    expect(found.map((one) => `${one.check} ${one.where}`)).toEqual([`${check} ${where}`]);
    expect(found[0].what).toContain(words);
    expect(found[0].cure.length).toBeGreaterThan(10);
  });

  it("has a row here for each judgement", () => {
    expect(new Set(ROWS.map(([, , check]) => check))).toEqual(new Set(JUDGEMENTS.map(({ name }) => name)));
  });

  it("judges no cluster whose API does not answer, and no host that does not", () => {
    const { expected, seen } = onHost("w1", { swap: true })(healthy());
    expect(diagnose(expected, { hosts: seen.hosts }).map(({ check }) => check)).toEqual(["swap"]);
    expect(diagnose(expected, { cluster: seen.cluster, hosts: {} })).toEqual([]);
  });

  it("leaves a node alone that is patched, and one that missed a single window", () => {
    for (const change of [
      all(maintained("w1", { underWay: 60 }), node("w1", { unschedulable: true })),
      maintained("w1", { result: "late", missed: 1 }),
      maintained("w1", { result: "nothing" }),
    ]) {
      const { expected, seen } = change(healthy());
      expect(diagnose(expected, seen)).toEqual([]);
    }
  });

  it("leaves alone what a host cannot change, what is better than wanted, and files for a service that is not there", () => {
    const changes = [
      onHost("w1", { sysctls: [{ key: "net.ipv4.ip_forward", value: "0", writable: false }] }),
      onHost("w1", { files: [{ path: "/etc/crictl.yaml", state: "noFolder" }] }),
      onHost("w1", { clockAhead: 900 }),
      cluster({ pools: [{ name: "lan", addresses: ["10.40.0.240-10.40.0.250"] }] }),
    ];
    for (const change of changes) {
      const { expected, seen } = change(healthy());
      expect(diagnose(expected, seen)).toEqual([]);
    }
  });

  it("knows no names of nodes that join by themselves", () => {
    const situation = healthy();
    const stranger = { ...situation.seen.cluster.nodes[1], name: "ip-10-0-0-7" };
    const { expected, seen } = cluster({ nodes: [...situation.seen.cluster.nodes, stranger] })(situation);
    expect(diagnose({ ...expected, pools: true }, seen)).toEqual([]);
  });
});
