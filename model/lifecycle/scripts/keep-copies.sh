# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: copies copy_kinds

# keep_copies COUNT: the newest of each kind stay.
keep_copies() {
  local kind
  [ -d "$copies" ] || return 0
  for kind in "${copy_kinds[@]}"; do
    find "$copies" -mindepth 1 -maxdepth 1 -type d -name "$kind*" -printf '%T@ %p\n' | sort -rn | tail -n "+$(($1 + 1))" | cut -d ' ' -f 2- | xargs -r -d '\n' rm -rf
  done
}
