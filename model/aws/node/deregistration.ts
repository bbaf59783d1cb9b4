import { script } from "../../core/script";
import { proxyVariables } from "../../node/downloads";
import { CLUSTER_TAG } from "../tags";
import { awsProgramText } from "./calls";
import type { AwsControlPlaneSpec } from "./spec";

/** Seconds that load balancers may take to let go of a node: ten times the target groups' deregistration delay. */
export const DEREGISTRATION_WAIT = 300;

/**
 * A program in Python, run on a control-plane node that stays with a command and the address of one that leaves. `deregister`: takes
 * it out of the API's load balancers, and waits until they have let go of it. `register`: puts it back. "": the API has none.
 *
 * An API server fails the moment its etcd member is removed, and a balancer notices only after two failed health checks: for these
 * 20 seconds it would send it every third call.
 */
export function deregistrationProgram(settings: Pick<AwsControlPlaneSpec, "name" | "proxy" | "aws">): string {
  const { aws } = settings;
  const groups = aws?.targetGroups ?? [];
  if (aws === undefined || groups.length === 0) return "";
  const own = script("aws/node/scripts/deregister.py", {
    TARGET_GROUPS: groups,
    TAG_NAME: CLUSTER_TAG,
    TAG_VALUE: settings.name,
    WAIT: DEREGISTRATION_WAIT,
  });
  return awsProgramText(aws, ["xml"], proxyVariables(settings), own);
}
