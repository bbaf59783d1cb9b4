# shellcheck shell=bash disable=SC2154,SC2034
# Variables: modules_file

phase api-proxy
if [ -e "$nginx_modules/ngx_stream_module.so" ]; then
  stream_module="load_module $nginx_modules/ngx_stream_module.so;"
else
  stream_module="# The stream module is built in."
fi
put "$modules_file" 0644 api-proxy-config <<<"$stream_module"
