# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: discovery_file

# The credential of a join must not outlive the script, however it ends.
at_exit() { rm -f "$discovery_file"; }
