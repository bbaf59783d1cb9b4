# shellcheck shell=bash disable=SC2016,SC2034,SC2154

kubectl --namespace kube-system get pods --selector component=kube-apiserver -o 'jsonpath={range .items[*]}{.spec.nodeName}{"\n"}{end}'
