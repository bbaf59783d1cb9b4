import type { Cluster, ClusterArgs } from "./cluster";

type Observer = (cluster: Cluster, args: ClusterArgs) => void;

const observers = new Set<Observer>();

/** Calls `observer` with every `Cluster` that is created from now on: a plan of somebody's program reads its settings. @returns a function that ends it */
export function observeClusters(observer: Observer): () => void {
  observers.add(observer);
  return () => observers.delete(observer);
}

export function clusterCreated(cluster: Cluster, args: ClusterArgs): void {
  for (const observer of observers) observer(cluster, args);
}
