/**
 * The scripts that make a host a node and keep it one. Each can be run again after any interruption: what a former
 * run left half done is found by the state in member.json and cleared first.
 */
import type { ClusterSettings, Machine } from "../settings/resolved";
import { clusterConfiguration, configFolder as CONFIG_DIR, nodeLabels, paths } from "../kubeadm";
import { binaryPath, linkFolder } from "../node/paths";
import type { RenderedFile } from "../renderedFile";
import { ADMIN, MEMBER_FILE, prelude, putFiles, STATE_DIR, word } from "./shell";

/** Where the discovery file of a join lies: memory, removed when the join is over. */
export const DISCOVERY_FILE = "/run/pulumi-kubeadm/discovery.conf";
/** The cluster's own documents, on masters: init reads them, and every later upload of the configuration. */
export const CLUSTER_DOCUMENT = `${CONFIG_DIR}/kubeadm.yaml`;
export const JOIN_DOCUMENT = `${CONFIG_DIR}/join.yaml`;
export const PATCHES_DIR = paths.patches;
/** Digest of the files that the running kubelet was started with. */
const KUBELET_FILES = `${STATE_DIR}/kubelet.applied`;
/** Prints a join file of hours and the kubeadm line that takes it; installed on every master. */
export const JOIN_FILE_COMMAND = "/usr/local/sbin/pulumi-kubeadm-join-file";
const BOOTSTRAP_GROUP = "system:bootstrappers:kubeadm:default-node-token";

export interface MemberFacts {
  readonly cluster: string;
  readonly machine: string;
  readonly generation: number;
  /** `ownerOf` the machine. */
  readonly owner: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly endpoint: string;
  /** Kubernetes version the node is brought to. */
  readonly version: string;
  /** Digest of what was rendered for the node when it was last brought up to date. */
  readonly digest: string;
}

function setState(facts: MemberFacts, state: "initialising" | "joining" | "member"): string {
  const text = JSON.stringify({ ...facts, state });
  return `mkdir -p "$(dirname ${MEMBER_FILE})"\nprintf '%s\\n' ${word(text)} >${MEMBER_FILE}.tmp\nmv -f ${MEMBER_FILE}.tmp ${MEMBER_FILE}\n`;
}

/** Points the commands at one version; a running kubelet is restarted by whoever asks for the switch. */
function useKubernetes(version: string): string {
  return (["kubeadm", "kubelet", "kubectl"] as const)
    .map(
      (name) =>
        `[ -x ${binaryPath(name, version)} ] || die "${name} ${version} is not on this host: its setup did not finish"\n` +
        `ln -sfn ${binaryPath(name, version)} ${linkFolder}/${name}`,
    )
    .join("\n");
}

/** Undoes what an interrupted init or join left; harmless on a clean host. */
function clearPartial(): string {
  return `if [ -e /etc/kubernetes/kubelet.conf ] || [ -e /etc/kubernetes/bootstrap-kubelet.conf ] || [ -d /etc/kubernetes/manifests ] || [ -d /var/lib/etcd/member ]; then
  note "clearing what an interrupted run left"
  kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock || true
fi
systemctl stop kubelet || true
systemctl reset-failed kubelet 2>/dev/null || true
# What kubeadm's preflight takes for a node that is there already, also where it was cut off before the first of these files.
rm -rf /etc/kubernetes/manifests /etc/kubernetes/pki /etc/kubernetes/*.conf /var/lib/etcd/member
`;
}

/** Files whose directory kubeadm and the kubelet read as a whole; what is no longer rendered has to go. */
function putMemberFiles(files: readonly RenderedFile[]): string {
  const keep = files.filter((file) => file.path.startsWith(`${PATCHES_DIR}/`)).map((file) => file.path);
  return `mkdir -p ${CONFIG_DIR} ${PATCHES_DIR}
for old in ${PATCHES_DIR}/*; do
  case "$old" in ${keep.length === 0 ? "" : `${keep.map(word).join("|")}) ;; `}*) rm -f "$old" ;; esac
done
${putFiles(files)}`;
}

function startUnits(files: readonly RenderedFile[]): string {
  const units = files
    .filter((file) => file.path.startsWith("/etc/systemd/system/") && file.path.endsWith(".timer"))
    .map((file) => file.path.split("/").pop() as string);
  if (units.length === 0) return "";
  return `systemctl daemon-reload\n${units.map((unit) => `systemctl enable --now ${word(unit)}`).join("\n")}\n`;
}

