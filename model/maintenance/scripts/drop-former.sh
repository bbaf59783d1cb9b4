# shellcheck shell=bash disable=SC2154
# Variables: maintenance_unit maintenance_program lock_unit lock_program maintenance_lease maintenance_files

if [ -e "$maintenance_program" ]; then
  phase "no more maintenance"
  for unit in "$maintenance_unit" "$lock_unit"; do
    [ -e "/etc/systemd/system/$unit.timer" ] || continue
    systemctl disable --now "$unit.timer"
    # The service refuses to be stopped, for the sake of needrestart.
    systemctl kill "$unit.service" 2>/dev/null || true
    rm -f "/etc/systemd/system/$unit".{timer,service}
  done
  systemctl daemon-reload
  # What was under way: pods may come back.
  said=$("$maintenance_program" drop 2>&1) || die "${said##*$'\n'}"
  if [ -e "$lock_program" ]; then kubectl --namespace kube-system delete lease "$maintenance_lease" --ignore-not-found; fi
  rm -rf "${maintenance_files[@]}"
fi
