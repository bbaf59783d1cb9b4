# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: node upgrading

let_in() { { [ "$after" = stay ] || kubectl uncordon "$node"; } && kubectl annotate node "$node" "$upgrading-"; }
[ -z "$after" ] || retry 3 5 let_in || die "the API did not uncordon node $node"
