import { apiServerPort, clusterConfiguration, grantJoinAccess } from "../kubeadm";
import { managerPolicies, managerState } from "../kubeadm/managers";
import { binaryPath, linkFolder } from "../node/paths";
import type { RenderedFile } from "../renderedFile";
import type { ClusterMachine } from "../machine";
import type { NodeIdentity } from "./identity";
import type { ControlPlaneNodeSpec, NodeSpec } from "./spec";
import {
  CLUSTER_DOCUMENT,
  KUBELET_FILES,
  PATCHES_DIR,
  putNodeFiles,
  setState,
  startUnits,
  useKubernetes,
} from "./parts";
import { keepCopiesFunction, roomForCopy } from "./copies";
import { pruneComponentFiles } from "./fileNames";
import { ADMIN, prelude, word } from "../node/shell";
import { placeStaticPods } from "./staticPods";
import { markConfigMaps } from "./undo";

/** Seconds to wait until a changed kube-proxy runs on every node; it goes from one to the next in about ten. */
const PROXY_ROLLS_FOR = 300;

/** Seconds for which a control-plane node has to be well after its kubelet became another version. */
const WELL_FOR = 15;

/**
 * Brings a node to what is rendered now: a new version, new flags, a new kubelet configuration.
 * @param platform lines that only the platform needs, run when the files are there
 */
export function convergeScript(
  spec: NodeSpec,
  facts: NodeIdentity,
  files: readonly RenderedFile[],
  secretFiles: readonly RenderedFile[],
  platform = "",
): string {
  const { machine, controlPlane, kubernetesVersion: version } = spec;
  const isControlPlane = controlPlane !== undefined;
  const kubeadm = binaryPath("kubeadm", version);
  const admin = isControlPlane ? ADMIN : "/etc/kubernetes/kubelet.conf";
  return `${prelude()}
export KUBECONFIG=${admin}
phase "configuration"
${putNodeFiles([...files, ...secretFiles])}${platform}
kubelet_files() { { cat /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env 2>/dev/null || true; } | sha256sum; }
# What the kubelet runs with: a run that failed after it had changed the files must not make the next one forget that.
applied() {
  kubelet_files >${KUBELET_FILES}.tmp
  replace ${KUBELET_FILES}.tmp ${KUBELET_FILES}
}
[ -s ${KUBELET_FILES} ] || applied
${keepCopiesFunction()}${isControlPlane ? convergeControlPlane(spec, controlPlane, kubeadm) : `phase "kubeadm upgrade node"\n${kubeadm} upgrade node ${upgradeFlags(spec)}\n`}
# Nodes of an earlier version have it only where their host had another name when they joined.
flags=/var/lib/kubelet/kubeadm-flags.env
if [ -s "$flags" ] && ! grep -q -e --hostname-override= "$flags"; then
  sed -i 's/^KUBELET_KUBEADM_ARGS="/&--hostname-override=${machine.nodeName} /' "$flags"
fi
switched=""
if [ "$(readlink ${linkFolder}/kubelet)" != "${binaryPath("kubelet", version)}" ]; then
  phase "kubelet ${version}"
  ${useKubernetes(version).replaceAll("\n", "\n  ")}
  switched=yes
fi
${staleManagers(spec)}if [ -n "$switched" ] || [ "\${#stale[@]}" -gt 0 ] || [ "$(kubelet_files)" != "$(cat ${KUBELET_FILES})" ]; then
  phase "restart kubelet"
  if [ "\${#stale[@]}" -gt 0 ]; then
    note "what was handed out by another policy is forgotten: \${stale[*]}"
    systemctl stop kubelet
    rm -f "\${stale[@]}"
  fi
  systemctl restart kubelet
fi
applied
# Installers of CNIs write over the file that is there, and keep its mode (CIS 1.1.9).
chmod 600 /etc/cni/net.d/* 2>/dev/null || true
${startUnits(files)}${placeStaticPods(files)}
${healthy(machine)}${isControlPlane ? grantJoinAccess() + pruneComponentFiles(controlPlane, files) : ""}keep_copies 1
${setState(facts, "joined")}
`;
}

/** Files of managers whose policy the settings changed; the running kubelet would write them again. */
function staleManagers(spec: NodeSpec): string {
  const wanted = managerPolicies(spec, spec.machine);
  const lines = (["cpu", "memory"] as const).map(
    (manager) =>
      `policy=$(sed -n 's/.*"policyName": *"\\([^"]*\\)".*/\\1/p' ${managerState(manager)} 2>/dev/null || true)\n` +
      `[ -z "$policy" ] || [ "$policy" = ${word(wanted[manager])} ] || stale+=("${managerState(manager)}")\n`,
  );
  return `stale=()\n${lines.join("")}`;
}

/**
 * A kubelet of another minor version starts etcd and the API server anew some seconds after it has come up itself (seen from
 * 1.35 to 1.36), so a control-plane node has to be well for a while before the next one, or a worker, is touched.
 */
