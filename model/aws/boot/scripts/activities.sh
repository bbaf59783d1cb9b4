# shellcheck shell=bash disable=SC2154
# Uses: aws/node/scripts/aws.sh
# Variables: group

{ aws activities "$group" || true; } | sed 's/^/##activity /'
