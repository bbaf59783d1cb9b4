# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: node

phase "node $node registered"
retry 240 0.5 kubectl get node "$node" >/dev/null 2>&1 || die "node $node did not register with the API within two minutes"
