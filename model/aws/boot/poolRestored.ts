/** Instances of a pool that `etcd.restore` has left without a Node: a kubelet registers only when it starts. */
import { prelude } from "../../node/shell";
import { statusPrefix } from "../names";
import { awsScript } from "../node/calls";
import { POOL_LABEL } from "../node/paths";
import { CLUSTER_TAG, POOL_TAG } from "../tags";
import { readBootStatus, type BootStatus } from "./poolState";

/** A pool as EC2 and a restored cluster know it. */
export interface RestoredPool {
  /** Seconds since 1970 by the control-plane node's clock. */
  readonly now: number;
  /** Running ones. */
  readonly instances: readonly { readonly id: string; readonly age: number }[];
  /** What instances said of their boots, by their ids. */
  readonly boots: ReadonlyMap<string, BootStatus["state"]>;
  readonly nodes: readonly RestoredNode[];
}

interface RestoredNode {
  readonly name: string;
  /** "" where it names none. */
  readonly instance: string;
  /** Seconds since 1970 at which its kubelet last said that it is there; undefined: never. */
  readonly renewed?: number;
}

/** What has to become of the pool. */
export interface RestoredVerdict {
  /** Ids of instances that cannot become nodes again by themselves. */
  readonly lost: readonly string[];
  /** What the cluster has to find out first, a text each. */
  readonly waits: readonly string[];
}

/** Run on a control-plane node: prints what `readRestoredPool` reads. Changes nothing. */
export function restoredPoolScript(cluster: string, pool: string): string {
  return `${prelude()}${awsScript("boot/scripts/restored-pool.sh", {
    pool_selector: `${POOL_LABEL}=${pool}`,
    cluster_tag: CLUSTER_TAG,
    cluster,
    pool_tag: POOL_TAG,
    pool,
    status_prefix: statusPrefix(cluster, pool),
  })}`;
}

/** Run on a control-plane node: the pool's group ends these instances and starts others. */
export function replaceInstancesScript(instances: readonly string[]): string {
  return `${prelude()}${awsScript("boot/scripts/replace-instances.sh", { instances })}`;
}

export function readRestoredPool(output: string): RestoredPool {
  const found = (name: string): string[][] =>
    output
      .split("\n")
      .filter((line) => line.startsWith(`##${name} `))
      .map((line) => line.split(" ").slice(1));
  const renewals = new Map(
    found("lease").map(([name = "", time = ""]) => [name, Math.floor(Date.parse(time) / 1000)]),
  );
  return {
    now: Number(found("now")[0]?.[0] ?? 0),
    instances: found("instance").map(([id = "", age]) => ({ id, age: Number(age) })),
    boots: new Map(
      found("status").flatMap((words): [string, BootStatus["state"]][] => {
        const status = readBootStatus(words.join(" "));
        return status === undefined ? [] : [[status.instance, status.state]];
      }),
    ),
    nodes: found("node").map(([name = "", provider = ""]) => {
      const renewed = renewals.get(name);
      return {
        name,
        instance: /^aws:\/\/\/[^/]*\/(i-[0-9a-f]+)$/.exec(provider)?.[1] ?? "",
        ...(renewed === undefined || Number.isNaN(renewed) ? {} : { renewed }),
      };
    }),
  };
}

/**
 * An instance that has joined, and whose Node the snapshot does not have, is lost: its kubelet does not register again, and its pods' range
 * may be another's by now. One that still boots joins by itself. A Node counts only when its kubelet has reported since the restore: until
 * then its conditions are the snapshot's. Nodes of instances that are gone are the cloud controller manager's to delete.
 *
 * @param since seconds since 1970 at which the cluster was back for sure
 * @param joinTimeout seconds within which an instance joins
 */
export function judgeRestored(
  { instances, boots, nodes }: RestoredPool,
  since: number,
  joinTimeout: number,
): RestoredVerdict {
  const known = new Set(nodes.map(({ instance }) => instance));
  const running = new Set(instances.map(({ id }) => id));
  const hasJoined = ({ id, age }: RestoredPool["instances"][number]): boolean => {
    const boot = boots.get(id);
    // Statuses of instances that are no nodes are deleted in time.
    return boot === "joined" || (boot === undefined && age > joinTimeout);
  };
  return {
    lost: instances.filter((one) => !known.has(one.id) && hasJoined(one)).map(({ id }) => id),
    waits: nodes.flatMap(({ name, instance, renewed }) => {
      if (!running.has(instance)) return [`${name}: its instance is gone, and its Node is not yet`];
      return renewed === undefined || renewed < since ? [`${name}: its kubelet has not reported yet`] : [];
    }),
  };
}
