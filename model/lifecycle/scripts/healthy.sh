# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: control_plane api_server well_for

phase "healthy"
well=0 enough=1 within=120 minutes=two what="the kubelet"
if [ -n "$control_plane" ]; then
  within=240 minutes=four what="the API server or the kubelet"
  [ -z "$switched" ] || enough=$well_for
fi
api_ready() { [ -z "$control_plane" ] || kubectl --server "$api_server" get --raw /readyz >/dev/null 2>&1; }
stays_healthy() {
  if api_ready && curl --silent --fail --max-time 2 http://127.0.0.1:10248/healthz >/dev/null; then well=$((well + 1)); else well=0; fi
  [ "$well" -ge "$enough" ]
}
retry "$within" 1 stays_healthy || die "$what did not become healthy within $minutes minutes"
