# shellcheck shell=bash disable=SC2154
# Uses: lifecycle/scripts/api-server-manifest.sh
# Variables: undo

sed -n 's/^ *image: .*kube-apiserver:/##api-server /p' "$(api_server_manifest)"
echo "##configuration"
configuration() { kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}'; }
if [ -e "$undo" ]; then
  # The change that was cut off may have stopped the only API server. Whoever changes anything puts it back, and asks again.
  retry 3 2 configuration 2>/dev/null || true
else
  retry 60 2 configuration
fi
