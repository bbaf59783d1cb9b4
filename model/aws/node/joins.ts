import type { PoolRule } from "../../kubeadm/joinApprover";
import { proxyVariables } from "../../node/downloads";
import type { AwsControlPlaneSpec } from "./spec";
import { shWords } from "../../text";
import { CLUSTER_TAG, POOL_TAG } from "../tags";
import { awsFunction } from "./calls";

/** Hours after its launch in which an instance becomes a node: as long as it may wait for a control plane that is away. */
const JOIN_HOURS = 24;
/** Minutes after its launch in which an instance whose boot failed halfway may ask again, though its Node is there. */
const AGAIN_MINUTES = 60;

/**
 * How a control-plane node judges an instance of a pool, whose credential is the whole pool's: EC2 must know a running instance
 * of that private name with the tags of cluster and pool, launched not long ago, and no other instance may be that node.
 * Until an instance has become a node, root on another one of its pool can still take its name; afterwards nobody can.
 */
export function poolRule(settings: AwsControlPlaneSpec): PoolRule | undefined {
  const { aws } = settings;
  if (aws === undefined) return undefined;
  const pools = aws.pools.map((pool) => pool.name);
  return {
    environment: proxyVariables(settings).map(
      ([name, value]) => `"${`${name}=${value}`.replaceAll("%", "%%")}"`,
    ),
    functions: `${awsFunction}pool_of() {
  case $1 in ${pools.length === 0 ? "" : `${shWords(pools).replaceAll(" ", " | ")}) true ;; `}*) false ;; esac
}
judge_instance() {
  local pool=$1 node=$2 instance age more provider ready
  read -r instance age more <<<"$(aws instance "$node" "${CLUSTER_TAG}=${settings.name}" "${POOL_TAG}=$pool" | paste -s -d ' ')"
  [[ \${instance:-} =~ ^i-[0-9a-f]+$ && \${age:-} =~ ^[0-9]+$ && -z \${more:-} ]] || { echo "EC2 knows no running instance $node of pool $pool"; return; }
  [ "$age" -lt ${JOIN_HOURS * 3600} ] || { echo "instance $instance was launched $((age / 3600)) hours ago, and joins are taken for ${JOIN_HOURS}: end it, and its group starts another"; return; }
  # shellcheck disable=SC2016 # the variables are the template's
  kubectl get node "$node" --ignore-not-found -o go-template='{{.spec.providerID}} {{range .status.conditions}}{{if eq .type "Ready"}}{{.status}}{{end}}{{end}}' >"$work/node"
  if [ -s "$work/node" ]; then
    read -r provider ready <"$work/node" || true
    [ "\${provider##*/}" = "$instance" ] || { echo "node $node is there already, as \${provider##*/}"; return; }
    [ "\${ready:-}" != True ] || { echo "node $node is there already, and Ready"; return; }
    [ "$age" -lt ${AGAIN_MINUTES * 60} ] || { echo "node $node is there already, and $instance was launched $((age / 60)) minutes ago"; return; }
  fi
  echo ok
}
`,
  };
}
