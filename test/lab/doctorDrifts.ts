/** What people and power cuts do to a living cluster of one control-plane node and one worker, and how it is undone. */
import { BACKUP_ANNOTATIONS, BACKUP_LEASE, backupUnit } from "../../model/etcd/backup/files";
import type { LabCluster } from "./cluster";

export interface Drift {
  readonly name: string;
  /** Does it; and takes it back. */
  readonly make: (cluster: LabCluster) => Promise<unknown>;
  readonly undo: (cluster: LabCluster) => Promise<unknown>;
  /** Judgement and place that must name it, and words of the finding. */
  readonly check: string;
  readonly where: "cluster" | "cp1" | "w1";
  readonly words: string | RegExp;
  /** Judgements that name the same cause from another side. */
  readonly also?: readonly string[];
}

type Named = Pick<Drift, "check" | "where" | "words" | "also">;

const KEPT = "/root/doctor-kept";

/** Shell lines on one host. */
function onHost(
  name: string,
  host: "cp1" | "w1",
  make: string,
  undo: string,
  named: Omit<Named, "where">,
): Drift {
  return {
    name,
    make: (cluster) => cluster.host(host, make),
    undo: (cluster) => cluster.host(host, undo),
    where: host,
    ...named,
  };
}

/** A file that is changed by a shell line, and comes back with its mode. */
function file(
  name: string,
  host: "cp1" | "w1",
  path: string,
  line: string,
  named: Omit<Named, "where">,
): Drift {
  return onHost(
    name,
    host,
    `set -e; rm -f ${KEPT}; cp -a ${path} ${KEPT}; f=${path}; ${line}`,
    `set -e; rm -f ${path}; cp -a ${KEPT} ${path}`,
    named,
  );
}

/** Words for kubectl. */
function kubectl(name: string, make: string, undo: string, named: Omit<Named, "where">): Drift {
  return {
    name,
    make: (cluster) => cluster.kubectl(...make.split(" ")),
    undo: (cluster) => cluster.kubectl(...undo.split(" ")),
    where: "cluster",
    ...named,
  };
}

/** One object whose text is replaced, and put back as it was. */
function object(name: string, words: string, from: RegExp, to: string, named: Omit<Named, "where">): Drift {
  let kept = "";
  return {
    name,
    make: async (cluster) => {
      kept = await cluster.kubectl("get", ...words.split(" "), "-o", "json");
      const next = kept.replace(from, to);
      if (next === kept) throw new Error(`${words} has nothing like ${String(from)}: ${kept}`);
      await replace(cluster, next);
    },
    undo: (cluster) => replace(cluster, kept),
    where: "cluster",
    ...named,
  };
}

function replace(cluster: LabCluster, text: string): Promise<unknown> {
  const { metadata, ...rest } = JSON.parse(text) as { metadata: Record<string, unknown> };
  const { resourceVersion: _version, uid: _uid, creationTimestamp: _time, ...kept } = metadata;
  const input = JSON.stringify({ ...rest, metadata: kept });
  return cluster.tryKubectl(["replace", "--force", "-f", "-"], { input });
}

