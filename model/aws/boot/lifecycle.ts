import type { AwsPool } from "../settings";
import type { RenderedFile } from "../../renderedFile";
import { systemdUnit } from "../../core/systemd";
import { DRAIN_HOOK, EXCLUDED_LABEL, HEARTBEAT, LAUNCH_HOOK, LET_GO } from "../hooks";
import { poolGroupName } from "../names";
import { awsScript } from "../node/calls";
import { launchedMark, lifecycleProgram, lifecycleUnit, programFolder } from "../node/paths";

/** How pods leave an instance that ends. */
export interface LifecycleSpec {
  /** The cluster's name. */
  readonly name: string;
  /** How long pods may take to move away. */
  readonly drainTimeoutSeconds: number;
}

/**
 * Tells the group when the node is Ready. Then watches for the end of the instance (the group takes it away, or EC2 wants a spot
 * instance back): takes the node out of balancers, moves its pods away and lets the group go on. It acts with the kubelet's own
 * credentials, which may label and cordon their Node, evict its pods and read Services, and nothing beyond it (node authorizer,
 * NodeRestriction, which leaves labels below node.kubernetes.io/ to kubelets). `kubectl drain` needs to read DaemonSets, which
 * they may not.
 */
export function lifecycleFiles(settings: LifecycleSpec, pool: AwsPool): RenderedFile[] {
  return [
    { path: lifecycleProgram, mode: "0755", content: program(settings, pool) },
    systemdUnit(lifecycleUnit, {
      Unit: {
        Description: "Moves pods away before the instance ends",
        After: "kubelet.service network-online.target",
        ConditionPathExists: "/etc/kubernetes/kubelet.conf",
      },
      Service: { ExecStart: `/usr/bin/python3 -I ${lifecycleProgram}`, Restart: "always", RestartSec: "10" },
      Install: { WantedBy: "multi-user.target" },
    }),
  ];
}

/** Seconds between two looks. A spot instance has two minutes from the notice on. */
const INTERVAL = 5;
/** Seconds that a drain stops before a spot instance's end. */
const MARGIN = 15;

function program(settings: LifecycleSpec, pool: AwsPool): string {
  return awsScript("boot/scripts/lifecycle.py", {
    PROGRAM_FOLDER: programFolder,
    GROUP: poolGroupName(settings.name, pool.name),
    LAUNCHED: launchedMark,
    LAUNCH_HOOK,
    DRAIN_HOOK,
    EXCLUDED_LABEL,
    JOIN_TIMEOUT: pool.joinTimeoutSeconds,
    HEARTBEAT,
    LONGEST: Math.max(settings.drainTimeoutSeconds, LET_GO),
    LET_GO,
    MARGIN,
    INTERVAL,
  });
}
