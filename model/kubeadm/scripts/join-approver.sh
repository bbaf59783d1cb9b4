#!/usr/bin/env bash
# shellcheck disable=SC2016,SC2034,SC2154 # templates of kubectl; variables of the head
# Uses: kubeadm/scripts/certificate-requests.sh
# Variables: runtime_folder interval join_group
# Prelude: path

# Approves a kubelet's first client certificate where the join credential that asks for it was made for that node.
set -euo pipefail
export KUBECONFIG=/etc/kubernetes/admin.conf
state=${RUNTIME_DIRECTORY:-$runtime_folder}

watch_requests() {
  local own status
  mkdir -p "$state"
  own=$(stat -c %i.%Y "$0")
  exec 3< <(kubectl get certificatesigningrequests --watch -o name 2>/dev/null)
  while [ "$(stat -c %i.%Y "$0")" = "$own" ]; do
    if "$0" look; then
      rm -f "$state/failed"
    elif [ ! -e "$state/failed" ]; then
      say "the API could not be asked, or did not take an answer"
      touch "$state/failed"
    fi
    status=0
    read -r -t "$interval" _ <&3 || status=$?
    # Above 128 nothing came in time; any other status is the end of the watch.
    if [ "$status" -gt 0 ] && [ "$status" -le 128 ]; then exit 0; fi
    while read -r -t 0.1 _ <&3; do :; done
  done
}

# Whether a credential is a pool's, and whether an instance of it may be that node: for platforms that have pools.
pool_of() { false; }
judge_instance() { echo "there are no pools"; }

# Prints "ok" at its very end or why not, so that a command that fails on the way approves nothing.
judge() {
  local username=$1 groups=$2 usages=$3 request=$4 who node asked verdict names=() reason=""
  [[ $username =~ ^\"system:bootstrap:([a-z0-9]([-a-z0-9.]*[a-z0-9])?)\"$ ]] || { echo "the requester has no join credential"; return; }
  who=${BASH_REMATCH[1]}
  [[ " $groups" == *" \"$join_group\" "* ]] || { echo "the requester is not in $join_group"; return; }
  fits "$usages" "client auth" || { echo "its usages are $usages"; return; }
  # What OpenSSL shows is a guess, and told to people; read_request compares bytes.
  asked=$(base64 -d <<<"$request" 2>/dev/null | openssl req -noout -subject -nameopt RFC2253 2>/dev/null | tr -cd 'a-zA-Z0-9:=,. -') || asked=""
  node=$who
  if pool_of "$who" && [[ $asked =~ ^subject=CN=system:node:([a-z0-9][-a-z0-9.]*),O=system:nodes$ ]]; then node=${BASH_REMATCH[1]}; fi
  read_request "$node" "$request" || { echo "$reason (${asked:-unreadable}), and the credential is for $who"; return; }
  [ "${#names[@]}" -eq 0 ] || { echo "it has names, as a serving certificate has"; return; }
  if pool_of "$who"; then
    verdict=$(judge_instance "$who" "$node")
    [ "$verdict" = ok ] || { echo "${verdict:-EC2 could not be asked for $node}"; return; }
  fi
  echo ok
}
