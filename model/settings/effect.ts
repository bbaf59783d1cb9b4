/** Steps on hosts that run again; `controlPlane`: of control-plane nodes, `workers`: of the workers; `everywhere`: of all nodes. */
export type ChangedStep =
  | "preflight"
  | "init"
  | "rotation"
  | "setup everywhere"
  | "setup controlPlane"
  | "node controlPlane"
  | "node everywhere"
  | "node workers"
  | "setup w1"
  | "node w1";

export type Effect =
  /** The steps run again, and bring it to the hosts. */
  | { readonly kind: "hosts"; readonly steps: readonly ChangedStep[]; readonly seen: string }
  /** Resources of Pulumi change: objects in the cluster, releases of Helm, resources of a cloud; no host does. */
  | { readonly kind: "resources"; readonly seen: string }
  /** Another way to the hosts, or Pulumi's own behaviour. */
  | { readonly kind: "program"; readonly seen: string }
  /** Preflight refuses it before anything is changed. */
  | { readonly kind: "refused"; readonly why: string; readonly way: string };

export interface EffectRow {
  readonly keys: readonly string[];
  readonly effect: Effect;
}

export const NEW_CLUSTER = "create a new cluster";
export const hosts = (keys: readonly string[], steps: readonly ChangedStep[], seen: string): EffectRow => ({
  keys,
  effect: { kind: "hosts", steps, seen },
});
export const resources = (keys: readonly string[], seen: string): EffectRow => ({
  keys,
  effect: { kind: "resources", seen },
});
export const program = (keys: readonly string[], seen: string): EffectRow => ({
  keys,
  effect: { kind: "program", seen },
});
export const refused = (keys: readonly string[], why: string, way = NEW_CLUSTER): EffectRow => ({
  keys,
  effect: { kind: "refused", why, way },
});
