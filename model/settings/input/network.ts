/** Address ranges of a cluster, on every platform. All ranges are IPv4, and none may overlap another. */
export interface NetworkInput {
  /**
   * Addresses of Services, from /12 to /28. The first address is Service `kubernetes`, the tenth is cluster DNS. Cannot
   * change once the cluster exists.
   *
   * @defaultValue `10.96.0.0/16`
   */
  serviceCidr?: string;
  /**
   * Networks that pods and nodes must be able to reach, such as an office. No range of the cluster may overlap one.
   *
   * @defaultValue none
   */
  peers?: NetworkPeerInput[];
  /**
   * How many nodes the ranges must have room for.
   *
   * @defaultValue `256`
   */
  maxNodes?: number;
  /**
   * Most pods on one node: `maxPods` of the kubelets. A node's part of the pod range must have room for them.
   *
   * @defaultValue `110`
   */
  podsPerNode?: number;
  /**
   * Prefix length of the part of the pod range that each node gets, at most 16 bits longer than the pod range's own.
   *
   * @defaultValue `24`
   */
  nodeCidrMaskSize?: number;
  /**
   * DNS suffix of Services. Treat it as fixed: a change is not refused, and does not reach running pods.
   *
   * @defaultValue `cluster.local`
   */
  clusterDomain?: string;
  /**
   * Ports of Services of type NodePort, as `first-last`. They are reserved in the kernel, so that no outgoing connection
   * takes one. Ports that a node itself listens on are refused.
   *
   * @defaultValue `30000-32767`
   */
  nodePortRange?: string;
  /**
   * MTU of the network between nodes, in bytes; at most 9001 on AWS. Setup refuses a host whose interface has less.
   *
   * @defaultValue what flannel reads from the interface
   */
  mtu?: number;
}

/** A network outside the cluster that pods and nodes must be able to reach. */
export interface NetworkPeerInput {
  /** Name of the network in reports and in the plan; each name once. */
  name: string;
  /** Range of the network. */
  cidr: string;
}
