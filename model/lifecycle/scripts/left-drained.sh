# shellcheck shell=bash disable=SC2154
# Uses: lifecycle/scripts/node-functions.sh

annotation "$upgrading"
