/** Kubernetes' own registry, which `images.repository` stands in for. */
export const UPSTREAM_REGISTRY = "registry.k8s.io";

/**
 * An image where this cluster finds it: those of registry.k8s.io below `images.repository`, in the folders they have
 * there; all others under their own name, where `images.mirrors` serves them.
 */
export function imageOf(
  settings: { readonly images: { readonly repository: string } },
  image: string,
): string {
  const inside = image.startsWith(`${UPSTREAM_REGISTRY}/`)
    ? image.slice(UPSTREAM_REGISTRY.length)
    : undefined;
  return inside === undefined ? image : `${settings.images.repository}${inside}`;
}
