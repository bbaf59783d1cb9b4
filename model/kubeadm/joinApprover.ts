import { searchPath } from "../core/searchPath";
import type { RenderedFile } from "../renderedFile";
import { judgeRequests, listRequests, readRequestFunction, usagesFunction } from "./certificateRequest";
import { JOIN_GROUP } from "./joinAccess";
import { systemdUnit } from "./units";

export const joinApproverUnit = "pulumi-kubeadm-join-approver";
const script = `/usr/local/sbin/${joinApproverUnit}`;
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
    { path: script, content: program(pools), mode: "0755" },
    systemdUnit(`${joinApproverUnit}.service`, {
      Unit: { Description: "Approve certificates of machines that join", PartOf: timer },
      Service: {
        Type: "exec",
        ExecStart: `${script} watch`,
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
  return `#!/usr/bin/env bash
# Approves a kubelet's first client certificate where the join credential that asks for it was made for that node.
set -euo pipefail
export LC_ALL=C PATH="${searchPath}" KUBECONFIG=/etc/kubernetes/admin.conf
state=\${RUNTIME_DIRECTORY:-/run/${joinApproverUnit}}

# The prefix is a syslog level that systemd reads.
say() { echo "<5>$*"; }

if [ "\${1:-look}" = watch ]; then
  mkdir -p "$state"
  own=$(stat -c %i.%Y "$0")
  exec 3< <(kubectl get certificatesigningrequests --watch -o name 2>/dev/null)
  while [ "$(stat -c %i.%Y "$0")" = "$own" ]; do
    if "$0" look; then
      rm -f "$state/failed"
    elif [ ! -e "$state/failed" ]; then
      say "the API could not be asked, or did not take an answer"
      touch "$state/failed"
    fi
    status=0
    read -r -t ${INTERVAL} _ <&3 || status=$?
    # Above 128 nothing came in time; any other status is the end of the watch.
    if [ "$status" -gt 0 ] && [ "$status" -le 128 ]; then exit 0; fi
    while read -r -t 0.1 _ <&3; do :; done
  done
  exit 0
fi

[ -e "$KUBECONFIG" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${listRequests("kubernetes.io/kube-apiserver-client-kubelet")}
${usagesFunction}${readRequestFunction}${pools?.functions ?? "pool_of() { false; }\n"}
# Prints "ok" at its very end or why not, so that a command that fails on the way approves nothing.
judge() {
  local username=$1 groups=$2 usages=$3 request=$4 who node asked verdict names=() reason=""
  [[ $username =~ ^\\"system:bootstrap:([a-z0-9]([-a-z0-9.]*[a-z0-9])?)\\"$ ]] || { echo "the requester has no join credential"; return; }
  who=\${BASH_REMATCH[1]}
  [[ " $groups" == *' "${JOIN_GROUP}" '* ]] || { echo "the requester is not in ${JOIN_GROUP}"; return; }
  fits "$usages" "client auth" || { echo "its usages are $usages"; return; }
  # What OpenSSL shows is a guess, and told to people; read_request compares bytes.
  asked=$(base64 -d <<<"$request" 2>/dev/null | openssl req -noout -subject -nameopt RFC2253 2>/dev/null | tr -cd 'a-zA-Z0-9:=,. -') || asked=""
  node=$who
  if pool_of "$who" && [[ $asked =~ ^subject=CN=system:node:([a-z0-9][-a-z0-9.]*),O=system:nodes$ ]]; then node=\${BASH_REMATCH[1]}; fi
  read_request "$node" "$request" || { echo "$reason (\${asked:-unreadable}), and the credential is for $who"; return; }
  [ "\${#names[@]}" -eq 0 ] || { echo "it has names, as a serving certificate has"; return; }
  if pool_of "$who"; then
    verdict=$(judge_instance "$who" "$node")
    [ "$verdict" = ok ] || { echo "\${verdict:-EC2 could not be asked for $node}"; return; }
  fi
  echo ok
}

${judgeRequests}`;
}
