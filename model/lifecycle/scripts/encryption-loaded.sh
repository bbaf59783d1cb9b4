# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: encryption_file api_server machine loaded_within rewritten rewrite_mark

digest=$(sha256sum <"$encryption_file" | cut -d ' ' -f 1)
has_loaded() {
  local metrics
  metrics=$(kubectl --server "$api_server" get --raw /metrics 2>/dev/null || true)
  grep -F "hash=\"sha256:$digest\"" <<<"$metrics" | grep '^apiserver_encryption_config_controller_last_config_info{' >/dev/null
}
wait_for "$loaded_within" 2 has_loaded || die "the API server of $machine did not load its changed encryption keys within $loaded_within s: look at its log (crictl logs). Nothing is lost: Secrets stay readable with the keys that it has"
if [ -n "$rewritten" ]; then rm -f "$rewrite_mark"; fi