/** Init on a master; the caller has made sure that no listed master serves an API or etcd already. */
export function initScript(
  settings: ClusterSettings,
  facts: MemberFacts,
  files: readonly RenderedFile[],
  secretFiles: readonly RenderedFile[],
): string {
  return `${prelude()}
phase "kubernetes ${settings.kubernetesVersion}"
${useKubernetes(settings.kubernetesVersion)}
phase "clear"
${clearPartial()}
${setState(facts, "initialising")}
phase "certificates and configuration"
${putMemberFiles([...files, ...secretFiles])}
phase "kubeadm init"
kubeadm init --config ${CLUSTER_DOCUMENT} --skip-token-print --skip-certificate-key-print
phase "bootstrap tokens"
# kubeadm makes one whether it is wanted or not; nodes join with certificates of hours instead.
kubectl --namespace kube-system delete secrets --ignore-not-found --field-selector type=bootstrap.kubernetes.io/token
${startUnits(files)}
${setState(facts, "member")}
`;
}

/** Joins a host; the discovery file and, for a master, the key pairs are among the secret files. */
export function joinScript(
  settings: ClusterSettings,
  facts: MemberFacts,
  files: readonly RenderedFile[],
  secretFiles: readonly RenderedFile[],
): string {
  return `${prelude()}
trap 'rm -f ${DISCOVERY_FILE}' EXIT
phase "kubernetes ${settings.kubernetesVersion}"
${useKubernetes(settings.kubernetesVersion)}
phase "clear"
${clearPartial()}
${setState(facts, "joining")}
phase "certificates and configuration"
${putMemberFiles([...files, ...secretFiles])}
phase "kubeadm join"
kubeadm join --config ${JOIN_DOCUMENT}
${startUnits(files)}
${setState(facts, "member")}
`;
}

/** Brings a node to what is rendered now: a new version, new flags, a new kubelet configuration. */
export function convergeScript(
  settings: ClusterSettings,
  machine: Machine,
  facts: MemberFacts,
  files: readonly RenderedFile[],
  secretFiles: readonly RenderedFile[],
): string {
  const version = settings.kubernetesVersion;
  const master = machine.role === "controlPlane";
  const kubeadm = binaryPath("kubeadm", version);
  const admin = master ? ADMIN : "/etc/kubernetes/kubelet.conf";
  return `${prelude()}
export KUBECONFIG=${admin}
phase "configuration"
${putMemberFiles([...files, ...secretFiles])}
kubelet_files() { { cat /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env 2>/dev/null || true; } | sha256sum; }
# What the kubelet runs with: a run that failed after it had changed the files must not make the next one forget that.
[ -s ${KUBELET_FILES} ] || kubelet_files >${KUBELET_FILES}
${master ? convergeMaster(settings, kubeadm) : `phase "kubeadm upgrade node"\n${kubeadm} upgrade node ${upgradeFlags(settings)}\n`}
switched=""
if [ "$(readlink ${linkFolder}/kubelet)" != "${binaryPath("kubelet", version)}" ]; then
  phase "kubelet ${version}"
  ${useKubernetes(version).replaceAll("\n", "\n  ")}
  switched=yes
fi
if [ -n "$switched" ] || [ "$(kubelet_files)" != "$(cat ${KUBELET_FILES})" ]; then
  phase "restart kubelet"
  systemctl restart kubelet
fi
kubelet_files >${KUBELET_FILES}
${startUnits(files)}
phase "healthy"
for _ in $(seq 1 120); do
  ${master ? "kubectl get --raw /readyz >/dev/null 2>&1 && " : ""}curl --silent --fail --max-time 2 http://127.0.0.1:10248/healthz >/dev/null && healthy=yes && break
  sleep 1
done
[ "\${healthy:-}" = yes ] || die "${master ? "the API server or the kubelet" : "the kubelet"} did not become healthy within two minutes"
${setState(facts, "member")}
`;
}

/** `upgrade` takes no document of joins: what the settings ignore and patch has to be said on its command line. */
function upgradeFlags(settings: ClusterSettings): string {
  const ignored = settings.ignorePreflightErrors;
  return `--patches ${PATCHES_DIR}${ignored.length === 0 ? "" : ` --ignore-preflight-errors=${ignored.map(word).join(",")}`}`;
}

