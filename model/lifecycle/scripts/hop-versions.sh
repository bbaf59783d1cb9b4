# shellcheck shell=bash

sed -n 's/^ *image: .*kube-apiserver:/##api-server /p' /etc/kubernetes/manifests/kube-apiserver.yaml
echo "##configuration"
retry 60 2 kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}'
