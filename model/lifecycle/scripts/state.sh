#!/usr/bin/env bash
# shellcheck disable=SC2154
# Variables: record_file setup_file rotation_file undo manager_states conflists link_folder install_root
# Uses: lifecycle/scripts/api-server-manifest.sh
# Prelude: path

set -u
node=null; setup=null
# What a living node runs with, read from the files that kubeadm, the kubelet and the CNI wrote: records of older releases of the library
# do not have it. One line `##living NAME VALUE` for each value that is there.
living_values() {
  local asked=() kubelet="" manifests=/etc/kubernetes/manifests manager kind key policy='.*"policyName": *"\([^"]*\)".*'
  # A file may end without a newline, and the line that comes next has to begin all the same.
  sed -n -e '/.*--node-ip=\([^" ]*\).*/{s//##living nodeAddress \1/;s/"//g;p}' \
    -e '/^clusterDomain: *\(.*\)$/{s//##living clusterDomain \1/;s/"//g;p}' \
    -e '/^cgroupDriver: *\(.*\)$/{s//##living cgroupDriver \1/;s/"//g;p}' \
    -e '/^ *- --node-cidr-mask-size=\(.*\)$/{s//##living nodeCidrMaskSize \1/;s/"//g;p}' \
    -e '/^ *image: .*kube-apiserver:v\([0-9.]*\).*$/{s//##living apiServer \1/;p}' \
    -e '/^ *- --service-account-issuer=\(.*\)$/{s//##living issuer \1/;s/"//g;p}' \
    /var/lib/kubelet/{kubeadm-flags.env,config.yaml} "$manifests/kube-controller-manager.yaml" "$(api_server_manifest)" 2>/dev/null
  echo
  for manager in "${!manager_states[@]}"; do
    [ -s "${manager_states[$manager]}" ] || continue
    sed -n "/$policy/{s//##living ${manager}Manager \\1/;s/\"//g;p}" "${manager_states[$manager]}" 2>/dev/null
    echo
  done
  [ -s /etc/kubernetes/pki/ca.crt ] && printf '##living clusterId %s\n' "$(printf '%s' "$(</etc/kubernetes/pki/ca.crt)" | sha256sum | cut -d ' ' -f 1)"
  if [ -s "$rotation_file" ]; then
    for key in cluster rotation phase; do asked+=(-e "h;s/.*\"$key\":\"\([a-z0-9-]*\)\".*/##living rotation_$key \1/p;g"); done
    sed -n "${asked[@]}" "$rotation_file" 2>/dev/null
  fi
  [ -s /var/lib/kubelet/pki/kubelet-client-current.pem ] && openssl x509 -noout -subject -nameopt multiline -in /var/lib/kubelet/pki/kubelet-client-current.pem 2>/dev/null | sed -n 's/^ *commonName *= system:node:/##living nodeName /p'
  [ -L "$link_folder/kubelet" ] && kubelet=$(readlink "$link_folder/kubelet")
  case $kubelet in "$install_root"/kubelet/*/*) kubelet=${kubelet#"$install_root"/kubelet/} && echo "##living version ${kubelet%%/*}" ;; esac
  for kind in "${!conflists[@]}"; do
    [ -e "/etc/cni/net.d/${conflists[$kind]}" ] && echo "##living cni $kind"
  done
}
# On one line. A power cut may leave an empty file, or zeros: that is a record that cannot be read, and not none.
record() {
  local text
  # Bash drops zeros itself, and says so.
  { text=$(<"$1"); } 2>/dev/null
  text=${text//$'\n'/}
  printf '%s' "${text:-\"\"}"
}
[ -e "$record_file" ] && node=$(record "$record_file")
[ -e "$setup_file" ] && setup=$(record "$setup_file")
listens() { [ -n "$(ss -Hltn "sport = :$1" 2>/dev/null)" ]; }
kubelet=false; api_server=false; etcd=false
[ -e /etc/kubernetes/kubelet.conf ] && kubelet=true
[ -e /etc/kubernetes/manifests/kube-apiserver.yaml ] && api_server=true
[ -d /var/lib/etcd/member ] && etcd=true
machine_id=""
[ -r /etc/machine-id ] && machine_id=$(</etc/machine-id)
printf '##state {"node":%s,"setup":%s,"machineId":"%s","kubelet":%s,"apiServer":%s,"etcd":%s,"now":%s}\n' \
  "$node" "$setup" "$machine_id" \
  "$kubelet" "$api_server" "$etcd" "$(date +%s)"
listens 6443 && echo "##listens 6443"
listens 2379 && echo "##listens 2379"
[ -e "$undo" ] && echo "##undo"
if [ "$kubelet" = true ]; then
  living_values
fi
true
