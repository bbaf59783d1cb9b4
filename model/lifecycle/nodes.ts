/** Scripts that run on a control-plane node and concern the Node of another machine, or its own. */
import { LABEL_DOMAIN } from "../core/labelDomain";
import { KUBELET_PORT } from "../network/ports";
import { nodeLabels, paths } from "../kubeadm";
import { approverUnit } from "../kubeadm/approver";
import type { ClusterMachine } from "../machine";
import { annotationOf, letIn, readyAgain } from "./draining";
import { deadOut, etcdFunctions, memberIds, removeMemberFunction, type EtcdMember } from "../node/etcd";
import { prelude, word } from "../node/shell";
import type { NodeMachine, NodeSpec } from "./spec";

/** Annotations of a node with the labels, and the taints as `key:effect`, that the library gave it. */
const GIVEN = {
  labels: `${LABEL_DOMAIN}/labels`,
  taints: `${LABEL_DOMAIN}/taints`,
} as const;
/**
 * What may be in them: a node writes its own annotations, and a forged one must not become a part of a request that is
 * made with the administrator's credentials.
 */
const KEY = "[A-Za-z0-9]([A-Za-z0-9./_-]*[A-Za-z0-9])?";
/** Tries of a request, two seconds apart: the API server may be on its way up, or somebody else has changed the node meanwhile. */
const TRIES = 60;

/**
 * Run on a control-plane node: waits until the node is registered, then gives it the labels and taints of the settings. What an
 * earlier run gave and the settings no longer name is taken away; what others gave stays. A node that was drained for its
 * upgrade is let in again. What can fail comes before the labels: where this fails, the node has its former ones.
 */
export function adoptScript(spec: NodeSpec): string {
  const { machine } = spec;
  const node = word(machine.nodeName);
  return `${prelude()}
phase "node ${machine.nodeName} registered"
for _ in $(seq 1 240); do
  kubectl get node ${node} >/dev/null 2>&1 && found=yes && break
  sleep 0.5
done
[ "\${found:-}" = yes ] || die "node ${machine.nodeName} did not register with the API within two minutes"
${annotationOf(machine)}
${readyAgain(spec)}${labelsAndTaints(machine)}${letIn(spec)}${servingCertificate(spec)}`;
}

/** One request, so that all of it is there or nothing, and the record of what was given is never behind. */
function labelsAndTaints(machine: NodeMachine): string {
  const node = word(machine.nodeName);
  const labels = nodeLabels(machine);
  const taints = machine.taints.map((taint) => ({ name: `${taint.key}:${taint.effect}`, taint }));
  const given = {
    [GIVEN.labels]: Object.keys(labels).join(","),
    [GIVEN.taints]: taints.map(({ name }) => name).join(","),
  };
  const inner = (value: object): string => word(JSON.stringify(value).slice(1, -1));
  const annotation = (name: string): string =>
    `{{with .metadata.annotations}}{{with index . "${name}"}}{{.}}{{end}}{{end}}{{"\\n"}}`;
  const taint =
    '{{.key}}:{{.effect}} {"key":"{{.key}}"{{with .value}},"value":"{{.}}"{{end}},"effect":"{{.effect}}"{{with .timeAdded}},"timeAdded":"{{.}}"{{end}}}{{"\\n"}}';
  const template = `{{.metadata.resourceVersion}}{{"\\n"}}${annotation(GIVEN.labels)}${annotation(GIVEN.taints)}{{range .spec.taints}}${taint}{{end}}`;
  return `phase "labels and taints of ${machine.nodeName}"
# given LIST PATTERN: an annotation's entries, a line each
given() { tr ',' '\\n' <<<"$1" | grep -xE "$2" || true; }
label_and_taint() {
  local seen version labels taints name rest patch wanted=${inner(labels)} list=${inner(taints.map((one) => one.taint))}
  seen=$(kubectl get node ${node} -o 'go-template=${template}') || return 1
  { read -r version; read -r labels; read -r taints; rest=$(cat); } <<<"$seen"
  while read -r name; do
    if [ -n "$name" ] && ! grep -qxF -e "$name" <<<${word(Object.keys(labels).join("\n"))}; then wanted+=',"'"$name"'":null'; fi
  done < <(given "$labels" '${KEY}')
  taints=$(given "$taints" '${KEY}:(NoSchedule|PreferNoSchedule|NoExecute)')
  while read -r name patch; do
    if [ -n "$name" ] && ! grep -qxF -e "$name" <<<"$taints"$'\\n'${word(taints.map(({ name }) => name).join("\n"))}; then list+=",$patch"; fi
  done <<<"$rest"
  patch=$(printf '{"metadata":{"resourceVersion":"%s","labels":{%s},"annotations":{%s}},"spec":{"taints":[%s]}}' "$version" "\${wanted#,}" ${inner(given)} "\${list#,}")
  kubectl patch node ${node} --type merge --patch "$patch" 2>&1
}
for _ in $(seq 1 ${TRIES}); do
  said=$(label_and_taint) && labelled=yes && break
  sleep 2
done
[ "\${labelled:-}" = yes ] || die "node ${machine.nodeName} did not get its labels and taints, none of them; the next run of up gives them: $said"
`;
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
  return dead.length === 0
    ? ""
    : `refuse() { die "$1"; }\ndid() { :; }\n${removeMemberFunction()}${deadOut(dead)}`;
}

/** A shell command. While etcd elects another leader, as it does when a member has just left, the API may not answer. */
export function deleteNode(machine: ClusterMachine): string {
  const once = `kubectl delete node ${word(machine.nodeName)} --ignore-not-found --timeout 60s`;
  return `{ ${once} || { sleep 10; ${once}; } || { sleep 20; ${once}; }; }`;
}

/**
 * Run on a control-plane node that stays, before a host that is not a node joins: a join that was cut off may have
 * registered its Node and its etcd member already, and kubeadm refuses a second one of the name.
 * @param dead members of machines that leave: etcd takes no new one while they are listed
 */
export function forgetScript(machine: ClusterMachine, dead: readonly EtcdMember[] = []): string {
  return `${prelude()}
phase "forget ${machine.name}"
${deleteNode(machine)}
${machine.role === "controlPlane" ? etcdFunctions() + forgetEtcdMember(machine) + forgetDead(dead) : ""}`;
}
