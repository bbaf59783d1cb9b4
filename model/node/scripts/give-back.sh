# shellcheck shell=bash disable=SC2154,SC2034
# Variables: turned_off

# Turns on again what was turned off for the cluster's own firewall, which is gone by now.
give_back() {
  if [ -e "$turned_off" ]; then
    while read -r service; do
      note "$service is turned on again: the cluster's firewall had replaced it"
      case $service in ufw) ufw --force enable ;; *) systemctl enable --now --quiet "$service.service" ;; esac ||
        note "$service does not start: this host has no firewall"
    done <"$turned_off"
    rm -f "$turned_off"
  fi
}
