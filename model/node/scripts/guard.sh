# shellcheck shell=bash disable=SC2154,SC2034
# Variables: paths paths_from except keep failed_mark files_list unit_folder boot_units

# `put_back_script` and `at_boot_script` print them; `remember`, `change`, `check` and `well` are functions as well.
rm -rf "$undo.new"
mkdir -p "$undo.new/was"
{
  printf '%s\n' "${paths[@]}"
  if [ -n "$paths_from" ]; then cut -d ' ' -f 1 "$paths_from" 2>/dev/null || true; fi
} | sort -u >"$undo.new/paths"
while read -r path; do
  if [ -e "$path" ] || [ -L "$path" ]; then
    mkdir -p "$undo.new/was${path%/*}"
    cp -aT "$path" "$undo.new/was$path"
  fi
done <"$undo.new/paths"
cp "$files_list" "$undo.new/units" 2>/dev/null || true
printf '%s\n' "${except[@]}" >"$undo.new/except"
put_back_script >"$undo.new/put-back"
at_boot_script >"$undo.new/at-boot"
undo=$undo.new
remember
undo=${undo%.new}
(cd "$undo.new" && find . -type f ! -path ./units ! -path ./sums -exec sha256sum {} + >sums)
mkdir -p "$unit_folder/multi-user.target.wants"
for unit in "${!boot_units[@]}"; do
  printf '%s' "${boot_units[$unit]}" >"$unit_folder/$unit"
  chmod 644 "$unit_folder/$unit"
  ln -sfn "$unit_folder/$unit" "$unit_folder/multi-user.target.wants/$unit"
done
# All of it is on disk before its name is, and its name before the change begins.
sync
mv -T "$undo.new" "$undo"
sync "${undo%/*}"
# What is said from here on says why.
reported=yes
set +e
change
status=$?
if [ "$status" -eq 0 ]; then
  check
  status=$?
fi
set -e
if [ "$status" -eq 0 ]; then
  # What the change wrote is on disk before its record goes, and the record is gone before the step ends well.
  sync
  mv -T "$undo" "$undo.ended"
  sync "${undo%/*}"
  [ -n "$keep" ] || rm -rf "$undo.ended"
  exit 0
fi
echo "$failed_mark"
