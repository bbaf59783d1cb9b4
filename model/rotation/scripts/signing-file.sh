# shellcheck shell=bash disable=SC2154
# Variables: signing_certificate config_folder

# The controller manager signs with a file of one certificate (pkg/controller/certificates/signer/ca_provider.go), and ca.crt has
# several now. The new manifest is written outside its folder: the kubelet runs every file that is there.
manifest=/etc/kubernetes/manifests/kube-controller-manager.yaml
sed "s|--cluster-signing-cert-file=.*|--cluster-signing-cert-file=$signing_certificate|" "$manifest" >"$config_folder/controller-manager.new"
place "$config_folder/controller-manager.new" "$manifest" 0600