function healthy(machine: ClusterMachine): string {
  const isControlPlane = machine.role === "controlPlane";
  const api = `kubectl --server https://${machine.nodeAddress}:${apiServerPort} get --raw /readyz >/dev/null 2>&1 && `;
  const [what, seconds, minutes] = isControlPlane
    ? ["the API server or the kubelet", 240, "four"]
    : ["the kubelet", 120, "two"];
  return `phase "healthy"
well=0 enough=1
${isControlPlane ? `[ -z "$switched" ] || enough=${WELL_FOR}\n` : ""}for _ in $(seq 1 ${seconds}); do
  if ${isControlPlane ? api : ""}curl --silent --fail --max-time 2 http://127.0.0.1:10248/healthz >/dev/null; then well=$((well + 1)); else well=0; fi
  [ "$well" -lt "$enough" ] || break
  sleep 1
done
[ "$well" -ge "$enough" ] || die "${what} did not become healthy within ${minutes} minutes"
`;
}

/** `upgrade` takes no document of joins: what the settings ignore and patch has to be said on its command line. */
function upgradeFlags({ ignorePreflightErrors: ignored }: NodeSpec): string {
  return `--patches ${PATCHES_DIR}${ignored.length === 0 ? "" : ` --ignore-preflight-errors=${ignored.map(word).join(",")}`}`;
}

function convergeControlPlane(spec: NodeSpec, controlPlane: ControlPlaneNodeSpec, kubeadm: string): string {
  const { kubernetesVersion: version, machine } = spec;
  // The certificate of the API server names addresses; a changed list needs a new one, and kubeadm keeps what is there.
  const sans = (clusterConfiguration(controlPlane).apiServer?.certSANs ?? []).map(word).join(" ");
  return `# A run that was cut off may have left etcd or the API server on their way up.
for _ in $(seq 1 120); do
  kubectl get --raw /readyz >/dev/null 2>&1 && answers=yes && break
  sleep 1
done
[ "\${answers:-}" = yes ] || die "the API does not answer since two minutes: it has to run before it can be changed"
${roomForCopy()}${controlPlane.kubeProxyIsReplaced === true ? "" : BEFORE_PROXY}running=$(kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' | sed -n 's/^kubernetesVersion: v//p')
if [ "$running" != "${version}" ]; then
  phase "kubeadm upgrade apply ${version}"
  ${kubeadm} upgrade apply --yes ${upgradeFlags(spec)} v${version}
fi
phase "upload configuration"
${kubeadm} init phase upload-config all --config ${CLUSTER_DOCUMENT}
${markConfigMaps(machine, "kubeadm-config", "kubelet-config")}for name in ${sans === "" ? '""' : sans}; do
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
${kubeadm} upgrade node --certificate-renewal=false ${upgradeFlags(spec)}
${controlPlane.kubeProxyIsReplaced === true ? "" : convergeKubeProxy(machine, version, kubeadm)}`;
}

/** Which rollout kube-proxy is at before anything is changed. */
const BEFORE_PROXY = `rolled() { kubectl --namespace kube-system get daemonset kube-proxy -o 'jsonpath={.metadata.generation}'; }
before_rolled=$(rolled)
`;

function convergeKubeProxy(machine: ClusterMachine, version: string, kubeadm: string): string {
  return `# kube-proxy may not be newer than an API server, so the last control-plane node to be upgraded takes it along; kubeadm's own upgrades
# wait for that too.
behind=$(kubectl --namespace kube-system get pods --selector component=kube-apiserver --field-selector ${word(`spec.nodeName!=${machine.nodeName}`)} -o 'jsonpath={range .items[*]}{.spec.nodeName}={.spec.containers[0].image}{"\\n"}{end}' | sed -n '/:v${version.replaceAll(".", "\\.")}$/!s/=.*//p' | paste -sd ' ')
if [ -n "$behind" ]; then
  note "kube-proxy is left as it is until the API servers of other control-plane nodes are at ${version} too: $behind"
else
phase "kube-proxy"
proxy() { kubectl --namespace kube-system get configmap kube-proxy -o 'jsonpath={.data}' | sha256sum; }
before_proxy=$(proxy)
${kubeadm} init phase addon kube-proxy --config ${CLUSTER_DOCUMENT}
${markConfigMaps(machine, "kube-proxy")}# kube-proxy reads its configuration when it starts, and kubeadm rolls nothing.
[ "$before_proxy" = "$(proxy)" ] || kubectl --namespace kube-system rollout restart daemonset kube-proxy
# A node whose kube-proxy is just coming up sends to pods that are gone by now: workers are drained when all are there.
if [ "$before_rolled" != "$(rolled)" ]; then
  kubectl --namespace kube-system rollout status daemonset kube-proxy --timeout ${PROXY_ROLLS_FOR}s >/dev/null || note "kube-proxy is not new on every node within ${PROXY_ROLLS_FOR} s"
fi
fi
`;
}
