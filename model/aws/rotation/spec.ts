import type { ProxySettings } from "../../settings/resolved";
import type { AwsSettings } from "../settings";

/** What a rotation of certificates needs of a cluster on AWS besides its hosts, which are the control plane's instances. */
export interface AwsRotation extends Pick<AwsSettings, "region" | "partition"> {
  /** undefined: control-plane nodes reach AWS direct. */
  readonly proxy?: ProxySettings;
  /** Names of the pools. */
  readonly pools: readonly string[];
  /** Pods have roles, so AWS verifies tokens by the keys in a bucket. */
  readonly identity: boolean;
  /** Every node has it already: kubelets start each pod with it. */
  readonly pauseImage: string;
}
