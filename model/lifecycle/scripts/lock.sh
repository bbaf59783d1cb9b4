#!/usr/bin/env bash
# shellcheck disable=SC2154
# Variables: kind role node machine step run_id folder upgrading max_unavailable grace silence first_for
# Variables: line_held line_waits line_failed silent_status
# Prelude: path

set -u
umask 077
export KUBECONFIG=/etc/kubernetes/admin.conf
mkdir -p "$folder"
# others_first: whether another machine is to have a lock before this one.
if [ "$kind" = drain ]; then
  slots=drain
else
  if [ "$role" = controlPlane ]; then
    count=1
  else
    total=$(kubectl get nodes --selector '!node-role.kubernetes.io/control-plane' -o name 2>/dev/null | wc -l)
    case $max_unavailable in
      *%) count=$((total * ${max_unavailable%\%} / 100)) ;;
      *) count=$max_unavailable ;;
    esac
    [ "$count" -ge 1 ] || count=1
  fi
  slots=$(seq -f "$role.%g" "$count")
fi
# A node that an earlier run left drained goes first, for some time.
drained() { kubectl get nodes -o "go-template={{range .items}}{{if index .metadata.annotations \"$upgrading\"}}{{.metadata.name}}{{\"\\n\"}}{{end}}{{end}}" 2>/dev/null; }
others_first() {
  local all
  [ "$kind" = drain ] && [ "$SECONDS" -lt "$first_for" ] && all=$(drained) && [ -n "$all" ] && ! grep -qxF "$node" <<<"$all"
}
held=""
up() { local seconds rest; read -r seconds rest </proc/uptime; echo "${seconds%.*}"; }
# owner FILE: which machine and which step have the lock, and when they were heard from
owner() { [ -s "$1" ] && read -r seen who of <"$1"; }
mine() { owner "$1" && [ "$of" = "$step" ]; }
write() { echo "$(up) $machine $step" >"$1.new" && mv -f "$1.new" "$1"; }
# The machine whose change failed in this run, if one did
failed() {
  local of who
  [ -s "$folder/failed" ] && read -r of who <"$folder/failed" && [ "$of" = "$run_id" ] && echo "$who"
}
# What an earlier step of the machine had is this one's at once. A change may have failed since this step asked.
take() {
  ! failed >/dev/null || return 1
  if owner "$1" && [ "$of" != "$step" ] && [ "$who" != "$machine" ] && [ $(($(up) - seen)) -lt "$grace" ]; then return 1; fi
  write "$1"
}
renew() { mine "$1" && write "$1"; }
give_back() { ! mine "$1" || rm -f "$1"; }
alone() { ( flock 9 && "$@") 9>"$folder/lock"; }
refused() {
  local who
  who=$(failed) && echo "$line_failed$who"
}
# hear SECONDS: waits for a line of the step
hear() {
  local said="" status=0
  read -r -t "$1" said || status=$?
  case $said in
    done | failed)
      if [ "$said" = failed ]; then echo "$run_id $machine" >"$folder/failed"; fi
      for slot in $slots; do alone give_back "$folder/$slot"; done
      exit 0
      ;;
  esac
  # Its end, and not the time that is up.
  if [ "$status" -ne 0 ] && [ "$status" -le 128 ]; then exit "$silent_status"; fi
  return "$status"
}
# lock_by renew|take: whether one of the locks could be had
lock_by() {
  for slot in $slots; do
    if alone "$1" "$folder/$slot"; then
      held=$folder/$slot
      echo "$line_held"
      return 0
    fi
  done
  return 1
}
claim() {
  local told=""
  until lock_by renew; do
    ! refused || exit 0
    if ! others_first && lock_by take; then return; fi
    if [ -z "$told" ]; then echo "$line_waits"; fi
    told=yes
    hear 1
  done
}
claim
while :; do
  hear "$silence" || exit "$silent_status"
  alone renew "$held" || claim
done
