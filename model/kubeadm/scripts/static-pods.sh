# shellcheck shell=bash disable=SC2154
# Variables: pki cri_socket stop_seconds

crictl() { command crictl --runtime-endpoint "$cri_socket" "$@"; }

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
    crictl stop --timeout "$stop_seconds" "$before" >/dev/null
  fi
  if retry 180 1 restarted "$name" "$before"; then return 0; fi
  echo "$name did not become healthy within three minutes of its restart" >&2
  return 1
}