function convergeMaster(settings: ClusterSettings, kubeadm: string): string {
  const version = settings.kubernetesVersion;
  // The certificate of the API server names addresses; a changed list needs a new one, and kubeadm keeps what is there.
  const sans = (clusterConfiguration(settings).apiServer?.certSANs ?? []).map(word).join(" ");
  return `running=$(kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' | sed -n 's/^kubernetesVersion: v//p')
if [ "$running" != "${version}" ]; then
  phase "kubeadm upgrade apply ${version}"
  ${kubeadm} upgrade apply --yes ${upgradeFlags(settings)} v${version}
fi
phase "upload configuration"
${kubeadm} init phase upload-config all --config ${CLUSTER_DOCUMENT}
for name in ${sans === "" ? '""' : sans}; do
  [ -z "$name" ] && continue
  if ! openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout -ext subjectAltName | tr ', ' '\\n' | sed 's/^Address://; s/^DNS://' | grep -xF "$name" >/dev/null; then
    phase "certificate of the API server"
    rm -f /etc/kubernetes/pki/apiserver.crt /etc/kubernetes/pki/apiserver.key
    ${kubeadm} init phase certs apiserver --config ${CLUSTER_DOCUMENT}
    crictl ps --quiet --name '^kube-apiserver$' | xargs -r crictl stop
    break
  fi
done
phase "kubeadm upgrade node"
${kubeadm} upgrade node --certificate-renewal=false ${upgradeFlags(settings)}
phase "kube-proxy"
proxy() { kubectl --namespace kube-system get configmap kube-proxy -o 'jsonpath={.data}' | sha256sum; }
before_proxy=$(proxy)
${kubeadm} init phase addon kube-proxy --config ${CLUSTER_DOCUMENT}
# kube-proxy reads its configuration when it starts, and kubeadm rolls nothing.
[ "$before_proxy" = "$(proxy)" ] || kubectl --namespace kube-system rollout restart daemonset kube-proxy
`;
}

/** Prints a kubeconfig for joining, valid for \`hours\`, made by the cluster itself; run on a master. */
export function credentialScript(pool: string, hours: number): string {
  return `${prelude()}
configuration=$(mktemp /run/pulumi-kubeadm.XXXXXX)
trap 'rm -f "$configuration"' EXIT
kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' >"$configuration"
kubeadm kubeconfig user --config "$configuration" --client-name ${word(`system:bootstrap:${pool}`)} --org ${BOOTSTRAP_GROUP} --validity-period ${hours}h
`;
}

/** The command a person runs on a master to let a machine in by hand. */
export function joinFileCommand(): RenderedFile {
  return {
    path: JOIN_FILE_COMMAND,
    mode: "0755",
    content: `#!/usr/bin/env bash
# Prints a discovery file that is good for one hour, and the line that joins a prepared host with it.
set -euo pipefail
pool=\${1:?"usage: pulumi-kubeadm-join-file POOL"}
[[ $pool =~ ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ ]] || { echo "POOL must be a DNS label" >&2; exit 2; }
export KUBECONFIG=${ADMIN}
umask 077
configuration=$(mktemp)
trap 'rm -f "$configuration"' EXIT
kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' >"$configuration"
echo "# On the host to join, after its setup script: save these lines as ${DISCOVERY_FILE} (mode 0600), then run"
echo "#   kubeadm join --discovery-file ${DISCOVERY_FILE} --cri-socket unix:///run/containerd/containerd.sock --node-name NAME"
kubeadm kubeconfig user --config "$configuration" --client-name "system:bootstrap:$pool" --org ${BOOTSTRAP_GROUP} --validity-period 1h 2>/dev/null
`,
  };
}

/**
 * Run on a master: waits until the node is registered, then gives it the labels and taints of the settings. What an
 * earlier run gave and the settings no longer name is taken away; what others gave stays.
 */
