# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/config-maps.sh
# Variables: node config_maps

echo "$node.$(cat /proc/sys/kernel/random/uuid)" >"$undo/id"
for name in "${config_maps[@]}"; do
  if data "$name" >"$undo/$name.json"; then changed_by "$name" >"$undo/$name.by" || true; else rm -f "$undo/$name.json"; fi
done
kubectl --server "$api_server" --namespace kube-system get daemonset kube-proxy -o 'jsonpath={.spec.template.spec.containers[0].image}' >"$undo/kube-proxy.image" 2>/dev/null || true
