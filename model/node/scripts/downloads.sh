# shellcheck shell=bash disable=SC2154,SC2034
# Variables: link_folder install_root member_file

# fetch URL FILE: what the server answers with an error is not asked for again, a broken connection is.
fetch() {
  local try status=0
  for try in 1 2 3 4 5; do
    status=0
    curl --fail --location --silent --show-error --retry 4 --retry-delay 2 --connect-timeout 20 \
      --speed-limit 1024 --speed-time 60 --output "$2" "$1" 2>"$2.error" || status=$?
    case $status in
      0) return 0 ;;
      22) break ;;
    esac
    if [ "$try" -lt 5 ]; then
      echo "try $try of $1: $(tail -n 1 "$2.error")"
      sleep "$((try * 2))"
    fi
  done
  die "download of $1 failed: $(tail -n 1 "$2.error")"
}
# install_download FOLDER NAME KIND URL SHA256
install_download() {
  local folder=$1 work=$opt/.incoming/$2 got
  if [ "$(cat "$folder/.sha256" 2>/dev/null || true)" = "$5" ]; then return 0; fi
  echo "downloading $4"
  rm -rf "$work"
  mkdir -p "$work/tree/bin"
  fetch "$4" "$work/file"
  got=$(sha256sum "$work/file")
  got=${got%% *}
  if [ "$got" != "$5" ]; then
    rm -rf "$work"
    die "checksum of $4: expected $5, got $got"
  fi
  case $3 in
    binary) mv "$work/file" "$work/tree/bin/$2" ;;
    archive) tar -xzf "$work/file" -C "$work/tree/bin" --no-same-owner || die "$4 is not an archive" ;;
    archiveWithBin) tar -xzf "$work/file" -C "$work/tree" --no-same-owner || die "$4 is not an archive" ;;
  esac
  chmod -R u=rwX,go=rX "$work/tree"
  find "$work/tree/bin" -type f -exec chmod 0755 {} +
  echo "$5" >"$work/tree/.sha256"
  mkdir -p "${folder%/*}"
  find "$work/tree" -type f -exec sync {} +
  rm -rf "$folder"
  mv "$work/tree" "$folder"
  rm -rf "$work"
}
# link NAME FOLDER [UNIT...]
link() {
  local path="$link_folder"/$1 target=$2/bin/$1 unit
  if [ "$(readlink "$path" || true)" = "$target" ]; then return 0; fi
  if [ ! -e "$target" ]; then die "$target is missing: the download contains something else"; fi
  if [ ! -x "$target" ]; then cannot_run "$target"; fi
  shift 2
  for unit in "$@"; do mark "$unit"; done
  ln -sfn "$target" "$path.pulumi-kubeadm-new"
  mv -fT "$path.pulumi-kubeadm-new" "$path"
}
# A node's binaries are switched by its node step.
link_new() { [ -e "$member_file" ] || link "$@"; }
phase downloads
opt=$install_root
mkdir -p "$opt" "$link_folder"
