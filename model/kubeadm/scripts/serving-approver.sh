#!/usr/bin/env bash
# shellcheck disable=SC2016,SC2034,SC2154 # templates of kubectl; variables of the head
# Uses: kubeadm/scripts/certificate-requests.sh
# Variables: runtime_folder service_network service_prefix api_addresses public_domain
# Prelude: path

# Approves requests of kubelets for serving certificates that name nothing but their own Node; leaves all others pending.
set -euo pipefail
export KUBECONFIG=/etc/kubernetes/admin.conf
state=${RUNTIME_DIRECTORY:-$runtime_folder}
[ -e "$KUBECONFIG" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

list_requests
# Every address that a Node claims: name, type, address, and whether the Node is a control-plane node (a label no kubelet can set).
kubectl get nodes -o go-template='{{range .items}}{{$name := .metadata.name}}{{$role := "worker"}}{{range $key, $value := .metadata.labels}}{{if eq $key "node-role.kubernetes.io/control-plane"}}{{$role = "control-plane"}}{{end}}{{end}}{{range .status.addresses}}{{$name}}{{"\t"}}{{.type}}{{"\t"}}{{printf "%q" .address}}{{"\t"}}{{$role}}{{"\n"}}{{end}}{{end}}' >"$work/addresses"

number() {
  local IFS=. parts
  read -ra parts <<<"$1"
  echo $(((parts[0] << 24) + (parts[1] << 16) + (parts[2] << 8) + parts[3]))
}

in_service_range() {
  local shift=$((32 - service_prefix))
  [ $(($(number "$1") >> shift)) -eq $(($(number "$service_network") >> shift)) ]
}

# The two below print "ok" at their very end or why not, so that a command that fails on the way approves nothing.
judge_address() {
  local node=$1 address=$2 owners role
  [[ $address =~ ^[0-9]{1,3}(\.[0-9]{1,3}){3}$ ]] || { echo "$address is not an IPv4 address"; return; }
  owners=$(awk -F '\t' -v address="\"$address\"" '$2 ~ /^(Internal|External)IP$/ && $3 == address { print $1 }' "$work/addresses" | sort -u | paste -s -d ' ')
  [ "$owners" = "$node" ] || { echo "$address belongs to ${owners:-no Node}"; return; }
  case $address in 127.* | 169.254.* | 0.*) echo "$address is not an address of a node"; return ;; esac
  if in_service_range "$address"; then echo "$address is an address of Services"; return; fi
  role=$(awk -F '\t' -v node="$node" '$1 == node { print $4; exit }' "$work/addresses")
  if [[ " ${api_addresses[*]} " == *" $address "* ]] && [ "$role" != control-plane ]; then echo "$address is an address of the API"; return; fi
  echo ok
}

judge() {
  local username=$1 groups=$2 usages=$3 request=$4 node name address verdict names=() reason=""
  [[ $username =~ ^\"system:node:([a-z0-9]([-a-z0-9.]*[a-z0-9])?)\"$ ]] || { echo "the requester is not a node"; return; }
  node=${BASH_REMATCH[1]}
  [[ " $groups" == *' "system:nodes" '* ]] || { echo "the requester is not in system:nodes"; return; }
  fits "$usages" "server auth" || { echo "its usages are $usages"; return; }
  read_request "$node" "$request" || { echo "$reason"; return; }
  [ "${#names[@]}" -gt 0 ] || { echo "it has no names"; return; }
  for name in "${names[@]}"; do
    [ "$name" != "DNS:$node" ] || continue
    address=""
    if [[ $name == "IP Address:"* ]]; then address=${name#IP Address:}; fi
    # With the cloud controller manager a Node has its public DNS name among its addresses, and its kubelet asks for it. The name says
    # the address, so the address is what is judged.
    if [ -n "$public_domain" ] && [[ $name == DNS:ec2-*".$public_domain" ]]; then
      address=${name#DNS:ec2-}
      address=${address%".$public_domain"}
      address=${address//-/.}
    fi
    [ -n "$address" ] || { echo "$name is not node $node"; return; }
    verdict=$(judge_address "$node" "$address")
    [ "$verdict" = ok ] || { echo "$verdict"; return; }
  done
  echo ok
}

judge_requests
