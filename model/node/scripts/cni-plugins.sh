# shellcheck shell=bash disable=SC2154,SC2034
# Variables: plugins_folder cni_bin_folder

# Copies, not links: pods of CNIs mount the folder and would see links that lead nowhere. Others' plugins stay.
mkdir -p "$cni_bin_folder"
for plugin in "$plugins_folder"/bin/*; do
  name=${plugin##*/}
  case $name in LICENSE | README.md) continue ;; esac
  if ! cmp -s "$plugin" "$cni_bin_folder/$name"; then
    cp "$plugin" "$cni_bin_folder/$name.pulumi-kubeadm-new"
    sync "$cni_bin_folder/$name.pulumi-kubeadm-new"
    mv -f "$cni_bin_folder/$name.pulumi-kubeadm-new" "$cni_bin_folder/$name"
  fi
done
if command -v restorecon >/dev/null; then restorecon -R "$cni_bin_folder"; fi
