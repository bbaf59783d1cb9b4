# shellcheck shell=bash disable=SC2154,SC2034
# Variables: link_folder containerd_folder containerd_unit containerd_socket

reload_units
dumped=0
"$link_folder"/containerd --config "$containerd_folder"/config.toml config dump >/dev/null || dumped=$?
case $dumped in
  0) ;;
  126) cannot_run "$(readlink -f "$link_folder"/containerd)" ;;
  *) die "containerd rejects $containerd_folder/config.toml with its drop-ins" ;;
esac
run_unit "$containerd_unit"
retry 10 1 timeout 10 "$link_folder"/ctr --address "$containerd_socket" version >/dev/null || unit_failed "$containerd_unit"
