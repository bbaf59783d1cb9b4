# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: intended_file

mkdir -p "${intended_file%/*}" && cat >"$intended_file.tmp" && sync "$intended_file.tmp" && mv -f "$intended_file.tmp" "$intended_file" && sync "${intended_file%/*}"
