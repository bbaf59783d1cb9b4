# shellcheck shell=bash disable=SC2154
# Variables: address port rounds pause patience

# Waits until the API server of this control-plane node is ready; the last line says what was wrong.
set -u
good=0
last=$((SECONDS + patience))
while [ "$good" -lt "$rounds" ]; do
  if said=$(curl --silent --show-error --fail-with-body --noproxy '*' --max-time 10 --cacert /etc/kubernetes/pki/ca.crt "https://$address:$port/readyz" 2>&1); then
    good=$((good + 1))
  else
    good=0
    if [ "$SECONDS" -gt "$last" ]; then
      printf '%s\n' "$said" | tail -n 1
      exit 1
    fi
  fi
  sleep "$pause"
done
