# shellcheck shell=bash

# replace NEW FILE: a power cut leaves the old content or the new, never an empty file.
replace() {
  sync "$1"
  mv -f "$1" "$2"
  sync "${2%/*}"
}
# place NEW FILE MODE [COMMAND...]: NEW becomes the file in one step, and only where it differs; the command runs before it does.
place() {
  local new=$1 path=$2 mode=$3
  shift 3
  chmod "$mode" "$new"
  if [ -f "$path" ] && [ ! -L "$path" ] && cmp -s "$new" "$path"; then
    rm -f "$new"
    if [ "$(stat -c %a "$path")" != "$(printf '%o' "$((8#$mode))")" ]; then chmod "$mode" "$path"; fi
  else
    if [ $# -gt 0 ]; then "$@"; fi
    replace "$new" "$path"
    echo "wrote $path"
  fi
}
