# shellcheck shell=bash disable=SC2154,SC2034
# Variables: files_list

# A file of ours from an earlier, unfinished setup is not a leftover of others.
our_file() { grep -qsE "^$1( |$)" "$files_list"; }

check_runtime() {
  local unit path found=()
  if our_file /etc/containerd/config.toml; then return 0; fi
  for unit in docker crio; do
    if systemctl is-active --quiet "$unit.service"; then found+=("$unit.service runs"); fi
  done
  path=$(systemctl show --property=FragmentPath --value containerd.service 2>/dev/null || true)
  if [ -n "$path" ]; then found+=("containerd.service comes from $path"); fi
  if [ -e /etc/containerd/config.toml ]; then found+=("/etc/containerd/config.toml exists"); fi
  if [ -n "$(ls -A /var/lib/containerd 2>/dev/null || true)" ]; then found+=("/var/lib/containerd holds data"); fi
  if [ "${#found[@]}" -eq 0 ]; then return 0; fi
  path=$(printf ', %s' "${found[@]}")
  refuse containerruntime "the host has a container engine already (${path#, }): remove it with its data, or let the library take containerd over by ignorePreflightErrors: what it replaces is kept and put back when the machine leaves (ContainerRuntime)"
}
