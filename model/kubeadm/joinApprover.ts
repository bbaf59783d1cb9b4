import { script } from "../core/script";
import type { RenderedFile } from "../renderedFile";
import { JOIN_GROUP } from "./joinAccess";
import { systemdUnit } from "../core/systemd";

export const joinApproverUnit = "pulumi-kubeadm-join-approver";
const programFile = `/usr/local/sbin/${joinApproverUnit}`;
/** Reasons of requests that wait, a file each. */
export const joinsPending = `/run/${joinApproverUnit}/pending`;

/** Seconds after which it looks again though nothing happened: what it asked of AWS may have changed. */
const INTERVAL = 15;

/** How a platform judges a credential that is not of one machine. */
export interface PoolRule {
  /** Bash functions: `pool_of WHO` succeeds for a pool, and `judge_instance POOL NODE` prints "ok" or why not. */
  readonly functions: string;
  /** Variables of the unit's environment, as `NAME=value`. */
  readonly environment: readonly string[];
}

/**
 * Timer, service and script on control-plane nodes that approve the first client certificate of a kubelet. A join
 * credential names in its user who may join by it: one machine's node, or an AWS pool, whose instances EC2 is asked for. What
 * asks for another name stays pending, is said in the journal, and told by the next preflight.
 *
 * The service watches the API, so that a join waits for no interval. The timer starts it again when it ends: when the API
 * server closes the watch, or the script is a newer one.
 */
export function joinApproverUnits(pools?: PoolRule): RenderedFile[] {
  const timer = `${joinApproverUnit}.timer`;
  return [
    { path: programFile, content: program(pools), mode: "0755" },
    systemdUnit(`${joinApproverUnit}.service`, {
      Unit: { Description: "Approve certificates of machines that join", PartOf: timer },
      Service: {
        Type: "exec",
        ExecStart: `${programFile} watch`,
        Environment: [`HOME=%t/${joinApproverUnit}`, ...(pools?.environment ?? [])],
        RuntimeDirectory: joinApproverUnit,
        RuntimeDirectoryPreserve: "yes",
        LogLevelMax: "notice",
        NoNewPrivileges: "yes",
        PrivateTmp: "yes",
        ProtectSystem: "full",
      },
    }),
    systemdUnit(timer, {
      Unit: { Description: "Keep the approver of machines that join running" },
      Timer: { OnActiveSec: "1s", OnUnitInactiveSec: "1s", AccuracySec: "100ms" },
      Install: { WantedBy: "timers.target" },
    }),
  ];
}

function program(pools: PoolRule | undefined): string {
  const approver = script("kubeadm/scripts/join-approver.sh", {
    signer: "kubernetes.io/kube-apiserver-client-kubelet",
    runtime_folder: `/run/${joinApproverUnit}`,
    interval: INTERVAL,
    join_group: JOIN_GROUP,
  });
  return `${approver}${pools?.functions ?? ""}${script("kubeadm/scripts/join-approver-run.sh")}`;
}
