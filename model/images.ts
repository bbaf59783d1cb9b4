/** Kubernetes' own registry, which `images.repository` stands in for. */
export const UPSTREAM_REGISTRY = "registry.k8s.io";

/** Where Kubernetes' own images come from. */
export interface ImageSource {
  readonly images: {
    /** Stands in for `registry.k8s.io`. */
    readonly repository: string;
  };
}

/**
 * An image where this cluster finds it: those of registry.k8s.io below `images.repository`, in the folders they have
 * there; all others under their own name, where `images.mirrors` serves them.
 */
export function imageOf({ images }: ImageSource, image: string): string {
  const inside = image.startsWith(`${UPSTREAM_REGISTRY}/`)
    ? image.slice(UPSTREAM_REGISTRY.length)
    : undefined;
  return inside === undefined ? image : `${images.repository}${inside}`;
}
