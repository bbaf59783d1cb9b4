# shellcheck shell=bash disable=SC2154
# Variables: pool_label

kubectl get nodes --selector "$pool_label" -o go-template='{{range .items}}##node {{.metadata.uid}} {{.metadata.name}} {{index .metadata.labels "'"$pool_label"'"}} {{range .status.conditions}}{{if eq .type "Ready"}}{{.status}}{{end}}{{end}} {{range .status.addresses}}{{if eq .type "InternalIP"}}{{.address}}{{end}}{{end}} {{.spec.providerID}}{{"\n"}}{{end}}'
