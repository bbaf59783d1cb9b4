# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: api_server admin_config changed_by_key

# The node's own API server is asked: that of a host which was removed from the cluster answers for nobody.
export KUBECONFIG=$admin_config
config_map() { kubectl --server "$api_server" --namespace kube-system get configmap "$@"; }
# data NAME: what the ConfigMap holds. changed_by NAME: the change that wrote it last.
data() { local said; said=$(config_map "$1" -o 'jsonpath={.data}') && [ -n "$said" ] && printf '{"data":%s}\n' "$said"; }
changed_by() { config_map "$1" -o "go-template={{with .metadata.annotations}}{{with index . \"$changed_by_key\"}}{{.}}{{end}}{{end}}"; }
