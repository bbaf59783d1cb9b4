# shellcheck shell=bash disable=SC2154
# Variables: backup_unit backup_program backup_folder backup_files

if [ "${#backup_files[@]}" -eq 0 ] && [ -e "/etc/systemd/system/$backup_unit.timer" ]; then
  phase "no more backups"
  systemctl disable --now "$backup_unit.timer"
  rm -f "/etc/systemd/system/$backup_unit".{timer,service} "$backup_program"
  systemctl daemon-reload
fi
for file in "$backup_folder"/*; do
  if [ ! -e "$file" ] || printf '%s\n' "${backup_files[@]}" | grep -qxF -- "$file"; then continue; fi
  rm -f "$file"
done
