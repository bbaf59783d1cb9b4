import type { LabCluster } from "./cluster";

/**
 * Waits until a Service of the web server answers on a node by each of its pods. A pod without a probe is ready before its server listens,
 * and kube-proxy writes its rules a moment after that.
 * @param pods how many there are
 * @throws after a minute
 */
export async function untilServed(
  cluster: LabCluster,
  node: string,
  address: string,
  pods: number,
): Promise<void> {
  await cluster.host(
    node,
    `end=$((SECONDS + 60)) names=
until [ "$(printf %s "$names" | sort -u | wc -l)" -ge ${pods} ]; do
  [ "$SECONDS" -lt "$end" ] || { echo "only these answer within a minute: $names" >&2; exit 1; }
  name=$(curl -sS --max-time 2 http://${address}/) && names+="$name"$'\\n' || sleep 0.1
done`,
  );
}
