# shellcheck shell=bash disable=SC2154,SC2034
# Uses: node/scripts/place.sh
# Variables: state_folder pending_folder files_list kept_folder install_root

state=$state_folder
pending=$pending_folder
theirs=$kept_folder
mkdir -p "$state" "$pending" /run/lock

# The mark is on disk, so that a run that is cut off before the restart leaves the next one to do it.
mark() {
  : >"$pending/$1"
  sync "$pending/$1" "$pending"
}
marked() { [ -e "$pending/$1" ]; }
unmark() { rm -f "$pending/$1"; }

# put PATH MODE [UNIT...]: standard input becomes the file, in one step and only where it differs.
put() {
  local path=$1 mode=$2
  local new=$path.pulumi-kubeadm-new
  shift 2
  [ -d "${path%/*}" ] || mkdir -p "${path%/*}"
  if ! grep -qsxF "$path $*" "$files_list"; then
    # What somebody else has there is kept, and put back when this library goes.
    if [ -e "$path" ] && ! grep -qsF "$path " "$files_list"; then
      mkdir -p "$theirs${path%/*}"
      cp -a "$path" "$theirs$path"
      if [ -f "$path" ]; then sync "$theirs$path" "$theirs${path%/*}"; fi
    fi
    echo "$path $*" >>"$files_list"
    sync "$files_list" "$state"
  fi
  cat >"$new"
  place "$new" "$path" "$mode" mark_changed "$path" "$@"
}
mark_changed() {
  local unit
  case $1 in /etc/systemd/system/*) mark daemon-reload ;; esac
  shift
  for unit in "$@"; do mark "$unit"; done
}

# drop_unwanted PATH...: removes what an earlier setup put there and this one does not name.
drop_unwanted() {
  local path units unit kept=""
  if [ ! -e "$files_list" ]; then return 0; fi
  while read -r path units; do
    case $'\n'"$(printf '%s\n' "$@")"$'\n' in
      *$'\n'"$path"$'\n'*) kept+="$path $units"$'\n' ;;
      *)
        case $path in /etc/systemd/system/*) mark daemon-reload ;; esac
        case $path in /etc/systemd/system/*.service) systemctl disable --now --quiet "${path##*/}" || true ;; esac
        for unit in $units; do mark "$unit"; done
        rm -f "$path"
        if [ -e "$theirs$path" ]; then mv -f "$theirs$path" "$path"; fi
        echo "removed $path"
        ;;
    esac
  done <"$files_list"
  printf '%s' "$kept" >"$files_list.new"
  sync "$files_list.new"
  mv -f "$files_list.new" "$files_list"
  sync "$state"
}

reload_units() {
  if marked daemon-reload; then
    systemctl daemon-reload
    unmark daemon-reload
  fi
}

active() { systemctl is-active --quiet "$1"; }

# cannot_run PROGRAM: says why the system denies to run it.
cannot_run() {
  local why="a security module denies it"
  case ,$(findmnt -nro OPTIONS -T "$1" 2>/dev/null | tail -n 1), in
    *,noexec,*) why="it lies on a mount with noexec" ;;
    *) if active fapolicyd.service; then why="fapolicyd denies it, and has to trust $install_root"; fi ;;
  esac
  die "$1 cannot be run, permission denied: $why"
}

# Starts a unit that does not run, and restarts one whose files changed.
run_unit() {
  systemctl is-enabled --quiet "$1" || systemctl enable --quiet "$1"
  if marked "$1"; then
    echo "restarting $1"
    systemctl restart "$1" || unit_failed "$1"
    unmark "$1"
  elif ! active "$1"; then
    systemctl start "$1" || unit_failed "$1"
  fi
}

unit_failed() {
  systemctl status --no-pager --full --lines=20 "$1" || true
  die "$1 does not start"
}
