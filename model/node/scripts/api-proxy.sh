# shellcheck shell=bash disable=SC2154,SC2034
# Variables: runtime_folder config_file api_proxy_unit

reload_units
mkdir -p /run/"$runtime_folder"
nginx -q -t -c "$config_file" || die "nginx rejects $config_file"
if marked api-proxy-config && ! marked "$api_proxy_unit" && active "$api_proxy_unit"; then
  echo "reloading $api_proxy_unit"
  systemctl reload "$api_proxy_unit" || unit_failed "$api_proxy_unit"
fi
run_unit "$api_proxy_unit"
unmark api-proxy-config
