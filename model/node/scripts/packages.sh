# shellcheck shell=bash disable=SC2154,SC2034
# Variables: needs

nginx_static_stream() { nginx -V 2>&1 | grep -qE -- '--with-stream( |$)'; }
have() {
  case $1 in
    nginx-stream) [ -e "$nginx_modules/ngx_stream_module.so" ] || nginx_static_stream ;;
    *) command -v "$1" >/dev/null ;;
  esac
}
package_index=""
# apt's own time limit is for dpkg's lock: the lists' is waited for here.
apt_update() {
  local said until=$((SECONDS + 300))
  until said=$(apt-get -q -o DPkg::Lock::Timeout=300 update 2>&1); do
    case $said in *"/lists/lock"*) ;; *) until=0 ;; esac
    if [ "$SECONDS" -ge "$until" ]; then
      echo "$said"
      return 1
    fi
    sleep 5
  done
  echo "$said"
}
install_packages() {
  local names=$*
  echo "installing: $names"
  case $package_manager in
    apt)
      export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
      if [ -z "$package_index" ]; then
        retry 5 10 apt_update || die "apt-get update failed; these packages are missing: $names"
        package_index=fresh
      fi
      retry 5 10 apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold \
        --no-install-recommends install "$@" || die "these packages could not be installed: $names"
      ;;
    dnf)
      retry 5 10 dnf -q -y --setopt=install_weak_deps=False install "$@" ||
        die "these packages could not be installed: $names"
      ;;
  esac
}
install_missing() {
  local need missing=() packages=()
  for need in "$@"; do
    if ! have "$need"; then
      missing+=("$need")
      packages+=("${package_of[$need]}")
    fi
  done
  if [ "${#missing[@]}" -eq 0 ]; then return 0; fi
  # The package starts nginx with its own page on port 80, which nobody asked for.
  case " ${missing[*]} " in
    *" nginx "*)
      : >"$pending/nginx-masked"
      systemctl mask --quiet nginx.service
      ;;
  esac
  mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
  install_packages "${packages[@]}"
  for need in "${missing[@]}"; do
    if ! have "$need"; then die "$need is not there although ${package_of[$need]} was installed"; fi
  done
}
phase packages
install_missing "${needs[@]}"
if [ -e "$pending/nginx-masked" ]; then
  systemctl unmask --quiet nginx.service
  systemctl disable --quiet nginx.service
  rm -f "$pending/nginx-masked"
fi
