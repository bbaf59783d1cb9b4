# shellcheck shell=bash disable=SC2154,SC2317
# Uses: rotation/scripts/running-pods.sh
# Variables: pki authority

# A kubelet writes a changed ConfigMap into volumes of its pods within two minutes. A program that reads its CA for each connection is
# refused nothing when it has both before the new one signs.
phase "CAs in the volumes of pods"
bodies() { awk '/-BEGIN CERT/ { body = ""; next } /-END CERT/ { print body; next } { gsub(/[ \r]/, ""); body = body $0 }' "$@"; }
# A CA that is none of the cluster's is somebody's own.
has_old_alone() {
  [ "${1##*/}" = ca.crt ] || return 1
  bodies "$1" >"$work/found"
  grep -qxFf "$work/cluster" "$work/found" && ! grep -qxFf "$work/new" "$work/found"
}
old=""
written() { old=$(pods_with has_old_alone) && [ -z "$old" ]; }
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
at_exit() { rm -rf "$work"; }
bodies "$pki/ca.crt" >"$work/cluster"
printf '%s\n' "$authority" | bodies >"$work/new"
wait_for 300 2 written || die "pods still have only the old CA:$old. Delete these pods and run up again"
rm -rf "$work"
