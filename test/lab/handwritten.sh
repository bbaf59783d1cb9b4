#!/usr/bin/env bash
# A kubeadm cluster brought up by hand: what a person would write who knows these hosts. It takes the same steps as the
# library (download and verify, OS settings, containerd, init, flannel, joins, wait for Ready) and is what the library's
# time is held against.
#
#   handwritten.sh CONTROL_PLANE_ADDRESS [WORKER_ADDRESS...]
#
# Runs where the hosts can be reached. From the environment: SSH_KEY and KNOWN_HOSTS (files), MIRROR and REGISTRY (URLs),
# CHECKSUMS (file with `SHA256  UPSTREAM_HOST/PATH` lines), RUNC_WRAPPER (path on the hosts), FLANNEL_BACKEND (vxlan).
set -euo pipefail

control_plane=$1
shift
workers=("$@")
kubernetes=1.36.4
containerd=2.3.4
runc=1.4.3
cni=1.9.1
crictl=1.36.0
flannel=0.28.9
flannel_cni=1.9.1-flannel3
backend=${FLANNEL_BACKEND:-vxlan}
: "${SSH_KEY:?}" "${KNOWN_HOSTS:?}" "${MIRROR:?}" "${REGISTRY:?}" "${CHECKSUMS:?}" "${RUNC_WRAPPER:?}"

start=$(date +%s%N)
say() { printf '%6.1f  %s\n' "$(($(date +%s%N) - start))e-9" "$*"; }

on() { # on ADDRESS COMMAND...: runs as root on a host
  local host=$1
  shift
  ssh -i "$SSH_KEY" -o UserKnownHostsFile="$KNOWN_HOSTS" -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes \
    -o LogLevel=ERROR "root@$host" "$@"
}

setup_script() { # the same for every host
  declare -p kubernetes containerd runc cni crictl MIRROR REGISTRY RUNC_WRAPPER
  printf 'checksums=%q\n' "$(cat "$CHECKSUMS")"
  cat <<'SETUP'
set -euo pipefail
cd "$(mktemp -d)"

swapoff -a
printf 'overlay\nbr_netfilter\n' >/etc/modules-load.d/kubernetes.conf
modprobe overlay
modprobe br_netfilter
cat >/etc/sysctl.d/90-kubernetes.conf <<'END'
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
END
sysctl -q -p /etc/sysctl.d/90-kubernetes.conf

get() { # get UPSTREAM_HOST/PATH: downloads and verifies
  local name=${1##*/}
  curl -fsS --retry 3 -o "$name" "$MIRROR/$1"
  awk -v path="$1" -v name="$name" '$2 == path {print $1 "  " name}' <<<"$checksums" >"$name.sha256"
  sha256sum --quiet -c "$name.sha256"
}
github=github.com
get "$github/containerd/containerd/releases/download/v$containerd/containerd-$containerd-linux-amd64.tar.gz"
get "$github/opencontainers/runc/releases/download/v$runc/runc.amd64"
get "$github/containernetworking/plugins/releases/download/v$cni/cni-plugins-linux-amd64-v$cni.tgz"
get "$github/kubernetes-sigs/cri-tools/releases/download/v$crictl/crictl-v$crictl-linux-amd64.tar.gz"
for name in kubeadm kubelet kubectl; do get "dl.k8s.io/v$kubernetes/bin/linux/amd64/$name"; done
tar -xzf containerd-*.tar.gz -C /usr/local
install -m 0755 runc.amd64 /usr/local/sbin/runc
mkdir -p /opt/cni/bin /etc/cni/net.d
tar -xzf cni-plugins-*.tgz -C /opt/cni/bin
tar -xzf crictl-*.tar.gz -C /usr/local/bin
install -m 0755 kubeadm kubelet kubectl /usr/local/bin/

mkdir -p /etc/containerd
cat >/etc/containerd/config.toml <<END
version = 3
[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = 'registry.k8s.io/pause:3.10.2'
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = '/etc/containerd/certs.d'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  disable_cgroup = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = '$RUNC_WRAPPER'
      SystemdCgroup = false
END
for registry in registry.k8s.io ghcr.io lab.local; do
  mkdir -p "/etc/containerd/certs.d/$registry"
  cat >"/etc/containerd/certs.d/$registry/hosts.toml" <<END
server = "https://$registry"
[host."$REGISTRY"]
  capabilities = ["pull", "resolve"]
END
done
cat >/etc/systemd/system/containerd.service <<'END'
[Unit]
Description=containerd container runtime
After=network.target
[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNOFILE=infinity
[Install]
WantedBy=multi-user.target
END
cat >/etc/crictl.yaml <<'END'
runtime-endpoint: unix:///run/containerd/containerd.sock
END
cat >/etc/systemd/system/kubelet.service <<'END'
[Unit]
Description=kubelet
Wants=network-online.target containerd.service
After=network-online.target containerd.service
StartLimitIntervalSec=0
[Service]
ExecStart=/usr/local/bin/kubelet
Restart=always
RestartSec=2
[Install]
WantedBy=multi-user.target
END
mkdir -p /etc/systemd/system/kubelet.service.d
cat >/etc/systemd/system/kubelet.service.d/10-kubeadm.conf <<'END'
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
END
systemctl daemon-reload
systemctl enable --quiet --now containerd
systemctl enable --quiet kubelet
rm -rf "$PWD"
SETUP
}

node_registration() { # node_registration ADDRESS
  cat <<END
nodeRegistration:
  criSocket: unix:///run/containerd/containerd.sock
  ignorePreflightErrors: [SystemVerification]
  kubeletExtraArgs:
    - { name: node-ip, value: "$1" }
END
}

token="$(openssl rand -hex 3).$(openssl rand -hex 8)"

init_documents() {
  cat <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens:
  - { token: "$token", ttl: 1h0m0s }
localAPIEndpoint: { advertiseAddress: "$control_plane" }
$(node_registration "$control_plane")
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v$kubernetes
controlPlaneEndpoint: "$control_plane:6443"
networking: { podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/16 }
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
cgroupsPerQOS: false
enforceNodeAllocatable: [none]
localStorageCapacityIsolation: false
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
conntrack: { maxPerCore: 0 }
END
}

join_documents() { # join_documents ADDRESS CA_HASH
  cat <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery:
  bootstrapToken:
    token: "$token"
    apiServerEndpoint: "$control_plane:6443"
    caCertHashes: ["sha256:$2"]
$(node_registration "$1")
END
}

flannel_manifest() {
  cat <<END
apiVersion: v1
kind: Namespace
metadata:
  name: kube-flannel
  labels: { pod-security.kubernetes.io/enforce: privileged }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: flannel }
rules:
  - { apiGroups: [""], resources: [pods], verbs: [get] }
  - { apiGroups: [""], resources: [nodes], verbs: [get, list, watch] }
  - { apiGroups: [""], resources: [nodes/status], verbs: [patch] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: flannel }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: flannel }
subjects: [{ kind: ServiceAccount, name: flannel, namespace: kube-flannel }]
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: flannel, namespace: kube-flannel }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: kube-flannel-cfg, namespace: kube-flannel }
data:
  cni-conf.json: |
    {"name": "cbr0", "cniVersion": "0.3.1", "plugins": [
      {"type": "flannel", "delegate": {"hairpinMode": true, "isDefaultGateway": true}},
      {"type": "portmap", "capabilities": {"portMappings": true}}]}
  net-conf.json: |
    {"Network": "10.244.0.0/16", "EnableNFTables": true, "Backend": {"Type": "$backend"}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: kube-flannel-ds, namespace: kube-flannel }
