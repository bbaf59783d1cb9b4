/** Replaces nodes that stay NotReady, one of the pool at a time. `{}` uses the defaults. */
export interface RepairInput {
  /**
   * How long a node may be NotReady before its instance is replaced, in seconds, 300 to 86400.
   *
   * @defaultValue `900`
   */
  timeoutSeconds?: number;
  /**
   * Share of the pool's nodes that may be NotReady, in percent; one node always may. Above it no node is replaced,
   * because the cause is then the network or the control plane.
   *
   * @defaultValue `40%`
   */
  maxUnhealthy?: string;
}

/** The same, decided. */
export interface RepairSettings {
  readonly timeoutSeconds: number;
  /** In percent. */
  readonly maxUnhealthy: number;
}

/** As the machine health checks of Cluster API advise, and three times as long as Kubernetes waits before pods go elsewhere. */
const DEFAULTS = { timeoutSeconds: 900, maxUnhealthy: "40%" } as const;

export function resolveRepair(given: {
  readonly timeoutSeconds?: number | undefined;
  readonly maxUnhealthy?: string | undefined;
}): RepairSettings {
  return {
    timeoutSeconds: given.timeoutSeconds ?? DEFAULTS.timeoutSeconds,
    maxUnhealthy: Number((given.maxUnhealthy ?? DEFAULTS.maxUnhealthy).slice(0, -1)),
  };
}
