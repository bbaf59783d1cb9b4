import { API_PORT } from "../network/ports";

/** Answers in a row, and seconds between them and for all of them: images, etcd's log and caches are on a disk that just started. */
const ROUNDS = 3;
const PAUSE = 5;
const PATIENCE = 600;

/**
 * Waits until the API server of this control-plane node is ready: it asks its own etcd with a read that needs a quorum
 * (kube-apiserver, /readyz/etcd). The last line says what was wrong.
 */
export function settledScript(address: string): string {
  return `set -u
good=0
last=$((SECONDS + ${PATIENCE}))
while [ "$good" -lt ${ROUNDS} ]; do
  if said=$(curl --silent --show-error --fail-with-body --noproxy '*' --max-time 10 --cacert /etc/kubernetes/pki/ca.crt https://${address}:${API_PORT}/readyz 2>&1); then
    good=$((good + 1))
  else
    good=0
    if [ "$SECONDS" -gt "$last" ]; then
      printf '%s\\n' "$said" | tail -n 1
      exit 1
    fi
  fi
  sleep ${PAUSE}
done
`;
}
