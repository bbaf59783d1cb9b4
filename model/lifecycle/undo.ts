import { apiServerPort, configFolder, paths } from "../kubeadm";
import { linkFolder } from "../node/paths";
import { undoFolder, type Undo } from "../node/undo";
import type { RenderedFile } from "../renderedFile";
import type { ClusterMachine } from "../machine";
import { LABEL_DOMAIN } from "../core/labelDomain";
import { KUBELET_FILES } from "./parts";
import { ADMIN, RECORD_FILE, word } from "../node/shell";

/** Where kubeadm keeps what the cluster is configured by (`upload-config`, `addon kube-proxy`). */
const CONFIG_MAPS = ["kubeadm-config", "kubelet-config", "kube-proxy"] as const;
/** Annotation of these ConfigMaps: the change that wrote them last, so that no other node takes it back. */
const CHANGED_BY = `${LABEL_DOMAIN}/changed-by`;
/** The name of a change, beside its record. */
const CHANGE_ID = "id";
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
    // The keys of Secrets change on all API servers in stages, whatever else is under way: former ones could not read what is there now.
    except: [paths.encryption],
    remember: `${policies()}for manager in ${MANAGERS.join(" ")}; do policy "$manager" >"$undo/policy-$manager"; done
${isControlPlane ? rememberConfigMaps(machine) : ""}`,
    beforeStart: forgetPolicies(),
    restart: `${restartKubelet()}${isControlPlane ? restartControlPlane(machine) : ""}${startTimers()}`,
  };
}

/** Bash that marks ConfigMaps, by their names, as written by the change that is under way. */
export function markConfigMaps(machine: ClusterMachine, ...names: readonly string[]): string {
  const id = `"$(cat ${undoFolder}/${CHANGE_ID} 2>/dev/null || echo ${word(machine.nodeName)})"`;
  return `kubectl --namespace kube-system annotate --overwrite configmap ${names.join(" ")} ${CHANGED_BY}=${id} >/dev/null || true\n`;
}

function policies(): string {
  return `policy() { sed -n 's/.*"policyName": *"\\([^"]*\\)".*/\\1/p' "/var/lib/kubelet/$1_manager_state" 2>/dev/null || true; }\n`;
}

/** The node's own API server is asked: that of a host which was removed from the cluster answers for nobody. */
function configMaps({ nodeAddress }: ClusterMachine): string {
  const get = `kubectl --server https://${nodeAddress}:${apiServerPort} --namespace kube-system get configmap "$1"`;
  return `export KUBECONFIG=${ADMIN}
data() { local said; said=$(${get} -o 'jsonpath={.data}') && [ -n "$said" ] && printf '{"data":%s}\\n' "$said"; }
changed_by() { ${get} -o 'go-template={{with .metadata.annotations}}{{with index . "${CHANGED_BY}"}}{{.}}{{end}}{{end}}'; }
`;
}

function rememberConfigMaps(machine: ClusterMachine): string {
  return `${configMaps(machine)}echo "${machine.nodeName}.$(cat /proc/sys/kernel/random/uuid)" >"$undo/${CHANGE_ID}"
for name in ${CONFIG_MAPS.join(" ")}; do
  if data "$name" >"$undo/$name.json"; then changed_by "$name" >"$undo/$name.by" || true; else rm -f "$undo/$name.json"; fi
done
`;
}

/** What another policy has handed out would keep the kubelet from its start. */
function forgetPolicies(): string {
  return `${policies()}for manager in ${MANAGERS.join(" ")}; do
  if [ "$(policy "$manager")" = "$(cat "$undo/policy-$manager")" ]; then continue; fi
  # At boot its start waits for this script, and a stop would take that back.
  [ "$(systemctl show --property ActiveState --value kubelet.service)" = inactive ] || systemctl stop kubelet.service || true
  differs "/var/lib/kubelet/\${manager}_manager_state"
  rm -f "/var/lib/kubelet/\${manager}_manager_state"
done
`;
}

function restartKubelet(): string {
  return `if is_back '^(/var/lib/kubelet/|${linkFolder}/kubelet$)'; then
  echo "restarting kubelet.service"
  systemctl restart kubelet.service || note "kubelet.service does not start"
fi
`;
}

/** The kubelet starts the static pods anew whose manifests differ; what the API holds follows when it answers. */
function restartControlPlane(machine: ClusterMachine): string {
  const server = `--server https://${machine.nodeAddress}:${apiServerPort}`;
  return `${configMaps(machine)}if [ "$when" != boot ] && is_back '^/etc/kubernetes/pki/apiserver'; then crictl ps --quiet --name '^kube-apiserver$' | xargs -r crictl stop || true; fi
answers=""
for _ in $(seq ${ANSWERS_WITHIN}); do
  if kubectl ${server} get --raw /readyz >/dev/null 2>&1; then answers=yes; break; fi
  sleep 1
done
if [ -z "$answers" ] && [ "$when" = boot ]; then die "the files are back, and the API does not answer: the next step puts back what it holds of the cluster's configuration"; fi
[ -n "$answers" ] || note "the API does not answer with its former files either: what it holds of the cluster's configuration stays as the failed change left it"
# Whether the change that is put back wrote it last, or was cut off before it could say so.
wrote() {
  local by
  by=$(changed_by "$1") || return 1
  [ -z "$by" ] || [ "$by" = "$(cat "$undo/${CHANGE_ID}")" ] || [ "$by" = "$(cat "$undo/$1.by" 2>/dev/null)" ]
}
for name in ${CONFIG_MAPS.join(" ")}; do
  if [ -z "$answers" ] || [ ! -s "$undo/$name.json" ] || [ "$(data "$name" || true)" = "$(cat "$undo/$name.json")" ]; then continue; fi
  if ! wrote "$name"; then
    note "configmap $name stays: another node has changed it since"
    continue
  fi
  kubectl ${server} --namespace kube-system patch configmap "$name" --type merge --patch-file "$undo/$name.json" >/dev/null || note "the API does not take the former $name"
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
