# shellcheck shell=bash disable=SC2154
# Uses: node/scripts/ready-pods.sh

remember_ready "$undo/ready"
