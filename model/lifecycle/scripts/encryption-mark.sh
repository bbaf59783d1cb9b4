# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: stage key_id state_folder rewrite_mark

phase "$stage"
if [ -n "$key_id" ]; then
  mkdir -p "$state_folder"
  printf '%s\n' "$key_id" >"$rewrite_mark"
  sync "$rewrite_mark" "$state_folder"
fi
