# shellcheck shell=bash disable=SC2154
# Variables: balancer_host balancer_port balancer_addresses rounds pause patience

phase "balancer"
list=${balancer_addresses[*]}
good=0
passes_on() {
  local address
  good=$((good + 1))
  for address in "${balancer_addresses[@]}"; do
    curl --silent --fail --noproxy '*' --max-time 3 --cacert /etc/kubernetes/pki/ca.crt --connect-to "$balancer_host:$balancer_port:$address:$balancer_port" --output /dev/null "https://$balancer_host:$balancer_port/readyz" || good=0
  done
  [ "$good" -ge "$rounds" ]
}
wait_for "$patience" "$pause" passes_on || die "the balancer at ${list// /, } does not pass calls on to this control-plane node: look at the health of its targets, and at the rules of its security group"
