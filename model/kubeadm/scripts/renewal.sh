#!/usr/bin/env bash
# shellcheck disable=SC2154
# Uses: node/scripts/waiting.sh
# Variables: pki days cri_socket lock_file
# Prelude: path

# Renews kubeadm's certificates when one of them ends within so many days, then restarts what uses them.
set -euo pipefail
kubernetes=/etc/kubernetes
pending=/var/lib/pulumi-kubeadm/renewal
seconds=$((days * 86400))

crictl() { command crictl --runtime-endpoint "$cri_socket" "$@"; }

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

container() { crictl ps --quiet --state Running --label io.kubernetes.pod.namespace=kube-system --name "^$1\$" | head -n 1; }

healthy() {
  local ask=(curl --silent --fail --max-time 3 --output /dev/null)
  case $1 in
    etcd) "${ask[@]}" http://127.0.0.1:2381/health ;;
    kube-apiserver) "${ask[@]}" --noproxy '*' --cacert "$pki/ca.crt" https://127.0.0.1:6443/readyz ;;
    # Their certificates are their own, made at start, and this does not leave the host.
    kube-controller-manager) "${ask[@]}" --noproxy '*' --insecure https://127.0.0.1:10257/healthz ;;
    kube-scheduler) "${ask[@]}" --noproxy '*' --insecure https://127.0.0.1:10259/healthz ;;
  esac
}

# restarted NAME BEFORE: another container than BEFORE runs, and is healthy.
restarted() {
  local after
  after=$(container "$1") && [ -n "$after" ] && [ "$after" != "$2" ] && healthy "$1"
}

restart() {
  local name=$1 before
  before=$(container "$name")
  if [ -n "$before" ]; then
    echo "restarting $name"
    crictl stop --timeout 30 "$before" >/dev/null
  fi
  if retry 180 1 restarted "$name" "$before"; then
    rm -f "$pending/$name"
    return 0
  fi
  echo "$name did not become healthy within three minutes of its restart" >&2
  return 1
}

exec 9>"$lock_file"
flock --nonblock 9 || { echo "another run is under way"; exit 0; }
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
for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
  [ ! -e "$pending/$name" ] || restart "$name"
done
