# shellcheck shell=bash disable=SC2154
# Variables: maintenance_program

said=$("$maintenance_program" check 2>&1) || die "${said##*$'\n'}"
