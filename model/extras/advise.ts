import { nameOf } from "./read";
import type { ExtrasSettings } from "./settings";

/** Parts of your own manifests that work but deserve a look. */
export function adviseExtras({ extras }: { readonly extras: ExtrasSettings }): string[] {
  return extras.manifests.flatMap(({ source, object }) => {
    const inside = [object.data, object.stringData].some(
      (part) => part !== null && typeof part === "object" && Object.keys(part).length > 0,
    );
    if (object.kind !== "Secret" || object.apiVersion !== "v1" || !inside) return [];
    return [
      `manifests: ${source} holds ${nameOf(object)} in plain text; everybody who can read the project can read it. ` +
        "charts.<name>.secretValues and programs of your own take secrets from kubeadm:secrets",
    ];
  });
}