export function adoptScript(settings: ClusterSettings, machine: Machine): string {
  const node = word(machine.nodeName);
  const labels = Object.entries(nodeLabels(settings, machine)).map(([key, value]) => `${key}=${value}`);
  const taints = machine.taints.map((taint) => `${taint.key}=${taint.value ?? ""}:${taint.effect}`);
  const keys = (list: readonly string[]): string =>
    list.map((entry) => entry.slice(0, entry.indexOf("="))).join(",");
  const taintKeys = machine.taints.map((taint) => `${taint.key}:${taint.effect}`).join(",");
  return `${prelude()}
phase "node ${machine.nodeName} registered"
for _ in $(seq 1 240); do
  kubectl get node ${node} >/dev/null 2>&1 && found=yes && break
  sleep 0.5
done
[ "\${found:-}" = yes ] || die "node ${machine.nodeName} did not register with the API within two minutes"
annotation() { kubectl get node ${node} -o "go-template={{with .metadata.annotations}}{{index . \\"$1\\"}}{{end}}" | sed 's/<no value>//'; }
gone() { comm -23 <(tr ',' '\\n' <<<"$1" | grep . | sort -u) <(tr ',' '\\n' <<<"$2" | grep . | sort -u); }
remove=()
while read -r key; do [ -n "$key" ] && remove+=("$key-"); done < <(gone "$(annotation kubeadm.pulumi.com/labels)" ${word(keys(labels))})
[ "\${#remove[@]}" -eq 0 ] || kubectl label node ${node} "\${remove[@]}"
${labels.length === 0 ? "" : `kubectl label --overwrite node ${node} ${labels.map(word).join(" ")}`}
remove=()
while read -r key; do [ -n "$key" ] && remove+=("$key-"); done < <(gone "$(annotation kubeadm.pulumi.com/taints)" ${word(taintKeys)})
[ "\${#remove[@]}" -eq 0 ] || kubectl taint node ${node} "\${remove[@]}" || true
${taints.length === 0 ? "" : `kubectl taint --overwrite node ${node} ${taints.map(word).join(" ")}`}
kubectl annotate --overwrite node ${node} ${word(`kubeadm.pulumi.com/labels=${keys(labels)}`)} ${word(`kubeadm.pulumi.com/taints=${taintKeys}`)}
`;
}

