/** A cluster of one control-plane node and one worker as the doctor sees it where all is well. */
import type { ClusterFacts } from "../../../model/doctor/clusterFacts";
import type { ExpectedCluster, ExpectedHost } from "../../../model/doctor/expected";
import type { HostFacts } from "../../../model/doctor/facts";
import type { Seen } from "../../../model/doctor/judgements";

export interface Situation {
  readonly expected: ExpectedCluster;
  readonly seen: Seen & { readonly cluster: ClusterFacts };
}

const CONTROL_PLANE = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" } as const;

function host(name: "cp1" | "w1", address: string): ExpectedHost {
  const controlPlane = name === "cp1";
  return {
    name,
    nodeName: name,
    role: controlPlane ? "controlPlane" : "worker",
    nodeAddress: address,
    files: [{ path: "/etc/crictl.yaml", mode: "644", sha256: "aa" }],
    links: [{ path: "/usr/local/bin/runc", target: "/opt/pulumi-kubeadm/runc/1.4.3/bin/runc" }],
    units: ["kubelet.service"],
    sysctls: [
      { key: "net.ipv4.ip_forward", value: "1" },
      { key: "fs.inotify.max_user_instances", value: "8192" },
    ],
    hosts: ["10.40.0.11 api.shop.internal"],
    swapOff: true,
    firewallTable: "inet pulumi-kubeadm",
    kubeletConfig: controlPlane ? { clusterDomain: "cluster.local", clusterDNS: ["10.96.0.10"] } : {},
    node: {
      labels: { [`node-role.kubernetes.io/${controlPlane ? "control-plane" : "general"}`]: "" },
      taints: controlPlane ? [CONTROL_PLANE] : [],
      version: "1.36.4",
    },
  };
}

function hostFacts(name: "cp1" | "w1", address: string, slice: string): HostFacts {
  const controlPlane = name === "cp1";
  return {
    clockAhead: 0,
    files: [{ path: "/etc/crictl.yaml", state: "there", mode: "644", sha256: "aa" }],
    links: { "/usr/local/bin/runc": "/opt/pulumi-kubeadm/runc/1.4.3/bin/runc" },
    units: [{ name: "kubelet.service", active: "active", enabled: "enabled" }],
    sysctls: [
      { key: "net.ipv4.ip_forward", value: "1", writable: true },
      { key: "fs.inotify.max_user_instances", value: "16384", writable: true },
    ],
    swap: false,
    disks: [{ path: "/", kib: 1000, freeKib: 500, inodes: 1000, freeInodes: 900 }],
    addresses: [
      { interface: "lo", address: "127.0.0.1" },
      { interface: "eth0", address },
    ],
    mtus: { lo: 65_536, eth0: 1500, "flannel.1": 1450 },
    hosts: "127.0.0.1 localhost\n10.40.0.11 api.shop.internal\n",
    subnet: {
      FLANNEL_NETWORK: "10.244.0.0/16",
      FLANNEL_SUBNET: slice.replace(".0/", ".1/"),
      FLANNEL_MTU: "1450",
    },
    cniFiles: ["10-flannel.conflist"],
    cluster: "id",
    certificates: [
      { path: "/var/lib/kubelet/pki/kubelet-client-current.pem", seconds: 300 * 86_400, trusted: true },
      ...(controlPlane
        ? [{ path: "/etc/kubernetes/pki/apiserver.crt", seconds: 300 * 86_400, trusted: true }]
        : []),
    ],
    kubeletAddress: address,
    kubeletConfig: "clusterDomain: cluster.local\nclusterDNS: [10.96.0.10]\n",
    flags: controlPlane
      ? {
          "cluster-cidr": ["10.244.0.0/16"],
          "service-cluster-ip-range": ["10.96.0.0/16", "10.96.0.0/16"],
          "advertise-address": [address],
        }
      : {},
    manifests: controlPlane
      ? ["etcd.yaml", "kube-apiserver.yaml", "kube-controller-manager.yaml", "kube-scheduler.yaml"]
      : [],
    pending: [],
    unfinished: false,
    tables: ["inet pulumi-kubeadm", "ip kube-proxy"],
    ...(controlPlane
      ? {
          etcd: { sizeBytes: 20_000_000, usedBytes: 15_000_000, alarms: [], members: ["cp1"] },
          backup: {
            newest: "etcd-0123456789abcdef-20261129T015500Z-r123456-e3.6.8-k1.36.4.snapshot",
            age: 11 * 3_600,
          },
        }
      : {}),
    probes: [{ name: controlPlane ? "w1" : "cp1", address: "10.244.9.0", port: 10_250, answer: "open" }],
  };
}

/** Anew for each call. */
export function healthy(): Situation {
  const hosts = [host("cp1", "10.40.0.11"), host("w1", "10.40.0.12")];
  const objects = [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      namespace: "kube-flannel",
      name: "kube-flannel-cfg",
      data: { "net-conf.json": '{ "Network": "10.244.0.0/16" }', "cni-conf.json": "{}" },
    },
    { apiVersion: "apps/v1", kind: "Deployment", namespace: "kube-system", name: "coredns" },
    { apiVersion: "apps/v1", kind: "DaemonSet", namespace: "kube-flannel", name: "kube-flannel-ds" },
  ];
  return {
    expected: {
      id: "id",
      fixed: {
        podCidr: "10.244.0.0/16",
        serviceCidr: "10.96.0.0/16",
        endpoint: "api.shop.internal:6443",
        nodeCidrMaskSize: 24,
        cni: "flannel",
        cniBackend: "vxlan",
        kubeProxy: "kubeadm",
      },
      kubernetesVersion: "1.36.4",
      backup: { mostGap: 6 * 3_600, target: "backup.example.com:etcd" },
      dnsAddress: "10.96.0.10",
      hosts,
      objects,
      renewBeforeDays: 90,
      pools: false,
    },
    seen: {
      hosts: {
        cp1: hostFacts("cp1", "10.40.0.11", "10.244.0.0/24"),
        w1: hostFacts("w1", "10.40.0.12", "10.244.1.0/24"),
      },
      cluster: {
        kubeadm: {
          podSubnet: "10.244.0.0/16",
          serviceSubnet: "10.96.0.0/16",
          endpoint: "api.shop.internal:6443",
          version: "v1.36.4",
        },
        kubeProxy: { clusterCidr: "10.244.0.0/16" },
        nodes: hosts.map(({ nodeName, nodeAddress, node }, index) => ({
          name: nodeName,
          podCidrs: [`10.244.${index}.0/24`],
          addresses: [nodeAddress],
          ready: true,
          complaints: [],
          unschedulable: false,
          labels: node?.labels ?? {},
          taints: node?.taints ?? [],
          version: "v1.36.4",
        })),
        objects: {
          "ConfigMap kube-flannel/kube-flannel-cfg": { there: true, data: objects[0].data ?? {} },
          "Deployment kube-system/coredns": { there: true, pods: { wanted: 2, ready: 2 } },
          "DaemonSet kube-flannel/kube-flannel-ds": { there: true, pods: { wanted: 2, ready: 2 } },
        },
        coreDns: [],
        pools: [],
        dnsAddress: "10.96.0.10",
        pendingRequests: [],
      },
    },
  };
}