spec:
  selector: { matchLabels: { app: flannel } }
  template:
    metadata: { labels: { app: flannel } }
    spec:
      hostNetwork: true
      priorityClassName: system-node-critical
      serviceAccountName: flannel
      tolerations: [{ operator: Exists, effect: NoSchedule }]
      initContainers:
        - name: install-cni-plugin
          image: ghcr.io/flannel-io/flannel-cni-plugin:v$flannel_cni
          command: [cp, -f, /flannel, /opt/cni/bin/flannel]
          volumeMounts: [{ name: cni-plugin, mountPath: /opt/cni/bin }]
        - name: install-cni
          image: ghcr.io/flannel-io/flannel:v$flannel
          command: [/opt/bin/install-conf, /etc/kube-flannel/cni-conf.json, /etc/cni/net.d/10-flannel.conflist]
          volumeMounts:
            - { name: cni, mountPath: /etc/cni/net.d }
            - { name: flannel-cfg, mountPath: /etc/kube-flannel/ }
      containers:
        - name: kube-flannel
          image: ghcr.io/flannel-io/flannel:v$flannel
          command: [/opt/bin/flanneld, --ip-masq, --kube-subnet-mgr]
          securityContext: { capabilities: { add: [NET_ADMIN, NET_RAW] } }
          env:
            - { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
            - { name: POD_NAMESPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }
          volumeMounts:
            - { name: run, mountPath: /run/flannel }
            - { name: flannel-cfg, mountPath: /etc/kube-flannel/ }
            - { name: xtables-lock, mountPath: /run/xtables.lock }
      volumes:
        - { name: run, hostPath: { path: /run/flannel } }
        - { name: cni-plugin, hostPath: { path: /opt/cni/bin } }
        - { name: cni, hostPath: { path: /etc/cni/net.d } }
        - { name: flannel-cfg, configMap: { name: kube-flannel-cfg } }
        - { name: xtables-lock, hostPath: { path: /run/xtables.lock, type: FileOrCreate } }
END
}

each() { # each FUNCTION ADDRESS...: on all hosts at once; fails when one does
  local what=$1 pids=() host pid
  shift
  for host in "$@"; do
    "$what" "$host" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
}

setup() { setup_script | on "$1" bash -s; }
join() {
  join_documents "$1" "$ca_hash" | on "$1" "cat >/etc/kubernetes/join.yaml && kubeadm join --config /etc/kubernetes/join.yaml >/var/log/kubeadm.log 2>&1 || { tail -20 /var/log/kubeadm.log; exit 1; }"
}
kubectl() { on "$control_plane" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }

each setup "$control_plane" "${workers[@]}"
say "hosts set up"
init_documents | on "$control_plane" "mkdir -p /etc/kubernetes && cat >/etc/kubernetes/init.yaml && kubeadm init --config /etc/kubernetes/init.yaml >/var/log/kubeadm.log 2>&1 || { tail -20 /var/log/kubeadm.log; exit 1; }"
say "kubeadm init"
flannel_manifest | kubectl apply -f - >/dev/null
ca_hash=$(on "$control_plane" "openssl x509 -pubkey -noout -in /etc/kubernetes/pki/ca.crt | openssl pkey -pubin -outform der | sha256sum | cut -d' ' -f1")
if ((${#workers[@]})); then
  for worker in "${workers[@]}"; do on "$worker" mkdir -p /etc/kubernetes; done
  each join "${workers[@]}"
fi
say "workers joined"
kubectl wait --for=condition=Ready nodes --all --timeout=300s >/dev/null
say "nodes Ready"
kubectl -n kube-system rollout status deployment/coredns --timeout=300s >/dev/null
say "CoreDNS Ready"
kubectl get nodes -o wide
