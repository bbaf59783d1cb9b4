/** Address ranges of a cluster, on every platform. All ranges are IPv4, and none may overlap another. */
export interface NetworkInput {
  /**
   * IPv4 range of Services, /12 to /28. The first address is Service `kubernetes`, the tenth is cluster DNS. Cannot
   * change once the cluster exists.
   *
   * @defaultValue `10.96.0.0/16`
   */
  serviceCidr?: string;
  /**
   * Networks that pods and nodes must be able to reach, such as an office. They must not overlap the cluster's
   * ranges.
   *
   * @defaultValue none
   */
  peers?: readonly NetworkPeerInput[];
  /**
   * Number of nodes that the ranges must have room for.
   *
   * @defaultValue `256`
   */
  maxNodes?: number;
  /**
   * Maximum number of pods on a node: the kubelets' `maxPods`. A node's share of the pod range must have room for
   * them.
   *
   * @defaultValue `110`
   */
  podsPerNode?: number;
  /**
   * Prefix length of each node's share of the pod range, at most 16 bits longer than the pod range's.
   *
   * @defaultValue `24`
   */
  nodeCidrMaskSize?: number;
  /**
   * DNS suffix of Services. Decide before the first `pulumi up`: a later change is not refused, but running pods keep
   * the old suffix.
   *
   * @defaultValue `cluster.local`
   */
  clusterDomain?: string;
  /**
   * Ports of Services of type NodePort, as `first-last`. Hosts reserve them, so that no outgoing connection uses one.
   * The range must not contain ports that nodes themselves listen on.
   *
   * @defaultValue `30000-32767`
   */
  nodePortRange?: string;
  /**
   * MTU of the network between nodes, in bytes; at most 9001 on AWS. Setup refuses a host whose interface has a
   * smaller one.
   *
   * @defaultValue the MTU of the node's interface
   */
  mtu?: number;
}

/** A network outside the cluster that pods and nodes must be able to reach. */
export interface NetworkPeerInput {
  /** Name of the network in reports and in the plan; unique. */
  name: string;
  /** Range of the network. */
  cidr: string;
}
