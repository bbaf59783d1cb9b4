# shellcheck shell=bash disable=SC2154
# Variables: aws_program

# Isolated: nothing in the environment or the folder changes what Python loads.
aws() { python3 -I "$aws_program" "$@"; }
