# shellcheck shell=bash disable=SC2154,SC2034
# Variables: sets firewall_table

leaving_rules() {
  local kind address set
  while read -r kind address; do
    if [ -z "$kind" ]; then continue; fi
    set=${sets[$kind]:-}
    if [ -z "$set" ]; then continue; fi
    printf '# %s %s\nadd element %s %s { %s }\n' "$kind" "$address" "$firewall_table" "$set" "$address"
  done
}
