# shellcheck shell=bash disable=SC2154
# Uses: aws/node/scripts/aws.sh
# Variables: pool_selector boot_label boot status_prefix

kubectl get nodes --selector "$pool_selector,$boot_label=$boot" -o go-template='{{range .items}}##node {{.metadata.name}} {{range .status.conditions}}{{if eq .type "Ready"}}{{.status}}{{end}}{{end}}{{"\n"}}{{end}}'
kubectl get nodes --selector "$pool_selector,$boot_label!=$boot" -o go-template='{{range .items}}##other {{.metadata.name}}{{"\n"}}{{end}}'
aws statuses "$status_prefix" | sed 's/^/##status /'
