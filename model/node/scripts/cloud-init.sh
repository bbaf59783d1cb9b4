#!/bin/sh
# shellcheck disable=SC2154
# Variables: cloud_init_seconds

command -v cloud-init >/dev/null 2>&1 || exit 0
timeout "$cloud_init_seconds" cloud-init status --wait >/dev/null 2>&1
case $? in
  0) ;;
  124) echo "##error cloud-init still runs after $cloud_init_seconds s; /var/log/cloud-init-output.log on the host says at what" ;;
  *) echo "##note cloud-init ended with an error: $(cloud-init status --long 2>/dev/null | tr '\n' ' ')" ;;
esac
