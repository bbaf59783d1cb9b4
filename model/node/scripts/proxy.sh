# shellcheck shell=bash disable=SC2154
# Variables: proxy_variables

for one in "${proxy_variables[@]}"; do export "${one?}"; done
