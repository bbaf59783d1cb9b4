# shellcheck shell=bash disable=SC2154
# Variables: node

# mirror_is_current COMPONENT: whether the API shows the static pod that the kubelet runs; its uid is the hash of its manifest.
mirror_is_current() {
  local sandbox uid=
  sandbox=$(crictl pods --quiet --namespace kube-system --name "^$1-$node\$" --state ready | head -n 1)
  if [ -n "$sandbox" ]; then uid=$(crictl inspectp --output go-template --template '{{.status.metadata.uid}}' "$sandbox"); fi
  [ "$uid" = "$(kubectl --namespace kube-system get pod "$1-$node" --ignore-not-found -o 'jsonpath={.metadata.annotations.kubernetes\.io/config\.hash}')" ]
}
# kubeadm moves a manifest and waits five minutes for another hash in the API. What the API shows may be left of a node of the same
# name, or of a manifest that was put back: where that is the hash of the new manifest, kubeadm never sees it change.
mirrors_current() {
  local component
  for component in kube-apiserver kube-controller-manager kube-scheduler; do
    retry 300 1 mirror_is_current "$component" || echo "the API does not show the static pod $component-$node that the kubelet runs" >&2
  done
}
