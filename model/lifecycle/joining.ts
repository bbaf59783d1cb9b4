/**
 * The scripts that make a host a node. Each can be run again after any interruption: what a former run left half done is
 * found by the state in node.json and cleared first.
 */
import { searchPath } from "../core/searchPath";
import { paths } from "../kubeadm";
import type { RenderedFile } from "../renderedFile";
import { grantJoinAccess, JOIN_GROUP, joinApproverUnit, joinUser } from "../kubeadm";
import type { NodeIdentity } from "./identity";
import {
  CLUSTER_DOCUMENT,
  DISCOVERY_FILE,
  JOIN_DOCUMENT,
  JOIN_FILE_COMMAND,
  putNodeFiles,
  setState,
  startUnits,
  useKubernetes,
} from "./parts";
import { ADMIN, prelude, word } from "../node/shell";
import { forgetUndo } from "../node/undo";
import { placeStaticPods } from "./staticPods";

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

/** The first keys that the API server reads. Later ones reach it in stages, whatever the settings say. */
function startEncryption(): string {
  const { encryption, wantedEncryption } = paths;
  return `if [ -e ${wantedEncryption} ]; then install -D -m 0600 ${wantedEncryption} ${encryption}; fi\n`;
}

/** A file system of its own has lost+found at its top, which kubeadm takes for data of etcd. */
const mountOfEtcd = `mount=()
if [ "$(ls -A /var/lib/etcd 2>/dev/null)" = lost+found ]; then mount=(--ignore-preflight-errors=DirAvailable--var-lib-etcd); fi
`;

/** What init and join begin with: versions, a clean host, and everything kubeadm reads. */
function becoming(
  state: "initialising" | "joining",
  kubernetesVersion: string,
  facts: NodeIdentity,
  files: readonly RenderedFile[],
  platform: string,
): string {
  // The credential of a join must not outlive the script, however it ends.
  const cleanUp = state === "joining" ? `trap 'rm -f ${DISCOVERY_FILE}' EXIT\n` : "";
  return `${prelude()}
${cleanUp}phase "kubernetes ${kubernetesVersion}"
${useKubernetes(kubernetesVersion)}
phase "clear"
${clearPartial()}${forgetUndo}
${setState(facts, state)}
phase "certificates and configuration"
${putNodeFiles(files)}${platform}${startEncryption()}`;
}

/**
 * Init on a control-plane node; the caller has made sure that no listed control-plane node serves an API or etcd already.
 * @param platform lines that only the platform needs, run when the files are there
 */
export function initScript(
  kubernetesVersion: string,
  facts: NodeIdentity,
  files: readonly RenderedFile[],
  secretFiles: readonly RenderedFile[],
  platform = "",
): string {
  return `${becoming("initialising", kubernetesVersion, facts, [...files, ...secretFiles], platform)}
phase "kubeadm init"
${mountOfEtcd}kubeadm init --config ${CLUSTER_DOCUMENT} "\${mount[@]}" --skip-token-print --skip-certificate-key-print
phase "bootstrap tokens"
# kubeadm makes one whether it is wanted or not; nodes join with certificates of hours instead.
kubectl --namespace kube-system delete secrets --ignore-not-found --field-selector type=bootstrap.kubernetes.io/token
${grantJoinAccess()}${startUnits(files)}${placeStaticPods(files)}
${setState(facts, "joined")}
`;
}

/**
 * Joins a host; the discovery file and, for a control-plane node, the key pairs are among the secret files.
 * @param platform lines that only the platform needs, run when the files are there
 */
export function joinScript(
  kubernetesVersion: string,
  facts: NodeIdentity,
  files: readonly RenderedFile[],
  secretFiles: readonly RenderedFile[],
  platform = "",
): string {
  return `${becoming("joining", kubernetesVersion, facts, [...files, ...secretFiles], platform)}
phase "kubeadm join"
${mountOfEtcd}kubeadm join --config ${JOIN_DOCUMENT} "\${mount[@]}"
${startUnits(files)}${placeStaticPods(files)}
${setState(facts, "joined")}
`;
}

/**
 * Prints a kubeconfig by which one machine joins as `node` and as no other, valid for `hours`; made by the cluster itself, run
 * on a control-plane node.
 */
export function credentialScript(node: string, hours: number): string {
  return `${prelude()}
systemctl is-active --quiet ${joinApproverUnit}.timer || die "${joinApproverUnit}.timer does not run here, so nothing would approve the join: run up with the settings as they were, then add or replace machines"
configuration=$(mktemp /run/pulumi-kubeadm.XXXXXX)
trap 'rm -f "$configuration"' EXIT
kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' >"$configuration"
kubeadm kubeconfig user --config "$configuration" --client-name ${word(joinUser(node))} --org ${JOIN_GROUP} --validity-period ${hours}h
`;
}

/** The command a person runs on a control-plane node to let a machine in by hand. */
export function joinFileCommand(): RenderedFile {
  return {
    path: JOIN_FILE_COMMAND,
    mode: "0755",
    content: `#!/usr/bin/env bash
# Prints a discovery file that is good for one hour and for one node, and the line that joins a prepared host with it.
set -euo pipefail
export LC_ALL=C PATH="${searchPath}" KUBECONFIG=${ADMIN}
node=\${1:?"usage: pulumi-kubeadm-join-file NODE (the name that the host gets as a node)"}
[[ $node =~ ^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$ ]] || { echo "NODE must be a DNS name in lower case" >&2; exit 2; }
umask 077
if [ -n "$(kubectl get node "$node" --ignore-not-found -o name)" ]; then
  echo "node $node is in the cluster already; if its host is gone: kubectl delete node $node" >&2
  exit 1
fi
configuration=$(mktemp)
trap 'rm -f "$configuration"' EXIT
kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' >"$configuration"
echo "# On the host to join, after its setup script: save these lines as ${DISCOVERY_FILE} (mode 0600), then run"
echo "#   kubeadm join --discovery-file ${DISCOVERY_FILE} --cri-socket unix:///run/containerd/containerd.sock --node-name $node"
kubeadm kubeconfig user --config "$configuration" --client-name "${joinUser("$node")}" --org ${JOIN_GROUP} --validity-period 1h 2>/dev/null
`,
  };
}
