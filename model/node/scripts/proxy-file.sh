# shellcheck shell=bash disable=SC2154
# Variables: proxy_file

set -a
# shellcheck source=/dev/null
. "$proxy_file"
set +a
