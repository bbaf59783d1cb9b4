# shellcheck shell=bash disable=SC2154,SC2034
# Variables: found_file files_list folders

if [ ! -e "$found_file" ]; then
  {
    if [ ! -s "$files_list" ]; then
      for folder in "${folders[@]}"; do
        if [ -n "$(ls -A "$folder" 2>/dev/null || true)" ]; then echo "$folder"; fi
      done
      if systemctl is-active --quiet containerd.service; then echo containerd.service; fi
    fi
  } >"$found_file.new"
  sync "$found_file.new"
  mv -f "$found_file.new" "$found_file"
  sync "${found_file%/*}"
fi
