# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: config_folder patches_folder kept_patches

# Files whose folder kubeadm and the kubelet read as a whole: what is no longer rendered has to go.
mkdir -p "$config_folder" "$patches_folder"
for old in "$patches_folder"/*; do
  [[ $'\n'"$(printf '%s\n' "${kept_patches[@]}")"$'\n' == *$'\n'"$old"$'\n'* ]] || rm -f "$old"
done
