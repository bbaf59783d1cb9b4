import type { RenderedFile } from "../renderedFile";
import { script } from "../core/script";
import { paths } from "./paths";
import { staticPodVariables } from "./staticPods";
import { systemdUnit } from "../core/systemd";

export const renewalUnit = "pulumi-kubeadm-renew-certificates";
const program = `/usr/local/sbin/${renewalUnit}`;

/**
 * Timer, service and script that keep a control-plane node's kubeadm certificates alive: once a day each control-plane
 * node looks, and when one of its leaf certificates ends within `certificates.renewBeforeDays` renews them all and
 * restarts what read them. The kubelet's own certificates rotate by themselves; the CAs are never touched.
 */
export function renewalUnits(settings: {
  readonly certificates: { readonly renewBeforeDays: number };
}): RenderedFile[] {
  return [
    { path: program, content: renewalScript(settings.certificates.renewBeforeDays), mode: "0755" },
    systemdUnit(`${renewalUnit}.service`, {
      Unit: {
        Description: "Renew kubeadm's certificates when their end is near",
        ConditionPathExists: `${paths.pki}/apiserver.crt`,
        After: "kubelet.service",
      },
      Service: { Type: "oneshot", ExecStart: program, TimeoutStartSec: "30min" },
    }),
    systemdUnit(`${renewalUnit}.timer`, {
      Unit: { Description: "Look daily whether kubeadm's certificates must be renewed" },
      Timer: {
        OnCalendar: "daily",
        // Control-plane nodes were made within minutes of one another: the machine's id spreads them, so that etcd
        // keeps its quorum.
        RandomizedDelaySec: "12h",
        FixedRandomDelay: "true",
        Persistent: "true",
      },
      Install: { WantedBy: "timers.target" },
    }),
  ];
}

/**
 * Static pods are restarted by stopping their container: the kubelet starts it again at once, and nothing has to be
 * moved out of the manifests folder, where an interruption would leave a control-plane node without its API server. A
 * file per component remembers a restart that is due, so a run that was cut off is finished by the next one.
 */
function renewalScript(days: number): string {
  return script("kubeadm/scripts/renewal.sh", {
    ...staticPodVariables,
    days,
    lock_file: `/run/${renewalUnit}.lock`,
    signing_file: paths.signing,
  });
}
