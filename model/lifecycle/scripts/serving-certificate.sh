# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: node kubelet_url approver_unit

phase "serving certificate of $node"
serves() {
  # Any answer will do: it is the certificate that is asked for, by the CA that the API server trusts.
  curl --silent --output /dev/null --noproxy '*' --max-time 2 --cacert /etc/kubernetes/pki/ca.crt "$kubelet_url" && return 0
  systemctl start "$approver_unit" 2>/dev/null || true
  return 1
}
retry 60 0.5 serves || note "the kubelet of $node has no serving certificate yet: logs and exec fail there until it is approved"
