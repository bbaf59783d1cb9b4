# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: pods pods_prefix pods_folder ready_folder

for pod in "${pods[@]}"; do
  ready=$ready_folder/${pod#"$pods_prefix"}
  # A name that begins with a dot is not looked at (pkg/kubelet/config/file_linux.go).
  hidden=$pods_folder/.${pod##*/}
  cmp -s "$ready" "$pod" || { install -m 0600 "$ready" "$hidden"; replace "$hidden" "$pod"; }
done
