#!/bin/sh
# shellcheck disable=SC2154
# Variables: vni

for link in /sys/class/net/flannel.[0-9]*; do
  name=${link##*/}
  if [ -e "$link" ] && [ "$name" != "flannel.$vni" ]; then ip link delete "$name" || true; fi
done
