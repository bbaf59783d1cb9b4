import { configFolder } from "../kubeadm";
import { linkFolder } from "../node/paths";
import type { Undo } from "../node/undo";
import type { RenderedFile } from "../renderedFile";
import type { ClusterMachine } from "../machine";
import { KUBELET_FILES } from "./parts";
import { ADMIN, RECORD_FILE } from "../node/shell";

/** Where kubeadm keeps what the cluster is configured by (`upload-config`, `addon kube-proxy`). */
const CONFIG_MAPS = ["kubeadm-config", "kubelet-config", "kube-proxy"] as const;
const MANAGERS = ["cpu", "memory"] as const;
/** Seconds in which the API server has to answer with its former files. */
const ANSWERS_WITHIN = 240;

/** What a new configuration of a living node writes. A new version is not among it: neither etcd nor the API goes back. */
export function nodeUndo(machine: ClusterMachine, files: readonly RenderedFile[]): Undo {
  const isControlPlane = machine.role === "controlPlane";
  return {
    paths: [
      ...files.map(({ path }) => path),
      "/etc/kubernetes/manifests",
      configFolder,
      ...(isControlPlane ? ["/etc/kubernetes/pki/apiserver.crt", "/etc/kubernetes/pki/apiserver.key"] : []),
      "/var/lib/kubelet/config.yaml",
      "/var/lib/kubelet/kubeadm-flags.env",
      ...["kubeadm", "kubelet", "kubectl"].map((name) => `${linkFolder}/${name}`),
      KUBELET_FILES,
      RECORD_FILE,
    ],
    remember: `${policies()}for manager in ${MANAGERS.join(" ")}; do policy "$manager" >"$undo/policy-$manager"; done
${isControlPlane ? `${configMaps()}for name in ${CONFIG_MAPS.join(" ")}; do data "$name" >"$undo/$name.json" || rm -f "$undo/$name.json"; done\n` : ""}`,
    restart: `${restartKubelet()}${isControlPlane ? restartControlPlane() : ""}${startTimers()}`,
  };
}

function policies(): string {
  return `policy() { sed -n 's/.*"policyName": *"\\([^"]*\\)".*/\\1/p' "/var/lib/kubelet/$1_manager_state" 2>/dev/null || true; }\n`;
}

function configMaps(): string {
  return `export KUBECONFIG=${ADMIN}
data() { local said; said=$(kubectl --namespace kube-system get configmap "$1" -o 'jsonpath={.data}') && [ -n "$said" ] && printf '{"data":%s}\\n' "$said"; }
`;
}

/** What another policy has handed out would keep the kubelet from its start. */
function restartKubelet(): string {
  return `${policies()}stale=()
for manager in ${MANAGERS.join(" ")}; do
  if [ "$(policy "$manager")" != "$(cat "$undo/policy-$manager")" ]; then stale+=("/var/lib/kubelet/\${manager}_manager_state"); fi
done
if [ "\${#stale[@]}" -gt 0 ] || is_back '^(/var/lib/kubelet/|${linkFolder}/kubelet$)'; then
  echo "restarting kubelet.service"
  systemctl stop kubelet.service || true
  if [ "\${#stale[@]}" -gt 0 ]; then rm -f "\${stale[@]}"; fi
  systemctl start kubelet.service || note "kubelet.service does not start"
fi
`;
}

/** The kubelet starts the static pods anew whose manifests differ; what the API holds follows when it answers. */
function restartControlPlane(): string {
  return `${configMaps()}if is_back '^/etc/kubernetes/pki/apiserver'; then crictl ps --quiet --name '^kube-apiserver$' | xargs -r crictl stop || true; fi
answers=""
for _ in $(seq ${ANSWERS_WITHIN}); do
  if kubectl get --raw /readyz >/dev/null 2>&1; then answers=yes; break; fi
  sleep 1
done
[ -n "$answers" ] || note "the API does not answer with its former files either: what it holds of the cluster's configuration stays as the failed change left it"
for name in ${CONFIG_MAPS.join(" ")}; do
  if [ -z "$answers" ] || [ ! -s "$undo/$name.json" ] || [ "$(data "$name" || true)" = "$(cat "$undo/$name.json")" ]; then continue; fi
  kubectl --namespace kube-system patch configmap "$name" --type merge --patch-file "$undo/$name.json" >/dev/null || note "the API does not take the former $name"
  echo "put back configmap $name"
  echo "configmap/$name" >>"$undo/changed"
done
if is_back '^configmap/kube-proxy$'; then kubectl --namespace kube-system rollout restart daemonset kube-proxy >/dev/null || true; fi
`;
}

function startTimers(): string {
  return `for timer in $(grep -E '^/etc/systemd/system/.*[.]timer$' "$undo/changed" || true); do
  if [ -e "$timer" ]; then systemctl enable --now --quiet "\${timer##*/}" || true; fi
done
`;
}
