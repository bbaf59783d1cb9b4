# shellcheck shell=bash disable=SC2154,SC2034
# Variables: root_gib

phase "root volume"
grow_root() {
  local source part disk
  source=$(findmnt --noheadings --output SOURCE /) && part=${source##*/}
  # An image whose root is not a partition of a disk is left as it is.
  [ -e "/sys/class/block/$part/partition" ] || return 0
  disk=$(lsblk --noheadings --output PKNAME "$source" | head -n 1)
  if command -v growpart >/dev/null && growpart --dry-run "/dev/$disk" "$(cat "/sys/class/block/$part/partition")" >/dev/null 2>&1; then
    growpart "/dev/$disk" "$(cat "/sys/class/block/$part/partition")"
  fi
  case $(findmnt --noheadings --output FSTYPE /) in
    ext4) resize2fs "$source" 2>&1 | tail -n 1 ;;
    xfs) xfs_growfs / >/dev/null ;;
  esac
}
grow_root || note "the root file system could not grow to the volume's $root_gib GiB; it will at the next boot"
