# shellcheck shell=bash disable=SC2154
# Variables: pki

# trust_in FILE...: kubeconfigs trust what ca.crt has. One that names a file instead needs no change.
trust_in() {
  local file data
  data=$(base64 -w 0 <"$pki/ca.crt")
  for file; do
    [ -e "$file" ] || continue
    sed "s|^\( *certificate-authority-data: *\).*|\1$data|" "$file" >"$file.pulumi-kubeadm-new"
    place "$file.pulumi-kubeadm-new" "$file" 0600
  done
}
