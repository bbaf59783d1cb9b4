# shellcheck shell=bash disable=SC2154,SC2034
# Variables: theirs_stay foreign_flows pod_cidr turned_off

phase foreign-firewalls
if [ -n "$theirs_stay" ]; then give_back; fi
ufw_is_on() { command -v ufw >/dev/null && ufw status | grep -qx 'Status: active'; }
for service in firewalld ufw; do
  if { [ "$service" = firewalld ] && active firewalld.service; } || { [ "$service" = ufw ] && ufw_is_on; }; then
    if [ -n "$theirs_stay" ]; then
      note "$service filters this host. It must allow all traffic of $pod_cidr and the following; firewall: nftables in the settings would do that"
      for flow in "${foreign_flows[@]}"; do note "  $flow"; done
    else
      note "$service is turned off: the cluster's firewall replaces it"
      # Before it is off: nobody would turn it on again.
      grep -qsxF "$service" "$turned_off" || echo "$service" >>"$turned_off"
      sync "$turned_off" "${turned_off%/*}"
      case $service in ufw) ufw --force disable ;; *) systemctl disable --now --quiet "$service.service" ;; esac
    fi
  fi
done
