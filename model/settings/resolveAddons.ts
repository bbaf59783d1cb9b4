import type { AddonSettings } from "./resolvedAddons";
import type { ClusterInput } from "./schema/cluster";

export function resolveAddons(input: ClusterInput): AddonSettings {
  return {
    helm: { sources: input.helm?.sources ?? {}, versions: input.helm?.versions ?? {} },
  };
}
