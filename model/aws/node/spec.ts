import type { EndpointSettings, ProxySettings } from "../../settings/resolved";
import type { AwsPool, AwsSettings } from "../settings";

/** What a control-plane node is told of EC2. */
export interface AwsControlPlaneSpec {
  /** The cluster's. */
  readonly name: string;
  readonly endpoint: EndpointSettings;
  readonly proxy?: ProxySettings;
  /** undefined: the node is not on EC2. */
  readonly aws?: AwsForControlPlane;
}

export interface AwsForControlPlane extends Pick<AwsSettings, "region" | "partition"> {
  readonly pools: readonly PoolForControlPlane[];
  /** Names of the target groups of the API's load balancers. Default: none. */
  readonly targetGroups?: readonly string[];
}

/** A pool as control-plane nodes know it: they let its instances in and label their nodes. */
export type PoolForControlPlane = Pick<AwsPool, "name" | "platform" | "labels" | "repair">;
