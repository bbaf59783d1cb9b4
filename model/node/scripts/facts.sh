# shellcheck shell=bash disable=SC2154,SC2034
# Uses: node/scripts/json.sh
# Variables: member_file state_folder

content() { json "$(cat "$1" 2>/dev/null || true)"; }
truth() { if "$@"; then printf true; else printf false; fi; }
swap_is_on() { [ "$(wc -l </proc/swaps)" -gt 1 ]; }
addresses() {
  local address list=""
  while read -r address; do list+="$(json "$address"),"; done < <(ip -o -4 address show scope global | awk '{ print $4 }')
  printf '[%s]' "${list%,}"
}
report_facts() {
  local route="" interface="" list="[]" mtu=0
  if command -v ip >/dev/null; then
    route=$(ip -4 route show default | sed -nE '1s/.* dev ([^ ]+).*/\1/p')
    interface=$(node_interface)
    list=$(addresses)
    if [ -n "$interface" ]; then mtu=$(node_mtu "$interface"); fi
  fi
  printf '##report {"hostname":%s,"machineId":%s,"productUuid":%s,"clock":%s,' "$(json "$(uname -n)")" \
    "$(content /etc/machine-id)" "$(content /sys/class/dmi/id/product_uuid)" "$(date +%s%3N)"
  printf '"os":{"id":%s,"version":%s,"family":%s},"architecture":%s,"kernel":%s,' "$(json "$os_id")" \
    "$(json "$os_version")" "$(json "$os_family")" "$(json "$(uname -m)")" "$(json "$(uname -r)")"
  printf '"cpus":%s,"memory":%s,"varFree":%s,"defaultInterface":%s,' "$(nproc)" "$(memory_mib)" \
    "$(var_free_mib)" "$(json "$route")"
  printf '"nodeInterface":%s,"nodeMtu":%s,"addresses":%s,' "$(json "$interface")" "$mtu" "$list"
  printf '"swap":%s,"cgroup":%s,"virtualization":%s,' "$(truth swap_is_on)" \
    "$(json "$(stat -fc %T /sys/fs/cgroup)")" "$(json "$(systemd-detect-virt 2>/dev/null || true)")"
  printf '"node":%s,"recordText":%s,"setupState":%s}\n' "$(truth test -e "$member_file")" \
    "$(content "$state_folder"/node.json)" "$(content "$state_folder"/setup.json)"
}
