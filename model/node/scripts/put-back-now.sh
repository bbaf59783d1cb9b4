# shellcheck shell=bash disable=SC2034,SC2154
# Variables: report

phase "putting the former files back"
# What is said from here on says why.
reported=yes
if ! /bin/bash "$undo/put-back" || [ -e "$undo" ]; then
  echo "##error the former files cannot be put back; the next run tries it again"
  exit 1
fi
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
  echo "$report the former files are back, and the node is well with them"
else
  echo "$report the former files are back, and the node is not well with them"
fi
exit "$status"
