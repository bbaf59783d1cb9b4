# shellcheck shell=bash disable=SC2154,SC2034

status=0
[ -e "$undo.ended" ] || die "the previous files are gone"
mv -T "$undo.ended" "$undo"
sync "${undo%/*}"
