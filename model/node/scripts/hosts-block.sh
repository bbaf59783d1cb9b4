#!/usr/bin/env bash
# shellcheck disable=SC2154
# Variables: block
# Prelude: path

# Keeps this library's block in the hosts file; the file's other lines are left as they are.
set -euo pipefail
hosts=${1:-/etc/hosts}
new=$hosts.pulumi-kubeadm-new
{
  if [ -e "$hosts" ]; then sed '/^# BEGIN pulumi-kubeadm$/,/^# END pulumi-kubeadm$/d' "$hosts"; fi
  printf '%s\n' "# BEGIN pulumi-kubeadm" "${block[@]}" "# END pulumi-kubeadm"
} >"$new"
if cmp -s "$new" "$hosts"; then
  rm -f "$new"
else
  chmod 0644 "$new"
  sync "$new"
  # Where the file is its own mount it cannot be replaced, only written.
  mv -f "$new" "$hosts" 2>/dev/null || { cat "$new" >"$hosts" && rm -f "$new"; }
  echo "wrote $hosts"
fi
