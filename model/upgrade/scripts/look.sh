# shellcheck shell=bash disable=SC2154
# Variables: api_servers

# fact NAME COMMAND...: one line of JSON
fact() {
  local name=$1 json
  shift
  json=$("$@") || die "the API does not list $name"
  printf '##fact %s ' "$name"
  tr -d '\n' <<<"$json"
  echo
}
list() { kubectl --request-timeout 60s get "$@" -o json; }
fact nodes list nodes
fact pods list pods --all-namespaces
fact namespaces list namespaces
fact budgets list poddisruptionbudgets.policy --all-namespaces
fact validating list validatingwebhookconfigurations.admissionregistration.k8s.io
fact mutating list mutatingwebhookconfigurations.admissionregistration.k8s.io
fact services list services --all-namespaces
fact slices list endpointslices.discovery.k8s.io --all-namespaces
# Each API server counts what it was asked for itself.
for server in "${api_servers[@]}"; do
  version=$(kubectl --server "$server" --request-timeout 60s get --raw /version) || die "the API server $server does not give its version"
  sed -n 's/^ *"gitVersion": "\(v[0-9.]*\).*/##api-server \1/p' <<<"$version"
  metrics=$(kubectl --server "$server" --request-timeout 60s get --raw /metrics) || die "the API server $server does not give its metrics"
  grep '^apiserver_requested_deprecated_apis{' <<<"$metrics" | sed 's/^/##metric /' || true
done
