# shellcheck shell=bash disable=SC2154,SC2034
# Variables: families releases wanted_os wanted_architecture wanted_hardware

os_release() {
  # shellcheck source=/dev/null
  (. /etc/os-release && printf '%s' "${!1:-}")
}
os_family_of() {
  local family pattern patterns
  for family in "${families[@]}"; do
    read -ra patterns <<<"${releases[$family]}"
    for pattern in "${patterns[@]}"; do
      # shellcheck disable=SC2254
      case $1 in $pattern) echo "$family" ;; esac
    done
  done
}
find_os() {
  local hardware all
  if [ ! -r /etc/os-release ]; then die "/etc/os-release is missing, so the operating system is unknown"; fi
  os_id=$(os_release ID)
  os_version=$(os_release VERSION_ID)
  os_family=$(os_family_of "$os_id:$os_version")
  if [ -z "$os_family" ]; then
    all=$(printf '%s, ' "${families[@]}")
    die "$os_id $os_version is not a supported operating system; supported: ${all%, }"
  fi
  if [ -n "$wanted_os" ] && [ "$os_family" != "$wanted_os" ]; then
    die "the settings say $wanted_os, the host runs $os_family"
  fi
  hardware=$(uname -m)
  if [ "$hardware" != "$wanted_hardware" ]; then
    die "the settings say architecture $wanted_architecture ($wanted_hardware), the host is $hardware"
  fi
}
phase os
find_os
echo "$os_family on $(uname -m), kernel $(uname -r)"
