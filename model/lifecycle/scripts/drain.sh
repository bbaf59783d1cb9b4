# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/node-functions.sh
# Variables: machine drain_timeout

phase "drain $machine"
if [ -z "$(annotation "$upgrading")" ]; then
  after=uncordon
  ! is_cordoned || after=stay
  kubectl annotate --overwrite node "$node" "$upgrading=$after"
fi
drain "$drain_timeout" || note "the drain did not finish within $drain_timeout s"
