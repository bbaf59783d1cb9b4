# shellcheck shell=bash disable=SC2154
# Uses: aws/node/scripts/aws.sh
# Variables: pools cluster_tag cluster pool_tag join_hours again_minutes

pool_of() { [[ " ${pools[*]} " == *" $1 "* ]]; }
judge_instance() {
  local pool=$1 node=$2 instance age more provider ready
  read -r instance age more <<<"$(aws instance "$node" "$cluster_tag=$cluster" "$pool_tag=$pool" | paste -s -d ' ')"
  [[ ${instance:-} =~ ^i-[0-9a-f]+$ && ${age:-} =~ ^[0-9]+$ && -z ${more:-} ]] || { echo "EC2 knows no running instance $node of pool $pool"; return; }
  [ "$age" -lt $((join_hours * 3600)) ] || { echo "instance $instance was launched $((age / 3600)) hours ago, and joins are taken for $join_hours: end it, and its group starts another"; return; }
  # shellcheck disable=SC2016 # the variables are the template's
  kubectl get node "$node" --ignore-not-found -o go-template='{{.spec.providerID}} {{range .status.conditions}}{{if eq .type "Ready"}}{{.status}}{{end}}{{end}}' >"$work/node"
  if [ -s "$work/node" ]; then
    read -r provider ready <"$work/node" || true
    [ "${provider##*/}" = "$instance" ] || { echo "node $node is there already, as ${provider##*/}"; return; }
    [ "${ready:-}" != True ] || { echo "node $node is there already, and Ready"; return; }
    [ "$age" -lt $((again_minutes * 60)) ] || { echo "node $node is there already, and $instance was launched $((age / 60)) minutes ago"; return; }
  fi
  echo ok
}
