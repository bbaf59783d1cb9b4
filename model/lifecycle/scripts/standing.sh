# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: intended_file

[ ! -s "$intended_file" ] || { printf '##intended '; tr -d '\n' <"$intended_file"; echo; }
if retry 10 2 kubectl get --raw /readyz >/dev/null 2>&1; then echo "##api answers"; fi
