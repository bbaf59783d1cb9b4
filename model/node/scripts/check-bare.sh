# shellcheck shell=bash disable=SC2154,SC2034
# Variables: control_plane member_file

check_bare() {
  if [ -e "$member_file" ] || joining; then return 0; fi
  check_cgroups
  check_programs
  check_selinux
  check_cloud_setup
  check_leftovers
  check_runtime
  if [ -n "$control_plane" ]; then check_etcd_folder; fi
}
