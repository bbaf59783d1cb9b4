# shellcheck shell=bash disable=SC2154,SC2317
# Uses: lifecycle/scripts/check-pod.sh
# Variables: api_server node dns_port service_ca kubelet_config smoke_within

# What the smoke test asks of a cluster, with no image but that of the pause container, which is on every node: the pod only has to have a
# network, and what is in it is asked by this host's own programs.
phase "a pod on $node gets an address and reaches Services"
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
end_smoke() {
  drop_check || note "the pod $check_name in kube-system could not be deleted"
  rm -rf "$work"
}
at_exit() { end_smoke; }
run_check || die "the control plane does not go on to another version: $said"
address=$(check_pods get -o 'jsonpath={.status.podIP}')
[ -n "$address" ] || die "the control plane does not go on to another version: the pod $check_name on $node has no address"
sandbox=$(crictl pods --quiet --state Ready --namespace kube-system --name "^$check_name\$" | head -n 1)
process=$(crictl inspectp "$sandbox" | sed -n 's/^ *"pid": *\([0-9][0-9]*\).*/\1/p' | head -n 1)
[ -n "$process" ] || die "the runtime of $node does not tell the process of the pod $check_name"
in_pod() { nsenter "--net=/proc/$process/ns/net" -- "$@"; }
# ask SERVER NAME: the address that a name server has for a name, as a pod asks. The question is a file: bash would send a packet for each line.
ask() {
  local label bytes
  {
    printf '\022\064\001\000\000\001\000\000\000\000\000\000'
    for label in ${2//./ }; do printf "\\x$(printf %02x "${#label}")%s" "$label"; done
    printf '\000\000\001\000\001'
  } >"$work/question"
  # shellcheck disable=SC2016
  in_pod bash -c 'exec 3<>"/dev/udp/$0/$1" && cat "$2" >&3 && timeout 5 dd bs=512 count=1 <&3' "$1" "$dns_port" "$work/question" >"$work/answer" 2>/dev/null || return 1
  mapfile -t bytes < <(od -An -v -tu1 -w1 "$work/answer" | tr -d ' ')
  [ "${#bytes[@]}" -gt 16 ] && [ $((bytes[3] & 15)) -eq 0 ] && [ $((bytes[6] * 256 + bytes[7])) -gt 0 ] || return 1
  echo "${bytes[-4]}.${bytes[-3]}.${bytes[-2]}.${bytes[-1]}"
}
dns=$(awk '/^clusterDNS:/ { list = 1; next } list && /^ *- / { print $2; exit } { list = 0 }' "$kubelet_config")
domain=$(sed -n 's/^clusterDomain: *//p' "$kubelet_config" | tr -d '"')
reaches() {
  local service found
  missing="Service kubernetes has no address"
  service=$(kubectl --server "$api_server" --request-timeout 10s get service kubernetes -o 'jsonpath={.spec.clusterIP}' 2>/dev/null) && [ -n "$service" ] || return 1
  if [ -n "$with_dns" ]; then
    missing="a pod on $node ($address) gets no answer of the cluster's DNS at $dns for kubernetes.default.svc.$domain"
    found=$(ask "$dns" "kubernetes.default.svc.$domain") || return 1
    missing="the cluster's DNS at $dns has $found for kubernetes.default.svc.$domain, which is $service"
    [ "$found" = "$service" ] || return 1
  fi
  missing="a pod on $node ($address) does not reach Service kubernetes at $service"
  in_pod curl --silent --fail --noproxy '*' --max-time 5 --output /dev/null --cacert "$service_ca" --resolve "kubernetes.default.svc:443:$service" https://kubernetes.default.svc/readyz || return 1
}
with_dns=$(kubectl --server "$api_server" --request-timeout 10s --namespace kube-system get deployment coredns --ignore-not-found -o name) || die "the API server of $node does not answer"
missing=""
wait_for "$smoke_within" 2 reaches || die "the control plane does not go on to another version: $missing"
end_smoke
at_exit() { :; }
