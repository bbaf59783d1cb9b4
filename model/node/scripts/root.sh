#!/usr/bin/env bash
# Uses: node/scripts/prelude.sh

if [ "$(id -u)" -ne 0 ]; then die "the script must run as root"; fi
