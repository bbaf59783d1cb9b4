# shellcheck shell=bash disable=SC2154

if [ -e "$undo" ]; then
  phase "restoring files of an interrupted change"
  /bin/bash "$undo/put-back" || die "a change of this node was interrupted, and its previous files cannot be restored (bash $undo/at-boot boot)"
  [ ! -e "$undo" ] || die "cannot read the record of an interrupted change: compare $undo/was with the current files, fix what differs, and remove $undo"
fi
rm -rf "$undo.done" "$undo.ended"
