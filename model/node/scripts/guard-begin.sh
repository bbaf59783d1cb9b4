#!/usr/bin/env bash
# shellcheck disable=SC2034
# Uses: node/scripts/prelude.sh
# Variables: undo

umask 077
