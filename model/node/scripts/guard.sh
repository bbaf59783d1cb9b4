# shellcheck shell=bash disable=SC2154,SC2034
# Variables: paths paths_from failed_mark files_list

# `put_back_script` prints it; `remember`, `change`, `check` and `well` are functions as well.
if [ -e "$undo/put-back" ]; then
  phase "putting back a change that was cut off"
  /bin/bash "$undo/put-back" || die "a change of this node was cut off, and its former files cannot be put back (bash $undo/put-back)"
fi
rm -rf "$undo" "$undo.new" "$undo.done"
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
put_back_script >"$undo.new/put-back"
undo=$undo.new
remember
undo=${undo%.new}
# All of it is on disk before its name is.
sync
mv -T "$undo.new" "$undo"
set +e
change
status=$?
if [ "$status" -eq 0 ]; then
  check
  status=$?
fi
set -e
if [ "$status" -eq 0 ]; then
  mv -T "$undo" "$undo.done"
  rm -rf "$undo.done"
  exit 0
fi
echo "$failed_mark"
phase "putting the former files back"
/bin/bash "$undo/put-back" || {
  echo "##error the former files cannot be put back; the next run tries it again"
  exit "$status"
}
# It failed before it had changed anything.
changed=""
if [ -s "$undo.done/changed" ]; then changed=yes; fi
rm -rf "$undo.done"
[ -n "$changed" ] || exit "$status"
set +e
well
healed=$?
set -e
if [ "$healed" -eq 0 ]; then
  echo "##error the former files are back, and the node is well with them"
else
  echo "##error the former files are back, and the node is not well with them"
fi
exit "$status"
