# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: node node_address ports watched silent

answers() {
  timeout 3 bash -c "exec 3<>/dev/tcp/$node_address/$1" 2>/dev/null || return 0
  echo "##alive port $1 of $node_address answers"
  exit 0
}
for port in "${ports[@]}"; do answers "$port"; done
lease() { kubectl --namespace kube-node-lease get lease "$node" --ignore-not-found -o 'jsonpath={.spec.renewTime}'; }
first=$(lease) || die "the API did not answer"
[ -n "$first" ] || exit 0
start=$(date +%s) renewed=$(date -d "$first" +%s)
while now=$(date +%s); [ $((now - start)) -lt "$watched" ] || [ $((now - renewed)) -lt "$silent" ]; do
  sleep 2
  again=$(lease) || die "the API did not answer"
  if [ "$again" != "$first" ]; then echo "##alive its kubelet renewed its lease at $again"; exit 0; fi
done
