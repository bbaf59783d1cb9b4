# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: node

phase "node $node registered"
for _ in $(seq 1 240); do
  kubectl get node "$node" >/dev/null 2>&1 && found=yes && break
  sleep 0.5
done
[ "${found:-}" = yes ] || die "node $node did not register with the API within two minutes"
