import type { MachineInput, TaintInput } from "./machines";

/** Your own Linux machine in a pool. Its key under `machines` is its identity and the name of its node. */
export type PoolMachineInput = Omit<MachineInput, "role" | "pool">;

/** A pool of workers on your own machines. */
export interface MachinePoolInput {
  /** The machines by name. A name is a machine's identity, and the name of its node. */
  machines: Record<string, PoolMachineInput>;
  /**
   * Name of the pool. The nodes get the label `node-role.kubernetes.io/<pool>`. Not `control-plane` or `master`.
   *
   * @defaultValue the name of the component
   */
  pool?: string;
  /**
   * Labels of all its nodes. A machine's own labels are added, and win.
   *
   * @defaultValue none
   */
  labels?: Record<string, string>;
  /**
   * Taints of all its nodes, except those of machines with their own taints.
   *
   * @defaultValue none
   */
  taints?: readonly TaintInput[];
  /**
   * How many workers of the pool may be unavailable at the same time while nodes are drained, upgraded and let in again: a number, or a share
   * such as `25%`, as `upgrades.pools.<pool>.maxUnavailable` in the settings, which must not name the pool too.
   *
   * @defaultValue `upgrades.maxUnavailable`
   */
  maxUnavailable?: number | string;
}
