# shellcheck shell=bash

# Reads the head of a token (RFC 7515: three parts in base64url), which names the key that signed it. The token itself is not shown.
key_of() { cut -d . -f 1 | tr '_-' '/+' | base64 -d 2>/dev/null | sed -n 's/.*"kid":"\([^"]*\)".*/\1/p'; }
is_token() { head -c 4096 "$1" | tr -d '\n' | grep -qE '^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+'; }
