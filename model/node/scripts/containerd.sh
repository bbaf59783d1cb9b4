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
for try in 1 2 3 4 5 6 7 8 9 10; do
  if timeout 10 "$link_folder"/ctr --address "$containerd_socket" version >/dev/null; then break; fi
  if [ "$try" -eq 10 ]; then unit_failed "$containerd_unit"; fi
  sleep 1
done
