# shellcheck shell=bash disable=SC2154
# Variables: pools unit folder

# A look that is under way now may have read the CAs of before, so it is waited for, and then the marks say that there is none.
phase "join credentials of pools by the present CAs"
systemctl start "$unit" || true
marks=()
for pool in "${pools[@]}"; do marks+=("$folder/$pool.written"); done
rm -f "${marks[@]}"
written() {
  local mark
  systemctl start "$unit" || true
  for mark in "${marks[@]}"; do [ -e "$mark" ] || return 1; done
}
wait_for 300 5 written || die "no join credential could be written for each pool within five minutes: journalctl -u $unit says why"
