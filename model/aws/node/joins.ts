import { systemdEnvironment } from "../../core/systemd";
import type { PoolRule } from "../../kubeadm/joinApprover";
import { proxyVariables } from "../../node/downloads";
import type { AwsControlPlaneSpec } from "./spec";
import { CLUSTER_TAG, POOL_TAG } from "../tags";
import { awsScript } from "./calls";

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
  return {
    environment: proxyVariables(settings).map(([name, value]) => systemdEnvironment(name, value)),
    functions: awsScript("node/scripts/pool-instances.sh", {
      pools: aws.pools.map((pool) => pool.name),
      cluster_tag: CLUSTER_TAG,
      cluster: settings.name,
      pool_tag: POOL_TAG,
      join_hours: JOIN_HOURS,
      again_minutes: AGAIN_MINUTES,
    }),
  };
}
