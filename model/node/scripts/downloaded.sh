# shellcheck shell=bash disable=SC2154,SC2034

rm -rf "$opt/.incoming"
if command -v restorecon >/dev/null; then restorecon -R "$opt"; fi
phase binaries
