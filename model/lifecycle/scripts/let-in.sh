# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: node upgrading unready_before

let_in() { { [ "$after" = stay ] || kubectl uncordon "$node"; } && kubectl annotate node "$node" "$unready_before-" "$upgrading-"; }
[ -z "$after" ] || retry 3 5 let_in || die "the API did not uncordon node $node"
