# shellcheck shell=bash disable=SC2154

if [ -e "$undo" ]; then
  phase "putting back a change that was cut off"
  /bin/bash "$undo/put-back" || die "a change of this node was cut off, and its former files cannot be put back (bash $undo/at-boot boot)"
  [ ! -e "$undo" ] || die "the record of a change that was cut off cannot be read: compare $undo/was with the files that are there, put right what differs, and remove $undo"
fi
rm -rf "$undo.done" "$undo.ended"
