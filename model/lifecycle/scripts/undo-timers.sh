# shellcheck shell=bash disable=SC2016,SC2034,SC2154

for timer in $(grep -E '^/etc/systemd/system/.*[.]timer$' "$undo/changed" || true); do
  if [ -e "$timer" ]; then systemctl enable --now --quiet "${timer##*/}" || true; fi
done
