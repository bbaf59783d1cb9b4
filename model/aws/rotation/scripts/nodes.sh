# shellcheck shell=bash disable=SC2154
# Variables: pool_label

listed() { nodes=$(kubectl --request-timeout 20s get nodes --selector "$pool_label" -o go-template='{{range .items}}##node {{.metadata.uid}} {{.metadata.name}} {{index .metadata.labels "'"$pool_label"'"}} {{range .status.conditions}}{{if eq .type "Ready"}}{{.status}}{{end}}{{end}} {{range .status.addresses}}{{if eq .type "InternalIP"}}{{.address}}{{end}}{{end}} {{.spec.providerID}}{{"\n"}}{{end}}'); }
wait_for 120 2 listed || die "the API has not answered for two minutes"
printf '%s\n' "$nodes"
