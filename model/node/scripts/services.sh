# shellcheck shell=bash disable=SC2154

phase services
# put_service FOLDER FILE MODE [SERVICE]: as put, where the service's folder is; SERVICE reads the file anew.
put_service() {
  local folder=$1
  shift
  if [ ! -d "$folder" ]; then
    cat >/dev/null
    return 0
  fi
  put "$@"
  if [ $# -lt 3 ] || ! marked "$3"; then return 0; fi
  case $3 in
    journald) systemctl restart systemd-journald.service ;;
    logind) if active systemd-logind.service; then systemctl kill -s SIGHUP systemd-logind.service; fi ;;
    NetworkManager) if active NetworkManager.service; then systemctl reload NetworkManager.service; fi ;;
  esac
  unmark "$3"
}
