# shellcheck shell=bash disable=SC2034,SC2154
# Variables: node well_within check_pod containerd_config

check_name=pulumi-kubeadm-check-$(printf %s "$node" | sha256sum | head -c 10)
check_pods() { kubectl --namespace kube-system "$1" pod "$check_name" "${@:2}"; }
drop_check() { check_pods delete --ignore-not-found --grace-period 0 --force --timeout 60s >/dev/null 2>&1; }
start_check() {
  drop_check
  printf '%s' "$check_pod" | sed "s|@NAME@|$check_name|; s|@IMAGE@|$check_image|; s|@NODE@|$node|" | kubectl create -f - 2>&1
}
started_check() { said=$(start_check); }
# run_check: a pod runs on the node, by the scheduler, the kubelet, the runtime and the CNI. Where none does, `said` has the reason.
run_check() {
  check_image=$(sed -n 's/^ *sandbox = "\(.*\)"$/\1/p' "$containerd_config" | tail -n 1)
  if [ -z "$check_image" ]; then
    said="$containerd_config of this host names no image of the pause container, which a pod on node $node would be made of"
    return 1
  fi
  if ! retry 30 2 started_check; then
    said="the API takes no pod for node $node: $said"
    return 1
  fi
  said=$(check_pods wait --for=condition=Ready --timeout "${well_within}s" 2>&1) && return
  said=$(check_pods get -o 'jsonpath={.status.phase} {range .status.conditions[*]}{.message}{" "}{end}{range .status.containerStatuses[*]}{.state.waiting.reason} {.state.waiting.message}{end}' 2>&1)
  drop_check
  said="no pod starts on node $node within $well_within s: ${said%% }"
  return 1
}
