# shellcheck shell=bash disable=SC2154,SC2034

phase time
time_services="chronyd chrony systemd-timesyncd ntpd ntpsec ntp openntpd"
time_service=""
for service in $time_services; do
  if active "$service.service"; then time_service=$service; break; fi
done
if [ -z "$time_service" ] && systemd-detect-virt --quiet --container; then
  note "no time service runs here: the container host sets the clock"
elif [ -z "$time_service" ]; then
  for service in $time_services chronyd; do
    if ! systemctl cat "$service.service" >/dev/null 2>&1; then continue; fi
    systemctl unmask --quiet "$service.service"
    systemctl enable --quiet --now "$service.service" || unit_failed "$service.service"
    time_service=$service
    break
  done
  if [ -z "$time_service" ]; then
    install_missing chronyd
    for service in chronyd chrony; do
      if systemctl enable --quiet --now "$service.service" 2>/dev/null; then time_service=$service; break; fi
    done
  fi
  if ! active "$time_service.service"; then
    if [ "$(systemctl show --property=ConditionResult --value "$time_service.service")" = no ]; then
      note "$time_service does not run: a condition of its unit is not met"
    else
      unit_failed "$time_service.service"
    fi
  fi
fi
