import { type Switched, whenEnabled } from "../../core/enabled";
import type { LoadBalancerControllerInput, LoadBalancerControllerSettings } from "./settings";

const REPOSITORY = "public.ecr.aws/eks/aws-load-balancer-controller";

// The chart requests nothing; its values.yaml proposes these.
const RESOURCES = { requests: { cpu: "100m", memory: "128Mi" } } as const;

/** AWS Load Balancer Controller with defaults filled in; undefined: it is not installed. */
export function resolveLoadBalancerController(
  given: (LoadBalancerControllerInput & Switched) | undefined,
  {
    chart,
    version,
    controlPlaneNodes,
  }: { readonly chart: string; readonly version: string; readonly controlPlaneNodes: number },
): LoadBalancerControllerSettings | undefined {
  const written = whenEnabled(given);
  if (written === undefined) return undefined;
  const { image = `${REPOSITORY}:${version}`, resources = RESOURCES } = written;
  return {
    chart,
    image,
    defaultForServices: written.defaultForServices ?? true,
    defaultForIngresses: written.defaultForIngresses ?? false,
    replicas: written.replicas ?? (controlPlaneNodes > 1 ? 2 : 1),
    resources,
  };
}
