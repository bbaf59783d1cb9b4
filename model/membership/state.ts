import { searchPath } from "../node/paths";
import { MEMBER_FILE } from "./shell";

/** Prints, as one line of JSON after \`##state \`, what a host is in. Changes nothing. */
export function stateScript(): string {
  return `set -u
export LC_ALL=C PATH="${searchPath}"
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
