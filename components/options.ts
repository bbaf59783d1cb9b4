/**
 * Resource options that several components share, each with its reason. `npm run plan` prints the reasons beside the
 * resources that have them.
 */

/** Why a property of a resource is not watched. */
export interface Ignored {
  readonly property: string;
  readonly reason: string;
}

export const INIT_IGNORES: readonly Ignored[] = [
  {
    property: "stdin",
    reason:
      "init is done once: its connections and keys are used when the cluster is made and never again, so a rotated key is no change to it",
  },
  {
    property: "environment.KUBEADM_SPEC",
    reason:
      "the configuration init started with is history: masters get later settings through their membership; what cannot change is watched in KUBEADM_FIXED",
  },
];

/** By resource type and the end of its name, for `plan.json`. */
export function ignoreReason(resource: string, property: string): string | undefined {
  if (!resource.endsWith("-init")) return undefined;
  return INIT_IGNORES.find((ignored) => ignored.property === property)?.reason;
}
