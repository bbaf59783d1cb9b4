# shellcheck shell=bash disable=SC2154,SC2034
# Variables: restarts_mark digests links containerd_unit kubelet_unit pending_folder files_list

set -u
export LC_ALL=C
because() { echo "$restarts_mark $1"; }
for path in "${!digests[@]}"; do
  [ "$(sha256sum <"$path" 2>/dev/null | cut -d ' ' -f 1)" = "${digests[$path]}" ] || because "$path"
done
for path in "${!links[@]}"; do
  [ "$(readlink "$path" 2>/dev/null)" = "${links[$path]}" ] || because "$path"
done
for unit in "$containerd_unit" "$kubelet_unit"; do
  [ ! -e "$pending_folder/$unit" ] || because "$unit"
done
[ ! -e "$files_list" ] || while read -r path units; do
  if [ -n "${digests[$path]:-}" ]; then continue; fi
  case " $units " in *" $containerd_unit "* | *" $kubelet_unit "*) because "$path" ;; esac
done <"$files_list"
true
