import { lockProgram } from "../maintenance/files";
import type { HostView, Verdict } from "./finding";

/** Seconds after which a phase takes too long: a drain, an upgrade of packages or a reboot. */
const LONGEST_PHASE = 3_600;
/** Windows in a row without what was to be done. */
const MOST_MISSED = 2;

/** Patches and reboots that did not end, failed or never came to be. */
export function maintenance({ expected, facts }: HostView): Verdict[] {
  if (facts.maintenance === undefined) return [];
  const { underWay, result, why, missed, rebootNeeded, rebootsItself } = facts.maintenance;
  const stuck = underWay !== undefined && (result === "unwell" || underWay > LONGEST_PHASE);
  const reboot =
    rebootNeeded.length === 0 ? "" : `; it needs a reboot (${rebootNeeded.slice(0, 3).join(", ")})`;
  return [
    ...(stuck
      ? [
          {
            what: `its maintenance does not end, and keeps other nodes from theirs: ${why === "" ? `it has been at one phase for ${Math.floor(underWay / 60)} minutes` : why}`,
            cure: `mend the node, and it goes on by itself; or, on a control-plane node: ${lockProgram} release ${expected.nodeName}`,
          },
        ]
      : []),
    ...(!stuck && result === "failed"
      ? [
          {
            what: `its last maintenance failed: ${why}`,
            cure: "journalctl -u pulumi-kubeadm-maintenance; it is tried again in the next window",
          },
        ]
      : []),
    ...(!stuck && result === "blocked"
      ? [
          {
            what: `its last maintenance changed nothing, because pods stayed: ${why}${reboot}`,
            cure: "kubectl get poddisruptionbudgets --all-namespaces; more replicas, or a longer drainTimeoutSeconds",
          },
        ]
      : []),
    ...(result === "late" && missed >= MOST_MISSED
      ? [
          {
            what: `it had no time for its maintenance in ${missed} windows${reboot}`,
            cure: "longer or more maintenance.windows, or maintenance.now; pulumi-kubeadm-maintenance-lock status on a control-plane node says what it waits for",
          },
        ]
      : []),
    ...(rebootsItself === ""
      ? []
      : [
          {
            what: `${rebootsItself} reboots the host without a drain, beside its maintenance`,
            cure: 'Unattended-Upgrade::Automatic-Reboot "false" in /etc/apt/apt.conf.d, or reboot = never in /etc/dnf/automatic.conf',
          },
        ]),
  ];
}
