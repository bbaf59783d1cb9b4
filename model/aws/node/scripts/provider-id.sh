# shellcheck shell=bash disable=SC2154
# Variables: patches_folder

# kubeadm's patch with the node's own provider id, beside the rendered ones: with it the cloud controller manager need not guess an
# instance by a node's name.
patch_provider_id() {
  mkdir -p "$patches_folder"
  printf 'providerID: aws:///%s/%s\n' "$zone" "$instance" >"$patches_folder/kubeletconfiguration1+merge.yaml"
}
