import type { Cluster } from "./cluster";

type Observer = (cluster: Cluster, name: string) => void;

const observers = new Set<Observer>();

/** Calls `observer` with every `Cluster` that is created from now on: a plan of somebody's program reads its settings. @returns a function that ends it */
export function observeClusters(observer: Observer): () => void {
  observers.add(observer);
  return () => observers.delete(observer);
}

export function clusterCreated(cluster: Cluster, name: string): void {
  for (const observer of observers) observer(cluster, name);
}
