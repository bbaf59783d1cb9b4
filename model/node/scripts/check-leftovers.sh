# shellcheck shell=bash disable=SC2154,SC2034
# Variables: cni_interfaces pins distributions

check_leftovers() {
  local file link pattern unit files=() links=()
  for file in /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist /etc/cni/net.d/*.json; do
    if [ -e "$file" ]; then files+=("$file"); fi
  done
  if [ "${#files[@]}" -gt 0 ]; then
    refuse cniconfig "/etc/cni/net.d holds the network of another cluster or container engine, and containerd takes the first file by name: remove it with: rm -f ${files[*]} (CniConfig)"
  fi
  if command -v ip >/dev/null; then
    while read -r link; do
      # The kernel keeps this one while its module is loaded.
      if [ "$link" = tunl0 ] && [ -z "$(ip -o address show dev tunl0)" ]; then continue; fi
      for pattern in "${cni_interfaces[@]}" tunl0; do
        # shellcheck disable=SC2053
        if [[ $link == $pattern ]]; then
          links+=("$link")
          break
        fi
      done
    done < <(ip -o link show | sed -n 's/^[0-9]*: \([^:@]*\)[:@].*/\1/p')
  fi
  if [ "${#links[@]}" -gt 0 ]; then
    refuse cnilinks "interfaces of another cluster are left, and pods would get its addresses: ${links[*]}: remove each with: ip link delete NAME (tunl0: ip address flush dev tunl0), or reboot the host (CniLinks)"
  fi
  for file in "${pins[@]}"; do
    if [ -e "$file" ]; then
      refuse cnipins "$file is left of another cluster's network: remove it with: rm -rf $file, or reboot the host (CniPins)"
      break
    fi
  done
  for unit in "${distributions[@]}"; do
    if systemctl is-active --quiet "$unit.service"; then
      refuse otherkubernetes "$unit.service runs another Kubernetes on this host: uninstall it first (OtherKubernetes)"
    fi
  done
}
