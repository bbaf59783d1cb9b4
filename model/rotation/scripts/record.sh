# shellcheck shell=bash disable=SC2154
# Variables: record rotation_file

mkdir -p "${rotation_file%/*}"
printf '%s\n' "$record" >"$rotation_file.tmp"
replace "$rotation_file.tmp" "$rotation_file"
