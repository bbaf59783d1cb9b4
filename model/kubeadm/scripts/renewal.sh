#!/usr/bin/env bash
# shellcheck disable=SC2154
# Uses: node/scripts/waiting.sh kubeadm/scripts/static-pods.sh
# Variables: pki days lock_file signing_file
# Prelude: path

# Renews kubeadm's certificates when one of them ends within so many days, then restarts what uses them.
set -euo pipefail
kubernetes=/etc/kubernetes
pending=/var/lib/pulumi-kubeadm/renewal
seconds=$((days * 86400))

# Prints the certificates that end too soon, one a line.
due() {
  local file
  for file in "$pki"/{apiserver,apiserver-etcd-client,apiserver-kubelet-client,front-proxy-client}.crt "$pki"/etcd/{server,peer,healthcheck-client}.crt; do
    [ -e "$file" ] || continue
    openssl x509 -noout -checkend "$seconds" -in "$file" >/dev/null || echo "$file"
  done
  for file in "$kubernetes"/{admin,super-admin,controller-manager,scheduler}.conf; do
    [ -e "$file" ] || continue
    sed -n 's/^ *client-certificate-data: *//p' "$file" | base64 -d | openssl x509 -noout -checkend "$seconds" >/dev/null || echo "$file"
  done
}

exec 9>"$lock_file"
flock --nonblock 9 || { echo "another run is under way"; exit 0; }
# A renewal would leave kubeconfigs that trust one of two CAs.
[ ! -e "$signing_file" ] || { echo "a rotation is under way, which renews all certificates"; exit 0; }
mkdir -p "$pending"

list=$(due)
if [ -n "$list" ]; then
  echo "renewing, because these end within $days days:"
  echo "$list"
  touch "$pending"/{etcd,kube-apiserver,kube-controller-manager,kube-scheduler}
  sync "$pending"
  kubeadm certs renew all
  list=$(due)
  [ -z "$list" ] || { printf 'still ending too soon after the renewal:\n%s\n' "$list" >&2; exit 1; }
fi

# One after the other, and the next only when the last one answers again.
if [ -e "$pending/etcd" ]; then
  restart_etcd_and_api
  rm -f "$pending"/{etcd,kube-apiserver}
fi
for name in kube-apiserver kube-controller-manager kube-scheduler; do
  if [ -e "$pending/$name" ]; then
    restart "$name"
    rm -f "$pending/$name"
  fi
done
