/** What destroy does with volumes of claims. */
export const VOLUMES_AT_DESTROY = ["keep", "delete", "refuse"] as const;
/** What destroy does with load balancers of Services. */
export const BALANCERS_AT_DESTROY = ["delete", "refuse"] as const;

/**
 * What `pulumi destroy` does with what controllers in the cluster created on AWS, while the cluster still runs.
 */
export interface OnDestroyInput {
  /**
   * Load balancers of Services and Ingresses. `delete`: deletes these Services and Ingresses, waits until AWS has
   * deleted the load balancers, then deletes load balancers, target groups and security groups whose Service is gone.
   * `refuse`: destroy fails and lists them. A VPC cannot be deleted while it contains one.
   *
   * @defaultValue `delete`
   */
  loadBalancers?: (typeof BALANCERS_AT_DESTROY)[number];
  /**
   * EBS volumes of claims. `keep`: destroy lists them with their claims; they remain, and so does their cost. `delete`:
   * deletes the claims and the pods that use them, and waits until the volumes are gone; volumes with the reclaim
   * policy `Retain` remain. `refuse`: destroy fails and lists them.
   *
   * @defaultValue `keep`
   */
  volumes?: (typeof VOLUMES_AT_DESTROY)[number];
}

/** The same, decided. */
export type OnDestroySettings = Required<OnDestroyInput>;

/** Who may see and remove what, by the ARN of a role; a late value. */
export interface LeftoverRoles {
  /** The cloud controller manager's, for load balancers and their groups. */
  readonly balancers?: string;
  /** The EBS driver's. */
  readonly volumes?: string;
  /** AWS Load Balancer Controller's, for what carries its own tag. */
  readonly controller?: string;
}

/** What the program that looks for leftovers reads. */
export interface LeftoversSpec extends OnDestroySettings {
  /** The cluster's name. */
  readonly cluster: string;
  readonly aws: { readonly region: string; readonly partition: string };
  /** Variables that lead to a proxy. */
  readonly proxy: readonly (readonly [name: string, value: string])[];
  /** Whether the cluster has the EBS driver. */
  readonly storage: boolean;
  /** Whether the cluster has AWS Load Balancer Controller. */
  readonly controller: boolean;
  /** Empty: the control-plane nodes' own role may do it. */
  readonly roles: LeftoverRoles;
  /** Services of the stack itself with a load balancer, as `Service namespace/name`: a destroy deletes them, so `refuse` is not about them. Default: none. */
  readonly own?: readonly string[];
}
