import { script } from "../core/script";
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
  const values = { address, port: API_PORT, rounds: ROUNDS, pause: PAUSE, patience: PATIENCE };
  return script("aws/scripts/settled.sh", values);
}
