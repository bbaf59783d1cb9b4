# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: node upgrading

if [ -n "$after" ]; then
  for _ in 1 2 3; do
    { [ "$after" = stay ] || kubectl uncordon "$node"; } && kubectl annotate node "$node" "$upgrading-" && back=yes && break
    sleep 5
  done
  [ "${back:-}" = yes ] || die "the API did not uncordon node $node"
fi
