# shellcheck shell=bash disable=SC2154
# Variables: api_server path none_line

# Prints an object of the API, or a line where there is none.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
if ! kubectl --server "$api_server" --request-timeout 10s get --raw "$path" 2>"$said"; then
  if grep -q NotFound "$said"; then
    echo "$none_line"
  else
    tail -n 1 "$said" >&2
    exit 1
  fi
fi
