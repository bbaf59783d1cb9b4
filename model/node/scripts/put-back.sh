#!/usr/bin/env bash
# shellcheck disable=SC2154,SC2034
# Variables: undo files_list
# Uses: node/scripts/prelude.sh

# Puts the files of before a change back, and restarts what reads them. At boot in two parts: `files` before the kubelet starts, which
# restarts nothing, and `boot` after it.
umask 077
when=${1:-}
(cd "$undo" && sha256sum --quiet --check sums) || die "the record of the change is damaged: compare $undo/was with the current files, fix what differs, and remove $undo"
touch "$undo/changed"
same() {
  if [ -L "$1" ] || [ -L "$2" ]; then [ "$(readlink "$1")" = "$(readlink "$2")" ]; else [ -e "$2" ] && cmp -s "$1" "$2"; fi
}
is_back() { grep -qE "$1" "$undo/changed"; }
differs() {
  echo "$1" >>"$undo/changed"
  sync "$undo/changed"
}
stays() { grep -qxF "$1" "$undo/except"; }
# Which unit reads which file, by the lists of both setups.
cat "$files_list" 2>/dev/null >>"$undo/units" || true
while read -r root; do
  if [ -e "$root" ] || [ -L "$root" ]; then
    while read -r path; do
      if [ -e "$undo/was$path" ] || [ -L "$undo/was$path" ] || stays "$path"; then continue; fi
      differs "$path"
      case $path in /etc/systemd/system/*.service | /etc/systemd/system/*.timer) systemctl disable --now --quiet "${path##*/}" || true ;; esac
      rm -f "$path"
      echo "removed $path"
    done < <(find "$root" \( -type f -o -type l \))
  fi
  if [ -e "$undo/was$root" ] || [ -L "$undo/was$root" ]; then
    while read -r was; do
      path=${was#"$undo/was"}
      if stays "$path" || same "$was" "$path"; then continue; fi
      differs "$path"
      mkdir -p "${path%/*}"
      # A name with a dot before it: the kubelet reads every other file of its folder.
      new=${path%/*}/.${path##*/}.undo
      rm -f "$new"
      cp -a "$was" "$new" || { rm -f "$new"; die "$path cannot be put back"; }
      mv -fT "$new" "$path"
      echo "put back $path"
    done < <(find "$undo/was$root" \( -type f -o -type l \))
  fi
done <"$undo/paths"
sync
if is_back '^/etc/systemd/system/'; then systemctl daemon-reload; fi
