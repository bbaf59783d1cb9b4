import type { Switched } from "../../core/enabled";
import type { PodResourcesInput } from "../../kubernetes";
import type { PodResources } from "../../settings/resolvedShared";

/**
 * AWS Load Balancer Controller, which creates application load balancers for Ingresses of the class `alb` and network
 * load balancers for Services. `{}` uses the defaults.
 */
export interface LoadBalancerControllerInput extends Switched {
  /**
   * Makes it the controller of every new Service of type LoadBalancer that names no class. `false`: only of Services
   * with `loadBalancerClass: service.k8s.aws/nlb`, and the cloud controller manager serves the others, with classic load
   * balancers unless they are annotated. Existing Services keep their load balancer.
   *
   * @defaultValue `true`
   */
  defaultForServices?: boolean;
  /**
   * Makes `alb` the class of Ingresses that name none.
   *
   * @defaultValue `false`
   */
  defaultForIngresses?: boolean;
  /**
   * Replicas, on control-plane nodes, 1 to 5. One works, the others stand by; all of them answer webhooks.
   *
   * @defaultValue `1` with one control-plane node, otherwise `2`
   */
  replicas?: number;
  /**
   * Requests and limits of its pods.
   *
   * @defaultValue requests of 100m CPU and 128Mi memory
   */
  resources?: PodResourcesInput;
  /**
   * Image with its registry and a tag or a digest.
   *
   * @defaultValue the chart's
   */
  image?: string;
}

/** The same, decided. */
export interface LoadBalancerControllerSettings {
  /** Version of the chart. */
  readonly chart: string;
  /** With its tag. */
  readonly image: string;
  readonly defaultForServices: boolean;
  readonly defaultForIngresses: boolean;
  readonly replicas: number;
  readonly resources: PodResources;
}
