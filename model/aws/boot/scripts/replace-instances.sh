# shellcheck shell=bash disable=SC2154
# Uses: aws/node/scripts/aws.sh
# Variables: instances

for instance in "${instances[@]}"; do aws unhealthy "$instance"; done
