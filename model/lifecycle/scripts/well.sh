# shellcheck shell=bash disable=SC2317,SC2016,SC2034,SC2154
# Uses: node/scripts/kubelet-health.sh node/scripts/node-ready.sh
# Variables: machine node well_for well_within ready_before

phase "runtime and kubelet"
condition() { crictl info 2>/dev/null | tr -d ' \n' | grep -o '{[^{}]*"type":"'"$1"'"[^{}]*}' | grep -F '"status":true' >/dev/null; }
well=0
missing=""
stays_well() {
  missing=""
  condition RuntimeReady || missing="the container runtime is not ready"
  [ -n "$missing" ] || condition NetworkReady || missing="the pod network is not ready"
  [ -n "$missing" ] || kubelet_healthy || missing="the kubelet is not healthy"
  if [ -z "$missing" ]; then well=$((well + 1)); else well=0; fi
  [ "$well" -ge "$well_for" ]
}
retry "$well_within" 1 stays_well || die "${missing:-it does not stay well} $well_within s after the change of $machine$([ "$missing" != "the kubelet is not healthy" ] || kubelet_said)"
phase "a pod starts"
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
pod=""
finish() {
  [ -z "$pod" ] || { crictl stopp "$pod" && crictl rmp "$pod"; } >/dev/null 2>&1 || true
  rm -rf "$work"
}
at_exit() { finish; }
# On the host's own network: it is the runtime that is asked, and not the CNI.
printf '{"metadata":{"name":"pulumi-kubeadm-check","namespace":"kube-system","uid":"pulumi-kubeadm-check-%s"},"linux":{"security_context":{"namespace_options":{"network":2}}}}\n' "$$" >"$work/pod.json"
pod=$(timeout 60 crictl runp "$work/pod.json" 2>"$work/said") || die "the container runtime of $machine starts no pod after the change: $(tail -n 3 "$work/said" | paste -sd ' ')"
finish
at_exit() { :; }
phase "node $node Ready"
# The API server of a node that is repaired by its change may still be on its way up.
wait_for "$well_within" 1 node_ready || die "node $node is not Ready $well_within s after its change: $why"
if [ -s "$ready_before" ]; then wait_for_ready "$ready_before" "$well_within"; fi