/** Run on a master that stays: forgets an etcd member by its node's name, whether it ever started or not. */
export function forgetEtcdMember(machine: Machine): string {
  return `etcd=$(crictl ps --quiet --name '^etcd$' | head -n 1)
if [ -n "$etcd" ]; then
  etcdctl() { crictl exec "$etcd" etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key "$@"; }
  member=$(etcdctl member list | awk -F ', ' -v name=${word(machine.nodeName)} -v peer=${word(`https://${machine.nodeAddress}:2380`)} '$3 == name || $4 == peer { print $1 }')
  if [ -n "$member" ]; then
    note "removing etcd member ${machine.name}"
    etcdctl member remove "$member"
  fi
fi
`;
}

/**
 * Run on a master that stays, before a host that is no member joins: a join that was cut off may have registered its Node
 * and its etcd member already, and kubeadm refuses a second one of the name.
 */
export function forgetScript(machine: Machine): string {
  return `${prelude()}
phase "forget ${machine.name}"
kubectl delete node ${word(machine.nodeName)} --ignore-not-found --timeout 60s
${machine.role === "controlPlane" ? forgetEtcdMember(machine) : ""}`;
}

function drain(settings: ClusterSettings, machine: Machine): string {
  return `kubectl drain ${word(machine.nodeName)} --ignore-daemonsets --delete-emptydir-data --force --timeout ${settings.drainTimeout}s || note "the drain did not finish within ${settings.drainTimeout} s"`;
}

/** Run on another master before a node's kubelet is upgraded. */
export function drainScript(settings: ClusterSettings, machine: Machine): string {
  return `${prelude()}\nphase "drain ${machine.name}"\n${drain(settings, machine)}\n`;
}

/** Run on another master when a node's kubelet has been upgraded. */
export function uncordonScript(machine: Machine): string {
  return `${prelude()}\nphase "uncordon ${machine.name}"\nkubectl uncordon ${word(machine.nodeName)}\n`;
}

/** Run on a master that stays: drains a node within bounds and deletes it. */
export function removeNodeScript(settings: ClusterSettings, machine: Machine, alive: boolean): string {
  const node = word(machine.nodeName);
  return `${prelude()}
if kubectl get node ${node} >/dev/null 2>&1; then
  ${
    alive
      ? `phase "drain ${machine.name}"
  ${drain(settings, machine)}`
      : `phase "cordon ${machine.name}"
  kubectl cordon ${node}`
  }
fi
${machine.role === "controlPlane" ? `phase "etcd member ${machine.name}"\n${forgetEtcdMember(machine)}` : ""}
phase "delete node ${machine.name}"
kubectl delete node ${node} --ignore-not-found --timeout 60s
`;
}

/** Takes a host out of its cluster: what kubeadm, the kubelet and the CNI left on it. Setup's own files stay. */
export function resetScript(podCidr: string): string {
  return `${prelude()}
phase "kubeadm reset"
if command -v kubeadm >/dev/null; then
  # The member of etcd was removed by a master that stays, or there is none left to ask.
  timeout 120 kubeadm reset --force --skip-phases remove-etcd-member --cri-socket unix:///run/containerd/containerd.sock || note "kubeadm reset did not finish, going on by hand"
fi
systemctl stop kubelet 2>/dev/null || true
phase "pods"
if command -v crictl >/dev/null && systemctl is-active --quiet containerd; then
  crictl pods --quiet | xargs -r timeout 60 crictl rmp --force || true
fi
phase "network"
# Asked of the kernel and not of sysfs, which in a container may show another network namespace's links.
ip -o link show | sed -n 's/^[0-9]*: \\(cni0\\|flannel[^:@]*\\|kube-ipvs0\\)[:@].*/\\1/p' | while read -r link; do ip link delete "$link" || true; done
# Routes to other nodes' pods, which flannel's host-gw leaves behind.
ip -4 route flush root ${podCidr} 2>/dev/null || true
if command -v nft >/dev/null; then
  for family in ip ip6; do
    nft list tables "$family" 2>/dev/null | awk '$3 == "kube-proxy" || $3 ~ /^flannel-/ { print $2, $3 }' | while read -r f table; do nft delete table "$f" "$table" || true; done
  done
fi
if command -v iptables-save >/dev/null; then
  for table in nat filter mangle; do
    rules=$(iptables-save -t "$table" 2>/dev/null || true)
    if grep -qE 'KUBE-|FLANNEL|CNI-' <<<"$rules"; then
      grep -vE 'KUBE-|FLANNEL|CNI-' <<<"$rules" | iptables-restore -T "$table" || true
    fi
  done
fi
phase "files"
if mountpoint --quiet /var/lib/kubelet; then umount --recursive --lazy /var/lib/kubelet/pods 2>/dev/null || true; fi
awk '$2 ~ "^/var/lib/kubelet/" { print $2 }' /proc/mounts | sort -r | xargs -r -n 1 umount --lazy || true
rm -rf /etc/kubernetes /var/lib/etcd/member /var/lib/cni /etc/cni/net.d /run/flannel
find /var/lib/kubelet -mindepth 1 -delete 2>/dev/null || true
for unit in /etc/systemd/system/pulumi-kubeadm-*.timer; do
  [ -e "$unit" ] || continue
  systemctl disable --now "$(basename "$unit")" 2>/dev/null || true
  rm -f "$unit" "\${unit%.timer}.service"
done
systemctl daemon-reload
rm -f ${JOIN_FILE_COMMAND} ${KUBELET_FILES} ${MEMBER_FILE}
`;
}

/** Prints, as one line of JSON after \`##state \`, what a host is in. Changes nothing. */
export function stateScript(): string {
  return `set -u
member=null; setup=null
[ -s ${MEMBER_FILE} ] && member=$(cat ${MEMBER_FILE})
[ -s /var/lib/pulumi-kubeadm/setup.json ] && setup=$(cat /var/lib/pulumi-kubeadm/setup.json)
yes() { if "$@" >/dev/null 2>&1; then echo true; else echo false; fi; }
listens() { ss -Hltn "sport = :$1" 2>/dev/null | grep -q .; }
printf '##state {"member":%s,"setup":%s,"machineId":"%s","kubelet":%s,"apiServer":%s,"etcd":%s,"now":%s}\\n' \\
  "$member" "$setup" "$(cat /etc/machine-id 2>/dev/null)" \\
  "$(yes test -e /etc/kubernetes/kubelet.conf)" \\
  "$(yes sh -c '[ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]')" \\
  "$(yes test -d /var/lib/etcd/member)" "$(date +%s)"
listens 6443 && echo "##listens 6443"
listens 2379 && echo "##listens 2379"
true
`;
}
