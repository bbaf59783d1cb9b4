/** Scripts that run on a control-plane node and concern the Node of another machine, or its own. */
import { KUBELET_PORT } from "../flows";
import { nodeLabels, paths } from "../kubeadm";
import { approverUnit } from "../kubeadm/approver";
import type { ClusterMachine } from "../machine";
import { annotationOf, letIn } from "./draining";
import { deadOut, etcdFunctions, memberIds, removeMemberFunction, type EtcdMember } from "./etcd";
import { prelude, word } from "./shell";
import type { NodeSpec } from "./spec";

/**
 * Run on a control-plane node: waits until the node is registered, then gives it the labels and taints of the settings.
 * What an earlier run gave and the settings no longer name is taken away; what others gave stays. A node that was
 * drained for its upgrade is let in again.
 */
export function adoptScript(spec: NodeSpec): string {
  const { machine } = spec;
  const node = word(machine.nodeName);
  const labels = Object.entries(nodeLabels(machine)).map(([key, value]) => `${key}=${value}`);
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
${annotationOf(machine)}
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
${letIn(spec)}${servingCertificate(spec)}`;
}

/**
 * Waits until the kubelet has the certificate it serves with: until then logs, exec and port-forward fail on the node. The
 * approver looks by itself only now and then. A certificate that it does not approve is left to people, and said.
 */
function servingCertificate(spec: NodeSpec): string {
  const { machine } = spec;
  if (spec.kubelet.config.serverTLSBootstrap === false) return "";
  const kubelet = word(`https://${machine.nodeAddress}:${KUBELET_PORT}/healthz`);
  return `phase "serving certificate of ${machine.nodeName}"
for _ in $(seq 1 60); do
  # Any answer will do: it is the certificate that is asked for, by the CA that the API server trusts.
  curl --silent --output /dev/null --noproxy '*' --max-time 2 --cacert ${paths.pki}/ca.crt ${kubelet} && served=yes && break
  systemctl start ${approverUnit}.service 2>/dev/null || true
  sleep 0.5
done
[ "\${served:-}" = yes ] || note "the kubelet of ${machine.nodeName} has no serving certificate yet: logs and exec fail there until it is approved"
`;
}

/** Run on a control-plane node that stays: forgets an etcd member by its node's name, whether it ever started or not. */
function forgetEtcdMember(machine: ClusterMachine): string {
  return `if find_etcd; then
  member=$(etcdctl member list | ${memberIds(machine)})
  if [ -n "$member" ]; then
    note "removing etcd member ${machine.name}"
    etcdctl member remove "$member"
  fi
fi
`;
}

function forgetDead(dead: readonly EtcdMember[]): string {
  return dead.length === 0 ? "" : `refuse() { die "$1"; }\n${removeMemberFunction()}${deadOut(dead)}`;
}

/**
 * Run on a control-plane node that stays, before a host that is no member joins: a join that was cut off may have
 * registered its Node and its etcd member already, and kubeadm refuses a second one of the name.
 * @param dead members of machines that leave: etcd takes no new one while they are listed
 */
export function forgetScript(machine: ClusterMachine, dead: readonly EtcdMember[] = []): string {
  return `${prelude()}
phase "forget ${machine.name}"
kubectl delete node ${word(machine.nodeName)} --ignore-not-found --timeout 60s
${machine.role === "controlPlane" ? etcdFunctions() + forgetEtcdMember(machine) + forgetDead(dead) : ""}`;
}
