# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/node-functions.sh lifecycle/scripts/daemons.sh
# Variables: machine drain_timeout unready_before

phase "drain $machine"
if [ -z "$(annotation "$upgrading")" ]; then
  after=uncordon
  ! is_cordoned || after=stay
  kubectl annotate --overwrite node "$node" "$upgrading=$after"
fi
# What was not well before is not the change's fault. An earlier run that drained the node has said so already.
if [ -z "$(annotation "$unready_before")" ]; then
  kubectl annotate --overwrite node "$node" "$unready_before=$(echo none; unready_daemons)" >/dev/null
fi
drain "$drain_timeout" || note "the drain did not finish within $drain_timeout s"
