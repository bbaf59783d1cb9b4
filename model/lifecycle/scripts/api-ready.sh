# shellcheck shell=bash

# A run that was cut off may have left etcd or the API server on their way up.
retry 120 1 kubectl get --raw /readyz >/dev/null 2>&1 || die "the API has not answered for two minutes: it must run before it can be changed"
