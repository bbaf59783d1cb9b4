import { script } from "../../core/script";
import { ADMIN } from "../../node/shell";
import { awsProgramText } from "../node/calls";
import { clusterTag } from "../names";
import { CLUSTER_TAG } from "../tags";
import { ADDON_NAMESPACE, CLOUD_CONTROLLER_ACCOUNT, STORAGE_ACCOUNT } from "../addons/values";
import { STS_AUDIENCE } from "../../kubeadm/issuer";
import { LOAD_BALANCERS_ACCOUNT } from "../loadBalancers/values";
import type { LeftoversSpec } from "./settings";

/** `look`: changes nothing. `remove`: one round. `admit`: lets claims and load balancers in again. */
export type LeftoversCommand = "look" | "remove" | "admit";

/** Something in the account that carries the cluster's tag and that no resource of the stack is. */
export interface AccountLeftover {
  readonly kind:
    "load balancer" | "classic load balancer" | "target group" | "security group" | "volume" | "snapshot";
  /** As AWS' command line takes it: an id, a name or an ARN. */
  readonly id: string;
  /** What it was made for, as far as its tags, or those of the load balancers that use it, say; several are joined by ", ". "" otherwise. */
  readonly of: string;
  /** No role of the cluster may delete it: AWS Load Balancer Controller made it, and was removed since. */
  readonly foreign?: true;
  /** Volumes and snapshots. */
  readonly gib?: number;
}

/** What a control-plane node sees of what controllers made. */
export interface Leftovers {
  /** Services and Ingresses that have, or will have, a load balancer: `Service shop/web`. */
  readonly balanced: readonly string[];
  /** Claims whose volume goes with them: `shop/data`. */
  readonly claims: readonly string[];
  readonly account: readonly AccountLeftover[];
}

/** A program in Python, run on a control-plane node with a command: prints what `readLeftovers` reads. */
export function leftoversProgram(spec: LeftoversSpec): string {
  const { cluster, aws, proxy, storage, controller, roles } = spec;
  const account = (name: string, arn?: string) => (arn === undefined ? [] : [arn, ADDON_NAMESPACE, name]);
  const own = script("aws/leftovers/scripts/leftovers.py", {
    OWNED: clusterTag(cluster),
    CLUSTER: cluster,
    STACK_TAG: CLUSTER_TAG,
    KUBECONFIG: ADMIN,
    AUDIENCE: STS_AUDIENCE,
    BALANCERS: account(CLOUD_CONTROLLER_ACCOUNT, roles.balancers),
    VOLUMES: account(STORAGE_ACCOUNT, roles.volumes),
    STORAGE: storage,
    CONTROLLER: account(LOAD_BALANCERS_ACCOUNT, roles.controller),
    CONTROLLED: controller,
    END_BALANCERS: spec.loadBalancers === "delete",
    END_VOLUMES: spec.volumes === "delete",
  });
  return awsProgramText(aws, ["xml"], proxy, own);
}

const LINE = "##leftovers ";

/** @throws SyntaxError where the program printed something else */
export function readLeftovers(output: string): Leftovers {
  const line = output.split("\n").find((one) => one.startsWith(LINE));
  return JSON.parse(line?.slice(LINE.length) ?? "") as Leftovers;
}
