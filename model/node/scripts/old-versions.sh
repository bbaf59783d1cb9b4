# shellcheck shell=bash disable=SC2154,SC2034
# Variables: link_folder install_root wanted

phase "old versions"
running=$(readlink /proc/[0-9]*/exe || true)
linked=$(readlink "$link_folder"/* || true)
in_use() {
  case $'\n'"$running"$'\n'"$linked"$'\n' in *$'\n'"$1"/*) return 0 ;; esac
  return 1
}
for component in "$install_root"/*/; do
  [ -d "$component" ] || continue
  spare=1
  while read -r folder; do
    case $'\n'"$(printf '%s\n' "${wanted[@]}")"$'\n' in *$'\n'"$folder"$'\n'*) continue ;; esac
    if [ "$spare" -gt 0 ]; then
      spare=$((spare - 1))
    elif ! in_use "$folder"; then
      rm -rf "$folder"
      echo "removed $folder"
    fi
  done < <(find "${component%/}" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | cut -d ' ' -f 2-)
done
