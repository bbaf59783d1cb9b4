#!/usr/bin/env bash
# shellcheck disable=SC2154
# Uses: node/scripts/prelude.sh node/scripts/place.sh
# Variables: admin_config

umask 077
export KUBECONFIG=$admin_config
# put FILE MODE: standard input, in base64, becomes the file.
put() {
  [ -d "${1%/*}" ] || mkdir -p "${1%/*}"
  base64 -d >"$1.pulumi-kubeadm-new"
  place "$1.pulumi-kubeadm-new" "$1" "$2"
}
