#!/usr/bin/env bash
# shellcheck disable=SC2016,SC2154,SC2317 # tests are text that is run, and functions are called from there
# Variables: strong_ciphers control_plane_checks node_checks
# Prelude: path

# Checks of the CIS Kubernetes Benchmark (numbers of kube-bench cis-1.12) on this host; changes nothing.
set -uo pipefail
export KUBECONFIG=/etc/kubernetes/admin.conf
manifests=/etc/kubernetes/manifests
kubelet_file=/var/lib/kubelet/config.yaml
failed=0

# mode MAXIMUM FILE..., owner USER:GROUP FILE...: of all files that are there.
mode() {
  local most=$1 file bits
  shift
  for file; do
    [ -e "$file" ] || continue
    bits=$(stat -L -c %a "$file")
    [ $((0$bits & ~0$most)) -eq 0 ] || return 1
  done
}
owner() {
  local who=$1 file
  shift
  for file; do
    [ ! -e "$file" ] || [ "$(stat -L -c %U:%G "$file")" = "$who" ] || return 1
  done
}
# Flags of a static pod: flag COMPONENT NAME prints the value.
flag() { sed -n "/^ *- --$2=/{s///;s/[\"']//g;p}" "$manifests/$1.yaml"; }
given() { [ -n "$(flag "$1" "$2")" ]; }
unset_flag() { [ -r "$manifests/$1.yaml" ] && ! given "$1" "$2"; }
is() { [ "$(flag "$1" "$2")" = "$3" ]; }
has() { [[ ",$(flag "$1" "$2")," == *",$3,"* ]]; }
lacks() { [ -r "$manifests/$1.yaml" ] && ! has "$1" "$2" "$3"; }
least() { [ "$(flag "$1" "$2")" -ge "$3" ]; }
# The first provider of the file is the one that writes.
encrypts() { [ "$(sed -n 's/^ *- \(secretbox\|aescbc\|aesgcm\|kms\|identity\):.*/\1/p' "$1" | sed -n 1p)" != identity ] && [ -s "$1" ]; }
strong() {
  local suite
  [ $# -gt 0 ] || return 1
  for suite; do [[ " ${strong_ciphers[*]} " == *" $suite "* ]] || return 1; done
}
# The kubelet's configuration as kubeadm writes it: kubelet PATH prints a value, kubelet_list NAME a list's.
kubelet() {
  awk -v path="$1" 'BEGIN { depth = split(path, keys, ".") }
    { match($0, /^ */); level = RLENGTH / 2 + 1; line = substr($0, RLENGTH + 1) }
    level <= found { found = level - 1 }
    level == found + 1 && index(line, keys[level] ":") == 1 { found = level; if (level == depth) { sub(/^[^:]*: */, "", line); print line; exit } }' "$kubelet_file" | tr -d "\"'"
}
kubelet_list() { sed -n "/^$1:/,/^[a-zA-Z]/s/^ *- //p" "$kubelet_file"; }
cluster_admins() { ! kubectl get clusterrolebindings -o 'jsonpath={range .items[?(@.roleRef.name=="cluster-admin")]}{.metadata.name}{"\n"}{end}' | grep -vxE 'cluster-admin|kubeadm:cluster-admins|pulumi-kubeadm:people:cluster-admin|tigera-operator.*'; }
no_system_masters() {
  local file
  for file in /etc/kubernetes/*.conf; do
    sed -n 's/^ *client-certificate-data: *//p' "$file" | base64 -d 2>/dev/null | openssl x509 -noout -subject 2>/dev/null | grep -q 'system:masters' && return 1
  done
  return 0
}
proxy_metrics() { ! ss -Hltn 2>/dev/null | awk '{ print $4 }' | grep -E ':10249$' | grep -vE '^(127\.0\.0\.1|\[::1\]):'; }

# judge ID WHAT REASON TEST
judge() {
  local verdict=people
  if [ -n "$4" ]; then
    verdict=pass
    if ! eval "$4" >/dev/null 2>&1; then verdict=left; [ -n "$3" ] || { verdict=fail; failed=1; }; fi
  fi
  case $verdict in
    pass | fail) printf '%-6s %-7s %s\n' "$verdict" "$1" "$2" ;;
    *) printf '%-6s %-7s %s: %s\n' "$verdict" "$1" "$2" "$3" ;;
  esac
}

if [ ! -e "$kubelet_file" ]; then
  echo "this host is not a node: $kubelet_file is missing" >&2
  exit 2
fi
# Four words make a check.
judge_all() {
  while [ $# -gt 0 ]; do
    judge "$1" "$2" "$3" "$4"
    shift 4
  done
}
if [ -e "$manifests/kube-apiserver.yaml" ]; then judge_all "${control_plane_checks[@]}"; fi
judge_all "${node_checks[@]}"
exit "$failed"