const KUBEADM = "--namespace kube-system configmap kubeadm-config";
const PROXY = "--namespace kube-system configmap kube-proxy";
const FLANNEL = "--namespace kube-flannel configmap kube-flannel-cfg";
const COREDNS = "--namespace kube-system configmap coredns";
const POOL_CRD = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: "ipaddresspools.metallb.io",
    annotations: { "api-approved.kubernetes.io": "unapproved" },
  },
  spec: {
    group: "metallb.io",
    scope: "Namespaced",
    names: { kind: "IPAddressPool", plural: "ipaddresspools", singular: "ipaddresspool" },
    versions: [
      {
        name: "v1beta1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

const drop = (rule: string): string =>
  `nft 'table ip doctor { chain input { type filter hook input priority -50; ${rule} drop; }; }'`;
const open = "nft delete table ip doctor";
const selfSigned = (days: number, ca: string, out: string): string =>
  `openssl req -new -newkey rsa:2048 -nodes -keyout /root/k -subj /CN=front-proxy-client -out /root/r 2>/dev/null; ` +
  `openssl x509 -req -in /root/r ${ca} -days ${days} -out ${out} 2>/dev/null`;
const FRONT = "/etc/kubernetes/pki/front-proxy-client.crt";
const OWN_CA =
  "-CA /etc/kubernetes/pki/front-proxy-ca.crt -CAkey /etc/kubernetes/pki/front-proxy-ca.key -set_serial 7";
const etcdctl =
  'e=$(crictl ps --quiet --name "^etcd$"); crictl exec $e etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt --key /etc/kubernetes/pki/etcd/server.key';

/** Where the suite's snapshots go, on w1 below the folder of its user. */
export const SNAPSHOTS = "etcd/doctor";
const SNAPSHOT_FOLDER = `~ubuntu/${SNAPSHOTS}`;
const startBackup = `systemctl start ${backupUnit}.service`;
/** What runs of the schedule go by is away, so that the next one takes a snapshot. */
const nothingTaken = `kubectl --kubeconfig /etc/kubernetes/admin.conf --namespace kube-system annotate lease ${BACKUP_LEASE} ${BACKUP_ANNOTATIONS.scheduled}-`;

export const DRIFTS: readonly Drift[] = [
  // The failures that the project started from.
  object("the pod range in kubeadm's ConfigMap", KUBEADM, /podSubnet: [\d./]+/, "podSubnet: 10.99.0.0/16", {
    check: "kubeadm-config",
    words: "the pod range 10.99.0.0/16",
  }),
  object(
    "the Service range in kubeadm's ConfigMap",
    KUBEADM,
    /serviceSubnet: [\d./]+/,
    "serviceSubnet: 10.98.0.0/16",
    {
      check: "kubeadm-config",
      words: "the Service range 10.98.0.0/16",
    },
  ),
  object(
    "the endpoint in kubeadm's ConfigMap",
    KUBEADM,
    /controlPlaneEndpoint: [^\\]+/,
    "controlPlaneEndpoint: elsewhere.internal:6443",
    { check: "kubeadm-config", words: "elsewhere.internal:6443" },
  ),
  object(
    "the version in kubeadm's ConfigMap",
    KUBEADM,
    /kubernetesVersion: v[\d.]+/,
    "kubernetesVersion: v1.30.0",
    {
      check: "kubeadm-config",
      words: "v1.30.0",
    },
  ),
  object("the pod range of kube-proxy", PROXY, /clusterCIDR: [\d./]+/, "clusterCIDR: 10.99.0.0/16", {
    check: "kube-proxy",
    words: "10.99.0.0/16",
  }),
  object("the pod range in flannel's ConfigMap", FLANNEL, /10\.244\.0\.0\/16/, "10.99.0.0/16", {
    check: "config-maps",
    words: "flannel's ConfigMap has the pod range 10.99.0.0/16",
  }),
  object("flannel's CNI configuration", FLANNEL, /portmap/, "bandwidth", {
    check: "config-maps",
    words: "cni-conf.json",
  }),
  file(
    "the network in subnet.env",
    "w1",
    "/run/flannel/subnet.env",
    "sed -i 's|^FLANNEL_NETWORK=.*|FLANNEL_NETWORK=10.99.0.0/16|' $f",
    {
      check: "subnet-env",
      words: "10.99.0.0/16",
    },
  ),
  file(
    "the slice in subnet.env",
    "cp1",
    "/run/flannel/subnet.env",
    "sed -i 's|^FLANNEL_SUBNET=.*|FLANNEL_SUBNET=10.244.77.1/24|' $f",
    {
      check: "subnet-env",
      words: "10.244.77.1/24",
    },
  ),
  object("the Corefile", COREDNS, /errors/, "errors\\n    log", { check: "config-maps", words: "Corefile" }),
  {
    name: "CoreDNS 0/1, because no node takes it",
    make: async (cluster) => {
      const dns = ["--namespace", "kube-system", "deployment", "coredns"];
      await cluster.kubectl("scale", ...dns, "--replicas=0");
      const selector = { spec: { template: { spec: { nodeSelector: { nowhere: "yes" } } } } };
      await cluster.kubectl("patch", ...dns, "-p", JSON.stringify(selector));
      await cluster.kubectl("scale", ...dns, "--replicas=1");
    },
    undo: async (cluster) => {
      const dns = ["--namespace", "kube-system", "deployment", "coredns"];
      const selector = [{ op: "remove", path: "/spec/template/spec/nodeSelector/nowhere" }];
      await cluster.kubectl("patch", ...dns, "--type=json", "-p", JSON.stringify(selector));
      await cluster.kubectl("scale", ...dns, "--replicas=2");
      await cluster.kubectl("rollout", "status", ...dns, "--timeout=120s");
    },
    check: "coredns",
    where: "cluster",
    words: /CoreDNS has 0 of 1 pods ready: coredns-\S+: Unschedulable/,
  },
  file(
    "the kubelet's address is another card's",
    "w1",
    "/var/lib/kubelet/kubeadm-flags.env",
    "sed -i 's|--node-ip=[0-9.]*|--node-ip=10.77.0.5|' $f",
    {
      check: "node-address",
      words: "10.77.0.5, an address of the wrong network card",
    },
  ),
  {
    name: "a MetalLB pool that overlaps a node",
    make: async (cluster) => {
      await cluster.apply(POOL_CRD);
      await cluster.kubectl(
        "wait",
        "--for=condition=Established",
        "crd/ipaddresspools.metallb.io",
        "--timeout=60s",
      );
      await cluster.apply({
        apiVersion: "metallb.io/v1beta1",
        kind: "IPAddressPool",
        metadata: { name: "lan", namespace: "default" },
        spec: { addresses: ["10.40.0.10-10.40.0.60"] },
      });
    },
    undo: (cluster) => cluster.kubectl("delete", "crd", "ipaddresspools.metallb.io"),
    check: "metallb-pools",
    where: "cluster",
    words: "MetalLB's pool lan (10.40.0.10-10.40.0.60) overlaps the address of",
  },
  onHost(
    "a network card with a smaller MTU",
    "w1",
    "ip link set $(ip -o -4 route show default | awk '{print $5}') mtu 1400",
    "ip link set $(ip -o -4 route show default | awk '{print $5}') mtu 1500",
    { check: "mtu", words: "1400", also: ["ports"] },
  ),
  {
    ...onHost(
      "the kubelet's port closed to the control plane",
      "w1",
      drop('tcp dport 10250 iifname != "flannel.1"'),
      open,
      {
        check: "ports",
        words: /tcp 10250 of w1 .* does not answer/,
      },
    ),
    where: "cp1",
  },
  {
    ...onHost("the API closed to a worker", "cp1", drop("tcp dport 6443 ip saddr 10.40.0.12"), open, {
      check: "ports",
      words: /tcp 6443 of cp1 .* does not answer/,
    }),
    where: "w1",
  },
  {
    ...onHost("VXLAN closed", "w1", drop("udp dport 8472"), open, {
      check: "ports",
      words: /pods' network to w1 .* does not answer: the overlay's port is blocked/,
    }),
    where: "cp1",
  },

  // Objects.
  kubectl(
    "CoreDNS scaled to nothing",
    "--namespace kube-system scale deployment coredns --replicas=0",
    "--namespace kube-system scale deployment coredns --replicas=2",
    { check: "coredns", words: "0 of 0 pods ready" },
  ),
  object("kubeadm's ConfigMap without ranges", KUBEADM, /podSubnet: [\d./]+/, "noSubnet: none", {
    check: "kubeadm-config",
    words: "the pod range not at all",
  }),
  {
    name: "a ConfigMap that is gone",
    ...gone(COREDNS),
    check: "objects",
    where: "cluster",
    words: "ConfigMap kube-system/coredns is missing",
  },
  {
    name: "kubeadm's ConfigMap is gone",
    ...gone(KUBEADM),
    check: "kubeadm-config",
    where: "cluster",
    words: "ConfigMap kubeadm-config is missing",
  },
  {
    name: "the cluster's name server is gone",
    ...gone("--namespace kube-system service kube-dns"),
    check: "dns-service",
    where: "cluster",
    words: "Service kube-dns has no address",
    also: ["objects"],
  },
  kubectl(
    "a label is gone",
    "label node w1 node-role.kubernetes.io/general-",
    "label node w1 node-role.kubernetes.io/general=",
    {
      check: "labels-taints",
      words: "node-role.kubernetes.io/general not at all",
    },
  ),
  kubectl(
    "a label with another value",
    "label --overwrite node w1 node-role.kubernetes.io/general=other",
    "label --overwrite node w1 node-role.kubernetes.io/general=",
    { check: "labels-taints", words: "= other" },
  ),
  kubectl(
    "the control plane's taint is gone",
    "taint node cp1 node-role.kubernetes.io/control-plane:NoSchedule-",
    "taint node cp1 node-role.kubernetes.io/control-plane:NoSchedule",
    {
      check: "labels-taints",
      words: "Node cp1 lacks the taint node-role.kubernetes.io/control-plane:NoSchedule",
    },
  ),
  kubectl("a cordoned node", "cordon w1", "uncordon w1", {
    check: "nodes-ready",
    words: "Node w1 is cordoned",
  }),
  {
    name: "a Node that nobody declared",
    make: (cluster) => cluster.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "stranger" } }),
    undo: (cluster) => cluster.kubectl("delete", "node", "stranger"),
    check: "nodes-declared",
    where: "cluster",
    words: "Node stranger is in the cluster, and nobody declared it",
  },
  {
    name: "a certificate request that waits",
    make: async (cluster) => {
      const request = await cluster.host(
        "w1",
        "openssl req -new -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=somebody 2>/dev/null | base64 -w0",
      );
      await cluster.apply({
        apiVersion: "certificates.k8s.io/v1",
        kind: "CertificateSigningRequest",
        metadata: { name: "waits" },
        spec: { request, signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"] },
      });
    },
    undo: (cluster) => cluster.kubectl("delete", "csr", "waits"),
    check: "certificate-requests",
    where: "cluster",
    words: "the certificate request waits of",
  },

  // Hosts.
  file(
    "a file with another text",
    "w1",
    "/etc/sysctl.d/zz-pulumi-kubeadm.conf",
    "echo 'vm.swappiness = 1' >>$f",
    {
      check: "files",
      words: "somebody changed /etc/sysctl.d/zz-pulumi-kubeadm.conf",
    },
  ),
  file("a file that is gone", "w1", "/etc/crictl.yaml", "rm $f", {
    check: "files",
    words: "/etc/crictl.yaml is missing",
  }),
  file("a file with another mode", "cp1", "/etc/modules-load.d/pulumi-kubeadm.conf", "chmod 666 $f", {
    check: "files",
    words: "has mode 666",
  }),
  file(
    "the kubelet's unit",
    "w1",
    "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf",
    "echo '# mine' >>$f",
    {
      check: "files",
      words: "10-kubeadm.conf",
    },
  ),
  file("containerd's configuration", "cp1", "/etc/containerd/config.toml", "echo '# mine' >>$f", {
    check: "files",
    words: "/etc/containerd/config.toml",
  }),
  file("kubeadm's document", "cp1", "/etc/kubernetes/pulumi-kubeadm/kubeadm.yaml", "echo '# mine' >>$f", {
    check: "files",
    words: "/etc/kubernetes/pulumi-kubeadm/kubeadm.yaml",
  }),
  onHost(
    "a link to another version",
    "w1",
    `readlink /usr/local/bin/kubectl >${KEPT}; ln -sfn /usr/bin/true /usr/local/bin/kubectl`,
    `ln -sfn "$(cat ${KEPT})" /usr/local/bin/kubectl`,
    { check: "links", words: "/usr/local/bin/kubectl leads to /usr/bin/true" },
  ),
  onHost(
    "a timer that is stopped",
    "cp1",
    "systemctl stop pulumi-kubeadm-renew-certificates.timer",
    "systemctl start pulumi-kubeadm-renew-certificates.timer",
    { check: "units", words: "pulumi-kubeadm-renew-certificates.timer is inactive" },
  ),
  onHost(
    "an approver that is stopped",
    "cp1",
    "systemctl stop pulumi-kubeadm-serving-approver.timer",
    "systemctl start pulumi-kubeadm-serving-approver.timer",
    { check: "units", words: "pulumi-kubeadm-serving-approver.timer is inactive" },
  ),
  onHost(
    "a kubelet that does not start at boot",
    "w1",
    "systemctl disable kubelet",
    "systemctl enable kubelet",
    {
      check: "units",
      words: "kubelet.service is disabled and does not start at boot",
    },
  ),
  onHost("forwarding is off", "w1", "sysctl -qw net.ipv4.ip_forward=0", "sysctl -qw net.ipv4.ip_forward=1", {
    check: "sysctls",
    words: "net.ipv4.ip_forward is 0, not 1",
  }),
  onHost(
    "bridges pass by the packet filter",
    "cp1",
    "sysctl -qw net.bridge.bridge-nf-call-iptables=0",
    "sysctl -qw net.bridge.bridge-nf-call-iptables=1",
    { check: "sysctls", words: "net.bridge.bridge-nf-call-iptables is 0" },
  ),
  onHost(
    "a full file system",
    "w1",
    "mount -t tmpfs -o size=2m tmpfs /var/lib/etcd 2>/dev/null || { mkdir -p /var/lib/etcd && mount -t tmpfs -o size=2m tmpfs /var/lib/etcd; }; head -c 1900000 /dev/zero >/var/lib/etcd/full",
    "umount /var/lib/etcd; rmdir /var/lib/etcd 2>/dev/null; true",
    { check: "disks", words: /\/var\/lib\/etcd has \d+ % free/ },
  ),
  onHost(
    "a file system without inodes",
    "w1",
    "mkdir -p /var/lib/etcd && mount -t tmpfs -o size=2m,nr_inodes=40 tmpfs /var/lib/etcd; touch /var/lib/etcd/{1..38}",
    "umount /var/lib/etcd; rmdir /var/lib/etcd 2>/dev/null; true",
    { check: "disks", words: "of its inodes free" },
  ),
  file("a certificate that ends tomorrow", "cp1", FRONT, `${selfSigned(1, OWN_CA, "$f")}`, {
    check: "certificates",
    words: /front-proxy-client\.crt ends in \d days and was not renewed/,
  }),
  file(
    "a certificate that somebody else signed",
    "cp1",
    FRONT,
    `${selfSigned(400, "-signkey /root/k", "$f")}`,
    {
      check: "certificates",
      words: "front-proxy-client.crt is not signed by this cluster's CA",
    },
  ),
  file(
    "another cluster's CA",
    "w1",
    "/etc/kubernetes/pki/ca.crt",
    `${selfSigned(400, "-signkey /root/k", "$f")}`,
    { check: "cluster-ca", words: "is not this cluster's CA", also: ["certificates"] },
  ),
  onHost(
    "a member of etcd that never started",
    "cp1",
    `${etcdctl} member add ghost --learner --peer-urls=https://10.40.0.250:2380`,
    `${etcdctl} member list | awk -F ', ' '/10.40.0.250/ { print $1 }' >/root/id; ${etcdctl} member remove "$(cat /root/id)"`,
    { check: "etcd", words: "etcd has a member that never started" },
  ),
  onHost(
    "a static pod's manifest is gone",
    "cp1",
    "mv /etc/kubernetes/manifests/kube-scheduler.yaml /root/",
    "mv /root/kube-scheduler.yaml /etc/kubernetes/manifests/",
    { check: "manifests", words: "kube-scheduler.yaml is missing" },
  ),
  file(
    "another pod range in a manifest",
    "cp1",
    "/etc/kubernetes/manifests/kube-controller-manager.yaml",
    "sed 's|--cluster-cidr=.*|--cluster-cidr=10.99.0.0/16|' $f >/root/m && cat /root/m >$f",
    { check: "manifests", words: "--cluster-cidr=10.99.0.0/16" },
  ),
  file(
    "the kubelet's configuration",
    "w1",
    "/var/lib/kubelet/config.yaml",
    "sed -i 's|^clusterDomain: .*|clusterDomain: other.local|' $f",
    {
      check: "kubelet-config",
      words: 'clusterDomain is "other.local"',
    },
  ),
  onHost(
    "another CNI's configuration comes first",
    "w1",
    "cp /etc/cni/net.d/10-flannel.conflist /etc/cni/net.d/00-bridge.conflist",
    "rm /etc/cni/net.d/00-bridge.conflist",
    { check: "cni-configuration", words: "00-bridge.conflist comes before 10-flannel.conflist" },
  ),
  onHost(
    "a restart that is still due",
    "w1",
    "mkdir -p /var/lib/pulumi-kubeadm/pending && touch /var/lib/pulumi-kubeadm/pending/containerd.service",
    "rm /var/lib/pulumi-kubeadm/pending/containerd.service",
    { check: "unfinished", words: "containerd.service still has to restart" },
  ),
  onHost(
    "a change that was cut off",
    "w1",
    "mkdir /var/lib/pulumi-kubeadm/undo",
    "rmdir /var/lib/pulumi-kubeadm/undo",
    { check: "unfinished", words: "a change of the node was cut off" },
  ),

  // Backups.
  {
    ...onHost(
      "no snapshot of etcd",
      "w1",
      `mv ${SNAPSHOT_FOLDER} ${SNAPSHOT_FOLDER}-kept; install -d -o ubuntu -g ubuntu -m 700 ${SNAPSHOT_FOLDER}`,
      `rmdir ${SNAPSHOT_FOLDER}; mv ${SNAPSHOT_FOLDER}-kept ${SNAPSHOT_FOLDER}`,
      { check: "backups", words: "has no snapshot of etcd" },
    ),
    where: "cluster",
  },
  {
    ...onHost(
      "a backup that is older than two schedules",
      "w1",
      `cd ${SNAPSHOT_FOLDER} && ls >${KEPT} && for f in *.snapshot; do mv "$f" "$(sed -E 's/-[0-9]{8}T[0-9]{6}Z-/-20200101T000000Z-/' <<<"$f")"; done`,
      `cd ${SNAPSHOT_FOLDER} && mv -- *.snapshot "$(head -n 1 ${KEPT})"`,
      { check: "backups", words: /the newest snapshot of etcd is .* old, more than two schedules/ },
    ),
    where: "cluster",
  },
  {
    name: "a backup that failed",
    make: async (cluster) => {
      await cluster.host("w1", `chmod 500 ${SNAPSHOT_FOLDER}`);
      await cluster.host("cp1", `${nothingTaken}; ${startBackup} || true`);
    },
    undo: async (cluster) => {
      await cluster.host("w1", `chmod 700 ${SNAPSHOT_FOLDER}`);
      await cluster.host("cp1", startBackup);
    },
    check: "backup-runs",
    where: "cp1",
    words: /the last backup on this host failed: writing the snapshot on \S+: .*[Pp]ermission denied/,
  },
  {
    ...onHost(
      "a target of backups that does not answer",
      "w1",
      drop("tcp dport 22 ip saddr 10.40.0.11"),
      open,
      {
        check: "backup-runs",
        words: /snapshots at \S+ cannot be listed: /,
      },
    ),
    where: "cp1",
  },
  // The last: a Node that comes back has another slice and has lost its labels.
  kubectl("a machine without a Node", "delete node w1", "get nodes", {
    check: "nodes-declared",
    words: "machine w1 has no Node w1",
    also: ["coredns", "objects", "ports"],
  }),
];

function gone(words: string): Pick<Drift, "make" | "undo"> {
  let kept = "";
  return {
    make: async (cluster) => {
      kept = await cluster.kubectl("get", ...words.split(" "), "-o", "json");
      await cluster.kubectl("delete", ...words.split(" "));
    },
    undo: (cluster) => replace(cluster, kept),
  };
}
