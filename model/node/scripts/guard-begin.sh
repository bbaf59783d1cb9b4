#!/usr/bin/env bash
# shellcheck disable=SC2034
# Variables: undo
# Prelude: path

set -euo pipefail
umask 077
phase() { echo "##phase $1"; }
die() { echo "##error $1"; exit 1; }
