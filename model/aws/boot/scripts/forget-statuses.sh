# shellcheck shell=bash disable=SC2154
# Uses: aws/node/scripts/aws.sh
# Variables: status_prefix

said=$(aws statuses "$status_prefix")
mapfile -t names < <(sed -n 's/^{"parameter": "\([^"]*\)".*/\1/p' <<<"$said")
if [ "${#names[@]}" -gt 0 ]; then aws forget "${names[@]}"; fi
