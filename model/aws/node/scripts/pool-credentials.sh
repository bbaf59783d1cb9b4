#!/usr/bin/env bash
# shellcheck disable=SC2016,SC2154,SC2317 # templates of kubectl; variables of the head; functions called by name
# Uses: node/scripts/say.sh aws/node/scripts/aws.sh aws/node/scripts/repair.sh
# Variables: pools calls state run_path pool_label adopted join_user join_group credential_hours renew_minutes status_hours
# Prelude: path

# Lets instances of pools into the cluster: credentials to join with, labels for those that came, an end to old statuses.
set -euo pipefail
umask 077
export KUBECONFIG=/etc/kubernetes/admin.conf
[ -e "$KUBECONFIG" ] || exit 0
work=$(mktemp -d "$run_path.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$state"
failed=0
# One pool's trouble is not another's. A process of its own: in a list with || the shell would go on after an error.
try() {
  if "$0" "$@" >"$work/said" 2>&1; then
    grep '^<5>' "$work/said" || true
  else
    say "$1 of pool $2 failed: $(tail -n 3 "$work/said" | sed 's/^<5>//' | tr '\n' ' ')"
    failed=1
  fi
}

# credential POOL PARAMETER: the endpoint and the CA come from the cluster's own configuration.
# The mark holds the parameter's version: a parameter that has an earlier one, or none, was made anew, and holds nothing.
credential() {
  local known current version
  if [ -n "$(find "$state/$1.written" -mmin "-$renew_minutes" 2>/dev/null)" ]; then
    known=$(cat "$state/$1.written")
    current=$(aws version "$2")
    if [ "$current" -ge "${known:-1}" ]; then return 0; fi
  fi
  kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' >"$work/configuration"
  kubeadm kubeconfig user --config "$work/configuration" --client-name "$join_user$1" --org "$join_group" --validity-period "${credential_hours}h" >"$work/credential" 2>"$work/error" || { cat "$work/error"; return 1; }
  version=$(aws putParameter "$2" SecureString <"$work/credential")
  # Version 1 is what the stack makes, with nothing in it; this one was made here, in the place of one that somebody deleted.
  if [ "$version" -le 1 ]; then version=$(aws putParameter "$2" SecureString <"$work/credential"); fi
  rm -f "$work/credential"
  echo "$version" >"$state/$1.written"
  say "wrote a credential of $credential_hours hours for pool $1"
}

# Nodes of a pool by their own word: name, whether they have the role, and the digest of the labels they were given.
nodes_of() {
  kubectl get nodes --selector "$pool_label=$1" -o go-template='{{range .items}}{{$name := .metadata.name}}{{$role := "no"}}{{range $key, $value := .metadata.labels}}{{if eq $key "'"$2"'"}}{{$role = "yes"}}{{end}}{{end}}{{$digest := "none"}}{{range $key, $value := .metadata.annotations}}{{if eq $key "'"$adopted"'"}}{{$digest = $value}}{{end}}{{end}}{{$name}} {{$role}} {{$digest}}{{"\n"}}{{end}}'
}

# Names of nodes whose first certificate was asked for with the credential of a pool.
came_by() {
  local user request subject
  while read -r user request; do
    [ "$user" = "$join_user$1" ] || continue
    subject=$(base64 -d <<<"$request" | openssl req -noout -subject -nameopt RFC2253)
    if [[ $subject =~ CN=system:node:([a-z0-9][-a-z0-9.]*) ]]; then echo "${BASH_REMATCH[1]}"; fi
  done < <(kubectl get certificatesigningrequests --field-selector spec.signerName=kubernetes.io/kube-apiserver-client-kubelet -o go-template='{{range .items}}{{if .status.certificate}}{{.spec.username}} {{.spec.request}}{{"\n"}}{{end}}{{end}}')
}

# adopt POOL ROLE DIGEST LABEL...: a role is set by control-plane nodes alone, so a node that has it was let in by one.
adopt() {
  local pool=$1 role=$2 digest=$3 name has given came=""
  shift 3
  nodes_of "$pool" "$role" >"$work/nodes"
  while read -r name has given; do
    if [ "$has" = yes ] && [ "$given" = "$digest" ]; then continue; fi
    if [ "$has" = no ]; then
      if [ -z "$came" ]; then
        came_by "$pool" >"$work/came"
        came=yes
      fi
      if ! grep -qxF "$name" "$work/came"; then
        [ -e "$state/unknown.$name" ] || say "$name says that it is of pool $pool, but did not come by that pool's credential"
        touch "$state/unknown.$name"
        continue
      fi
    fi
    kubectl label --overwrite node "$name" "$@" >/dev/null
    kubectl annotate --overwrite node "$name" "$adopted=$digest" >/dev/null
    rm -f "$state/unknown.$name"
    say "adopted $name of pool $pool"
  done <"$work/nodes"
}

# sweep POOL PREFIX: deletes statuses of instances that are no nodes and have said nothing for `status_hours`.
sweep() {
  local names=()
  if [ -n "$(find "$state/$1.swept" -mmin "-$renew_minutes" 2>/dev/null)" ]; then return 0; fi
  kubectl get nodes -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}' >"$work/alive"
  aws statuses "$2" >"$work/statuses"
  python3 -I - "$work/alive" "$((status_hours * 3600))" >"$work/gone" <<'PYTHON'
import json, sys, time
alive = open(sys.argv[1]).read().split()
for line in open(sys.argv[1].replace("alive", "statuses")):
    one = json.loads(line)
    value = json.loads(one["value"])
    if value["node"] not in alive and time.time() - value["time"] > int(sys.argv[2]):
        print(one["parameter"])
PYTHON
  mapfile -t names <"$work/gone"
  if [ "${#names[@]}" -gt 0 ]; then aws forget "${names[@]}"; fi
  touch "$state/$1.swept"
}

if [ $# -gt 0 ]; then
  "$@"
  exit
fi
exec 9>"$run_path.lock"
flock --nonblock 9 || exit 0
for call in "${calls[@]}"; do
  read -ra words <<<"$call"
  try "${words[@]}"
done
# Marks of pools that are gone: one that comes back under the name starts with nothing.
for mark in "$state"/*.written "$state"/*.swept "$state"/*.held "$state"/*.repaired; do
  name=${mark##*/}
  [[ " ${pools[*]} " == *" ${name%.*} "* ]] || rm -f "$mark"
done
exit "$failed"
