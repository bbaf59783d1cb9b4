# shellcheck shell=bash disable=SC2154,SC2034
# Variables: sysctl_file member_file reserved_ports_file

# Files of sysctl.d in the order of a boot (sysctl.d(5)).
sysctl_files() {
  local file
  for file in /usr/lib/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /run/sysctl.d/*.conf /etc/sysctl.d/*.conf; do
    if [ -e "$file" ]; then echo "${file##*/} $file"; fi
  done | sort | cut -d ' ' -f 2-
}
sysctl_in() { # file, key: the value that the file gives it
  sed -nE "s|^[[:space:]]*-?${2//./[./]}[[:space:]]*=[[:space:]]*(.*[^[:space:]])[[:space:]]*$|\1|p" "$1" | tail -n 1
}
at_boot() { # key, value
  local file said after=""
  while read -r file; do
    if [ "$file" = "$sysctl_file" ]; then after=yes; fi
    said=$(sysctl_in "$file" "$1")
    if [ -z "$after" ] || [ -z "$said" ] || [ "$said" = "$2" ]; then continue; fi
    said="$file says $1 = $said, and is read after $sysctl_file at each boot: nodes need $1 = $2"
    if [ -e "$member_file" ]; then note "$said"; else die "$said"; fi
  done < <(sysctl_files)
  if [ -e /etc/sysctl.conf ]; then
    said=$(sysctl_in /etc/sysctl.conf "$1")
    if [ -n "$said" ] && [ "$said" != "$2" ]; then note "/etc/sysctl.conf says $1 = $said: whoever runs sysctl --system stops the node's network"; fi
  fi
}
reserve_at_boot() { # key, ports
  local file said others=""
  while read -r file; do
    if [ "$file" = "$reserved_ports_file" ]; then continue; fi
    said=$(sysctl_in "$file" "$1")
    if [ -n "$said" ]; then others=$said,; fi
  done < <(sysctl_files)
  put "$reserved_ports_file" 0644 <<<"-$1 = $others$2"
}
