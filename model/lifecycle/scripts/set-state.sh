# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: record record_file

[ -d "${record_file%/*}" ] || mkdir -p "${record_file%/*}"
printf '%s\n' "$record" >"$record_file.tmp"
replace "$record_file.tmp" "$record_file"
