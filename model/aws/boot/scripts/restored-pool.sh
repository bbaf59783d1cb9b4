# shellcheck shell=bash disable=SC2154
# Uses: aws/node/scripts/aws.sh
# Variables: pool_selector cluster_tag cluster pool_tag pool status_prefix

echo "##now $(date +%s)"
aws instance "" "$cluster_tag=$cluster" "$pool_tag=$pool" | sed 's/^/##instance /'
aws statuses "$status_prefix" | sed 's/^/##status /'
kubectl get nodes --selector "$pool_selector" -o go-template='{{range .items}}##node {{.metadata.name}} {{.spec.providerID}}{{"\n"}}{{end}}'
kubectl --namespace kube-node-lease get leases -o go-template='{{range .items}}##lease {{.metadata.name}} {{.spec.renewTime}}{{"\n"}}{{end}}'
