# shellcheck shell=bash disable=SC2154
# Variables: pki alone authority

# What is in the cluster: cluster-info, which joins read, the ConfigMap that each namespace has, and the one of extension API servers.
phase "CAs in the cluster"
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
at_exit() { rm -rf "$work"; }
data=$(base64 -w 0 <"$pki/ca.crt")
answers() { kubectl get --raw /readyz >/dev/null 2>&1; }
wait_for 120 1 answers || die "the API has not answered for two minutes"
informed() {
  kubectl --namespace kube-public get configmap cluster-info -o 'jsonpath={.data.kubeconfig}' >"$work/former" 2>/dev/null || return 1
  sed "s|^\( *certificate-authority-data: *\).*|\1$data|" "$work/former" >"$work/kubeconfig"
  cmp -s "$work/former" "$work/kubeconfig" && return 0
  kubectl --namespace kube-public create configmap cluster-info --from-file "kubeconfig=$work/kubeconfig" --dry-run=client -o json >"$work/patch"
  kubectl --namespace kube-public patch configmap cluster-info --type merge --patch-file "$work/patch" >/dev/null
}
wait_for 60 2 informed || die "cannot write the ConfigMap kube-public/cluster-info"
if [ -n "$alone" ]; then
  # API servers add their CAs to it and take none out.
  extensions() {
    kubectl --namespace kube-system create configmap extension-apiserver-authentication --from-file "client-ca-file=$pki/ca.crt" \
      --from-file "requestheader-client-ca-file=$pki/front-proxy-ca.crt" --dry-run=client -o json >"$work/patch"
    kubectl --namespace kube-system patch configmap extension-apiserver-authentication --type merge --patch-file "$work/patch" >/dev/null
  }
  wait_for 60 2 extensions || die "cannot write the ConfigMap kube-system/extension-apiserver-authentication"
fi
# As kubectl quotes it. Control-plane nodes may have the same CAs in another order, so the length is what is compared.
quoted() { awk '{ printf "%s\\n", $0 }' "$1"; }
printf '%s\n' "$authority" >"$work/authority"
wanted=$(quoted "$pki/ca.crt")
others=""
everywhere() {
  kubectl get configmaps --all-namespaces --field-selector metadata.name=kube-root-ca.crt \
    -o go-template='{{range .items}}{{.metadata.namespace}}{{"\t"}}{{printf "%q" (index .data "ca.crt")}}{{"\n"}}{{end}}' >"$work/maps" 2>/dev/null || return 1
  others=$(ALL=$wanted NEW=$(quoted "$work/authority") awk -F '\t' 'length($2) != length(ENVIRON["ALL"]) + 2 || !index($2, ENVIRON["NEW"]) { print $1 }' "$work/maps" | paste -sd ' ')
  [ -s "$work/maps" ] && [ -z "$others" ]
}
wait_for 180 2 everywhere || die "the controller manager did not write the ConfigMap kube-root-ca.crt within three minutes in: ${others:-any namespace}"
rm -rf "$work"
