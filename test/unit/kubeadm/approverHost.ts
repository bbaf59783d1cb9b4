import { approverUnits } from "../../../model/kubeadm";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { ScriptHost } from "./scriptHost";

/**
 * A control-plane node with the approver's script. Its API answers with the files `/requests` and `/nodes`, as kubectl
 * prints them there.
 */
export function approverHost(settings: ClusterSettings): ScriptHost {
  const [script] = approverUnits(settings);
  if (script === undefined) throw new Error("no script");
  const host = new ScriptHost(script, ["/etc/kubernetes", "/run/pulumi-kubeadm-serving-approver"]);
  host.write("/etc/kubernetes/admin.conf", "");
  host.command(
    "kubectl",
    'case "$1 $2" in "get certificatesigningrequests") cat "$ROOT/requests" ;; "get nodes") cat "$ROOT/nodes" ;; esac',
  );
  return host;
}
