# shellcheck shell=bash disable=SC2154,SC2317
# Uses: rotation/scripts/key-of.sh rotation/scripts/running-pods.sh
# Variables: key_id

# A kubelet that was restarted asks for new tokens of all its pods. They are there when each names the new key.
phase "tokens of running pods"
old=""
renewed() {
  local uid name file
  old=""
  running_pods >"$work/pods" || return 1
  while read -r uid name; do
    for file in "/var/lib/kubelet/pods/$uid/volumes/kubernetes.io~projected"/*/*; do
      if [ -f "$file" ] && is_token "$file" && [ "$(key_of <"$file")" != "$key_id" ]; then old="$old $name"; fi
    done
  done <"$work/pods"
  [ -z "$old" ]
}
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
at_exit() { rm -rf "$work"; }
wait_for 300 2 renewed || die "pods still have tokens that the old service-account key signed:$old. Delete these pods and run up again"
rm -rf "$work"
at_exit() { :; }
