import { CNI_KINDS, domainOf } from "../cni";
import { managerState } from "../kubeadm/managers";
import { searchPath } from "../core/searchPath";
import { installRoot, linkFolder } from "../node/paths";
import { undoFolder } from "../node/undo";
import { RECORD_FILE, SETUP_FILE } from "../node/shell";

/**
 * What a living node runs with, read from the files that kubeadm, the kubelet and the CNI wrote: records of older releases of
 * the library do not have it. One line \`##living NAME VALUE\` for each value that is there.
 */
function livingValues(): string {
  const value = (name: string, pattern: string): string =>
    `-e '/${pattern}/{s//##living ${name} \\1/;s/"//g;p}'`;
  const flag = (name: string): string => `^ *- --${name}=\\(.*\\)$`;
  const manifests = "/etc/kubernetes/manifests";
  const policy = '.*"policyName": *"\\([^"]*\\)".*';
  const values = [
    value("nodeAddress", '.*--node-ip=\\([^" ]*\\).*'),
    value("clusterDomain", "^clusterDomain: *\\(.*\\)$"),
    value("cgroupDriver", "^cgroupDriver: *\\(.*\\)$"),
    value("nodeCidrMaskSize", flag("node-cidr-mask-size")),
    value("issuer", flag("service-account-issuer")),
  ].join(" ");
  // A file may end without a newline, and the line that comes next has to begin all the same.
  return [
    `sed -n ${values} /var/lib/kubelet/{kubeadm-flags.env,config.yaml} ${manifests}/kube-{controller-manager,apiserver}.yaml 2>/dev/null; echo\n`,
    ...(["cpu", "memory"] as const).map(
      (manager) =>
        `sed -n ${value(`${manager}Manager`, policy)} ${managerState(manager)} 2>/dev/null; echo\n`,
    ),
    `[ -s /etc/kubernetes/pki/ca.crt ] && printf '##living clusterId %s\n' "$(printf '%s' "$(cat /etc/kubernetes/pki/ca.crt)" | sha256sum | cut -d ' ' -f 1)"\n`,
    "openssl x509 -noout -subject -nameopt multiline -in /var/lib/kubelet/pki/kubelet-client-current.pem 2>/dev/null | sed -n 's/^ *commonName *= system:node:/##living nodeName /p'\n",
    `readlink ${linkFolder}/kubelet | sed -n 's|^${installRoot}/kubelet/\\([^/]*\\)/.*|##living version \\1|p'\n`,
    ...CNI_KINDS.map(
      (kind) => `[ -e /etc/cni/net.d/${domainOf(kind).traces.conflist} ] && echo "##living cni ${kind}"\n`,
    ),
  ].join("");
}

/** Prints, as one line of JSON after \`##state \`, what a host is in. Changes nothing. */
export function stateScript(): string {
  return `set -u
export LC_ALL=C PATH="${searchPath}"
node=null; setup=null
# On one line. A power cut may leave an empty file, or zeros: that is a record that cannot be read, and not none.
record() {
  local text
  text=$(tr -d '\\n\\000' <"$1" 2>/dev/null)
  [ -n "$text" ] || text='""'
  printf '%s' "$text"
}
[ -e ${RECORD_FILE} ] && node=$(record ${RECORD_FILE})
[ -e ${SETUP_FILE} ] && setup=$(record ${SETUP_FILE})
yes() { if "$@" >/dev/null 2>&1; then echo true; else echo false; fi; }
listens() { ss -Hltn "sport = :$1" 2>/dev/null | grep -q .; }
printf '##state {"node":%s,"setup":%s,"machineId":"%s","kubelet":%s,"apiServer":%s,"etcd":%s,"now":%s}\\n' \\
  "$node" "$setup" "$(cat /etc/machine-id 2>/dev/null)" \\
  "$(yes test -e /etc/kubernetes/kubelet.conf)" \\
  "$(yes sh -c '[ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]')" \\
  "$(yes test -d /var/lib/etcd/member)" "$(date +%s)"
listens 6443 && echo "##listens 6443"
listens 2379 && echo "##listens 2379"
[ -e ${undoFolder} ] && echo "##undo"
if [ -e /etc/kubernetes/kubelet.conf ]; then
${livingValues()}fi
true
`;
}
