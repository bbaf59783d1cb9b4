import { isIP } from "node:net";
import { endpointDomain, partitionOf } from "../data/regions";
import { searchPath } from "../core/searchPath";
import type { RenderedFile } from "../renderedFile";
import { judgeRequests, listRequests, readRequestFunction, usagesFunction } from "./certificateRequest";
import { systemdUnit } from "./units";

export const approverUnit = "pulumi-kubeadm-serving-approver";
const script = `/usr/local/sbin/${approverUnit}`;

/** Seconds between two looks: so long may `kubectl logs` and `exec` fail on a new node. */
const interval = 15;

/** What decides which names a kubelet's serving certificate may have. */
export interface ServingApproverSpec {
  readonly network: { readonly serviceCidr: string };
  readonly endpoint: { readonly host: string };
  readonly access: { readonly host: string };
  readonly apiServer: { readonly certSans: readonly string[] };
  /** Set on AWS, where a Node has a public DNS name of its region. */
  readonly aws?: { readonly region: string };
}

/**
 * Timer, service and script on control-plane nodes that approve the serving certificates which kubelets ask for (signer
 * `kubernetes.io/kubelet-serving`; Kubernetes has no approver of its own for them).
 *
 * What a kubelet says of itself is not believed: it can write its own Node's `status.addresses`. So the only DNS name
 * is the Node's; an address must be claimed by no other Node and lie outside the Service range, and those by which
 * people and nodes reach the API are for control-plane nodes alone. Otherwise one kubelet could get a certificate,
 * signed by the cluster's CA, that passes for another node or for the API server.
 *
 * It uses admin.conf: it runs as root on a control-plane node, where the CA's key lies in the next folder, so a lesser
 * identity would keep nothing from it.
 */
export function approverUnits(settings: ServingApproverSpec): RenderedFile[] {
  return [
    { path: script, content: approverScript(settings), mode: "0755" },
    systemdUnit(`${approverUnit}.service`, {
      Unit: { Description: "Approve serving certificates of kubelets" },
      Service: {
        Type: "oneshot",
        ExecStart: script,
        TimeoutStartSec: "2min",
        Environment: `HOME=%t/${approverUnit}`,
        RuntimeDirectory: approverUnit,
        RuntimeDirectoryPreserve: "yes",
        // Without it every look would write two lines into the journal; the script's own are of level notice.
        LogLevelMax: "notice",
        NoNewPrivileges: "yes",
        PrivateTmp: "yes",
        ProtectSystem: "full",
      },
    }),
    systemdUnit(`${approverUnit}.timer`, {
      Unit: { Description: "Look for serving certificates that kubelets ask for" },
      Timer: { OnCalendar: `*:*:0/${interval}`, AccuracySec: "1s" },
      Install: { WantedBy: "timers.target" },
    }),
  ];
}

/** Hosts of the API that are addresses: a worker must not get a certificate for them. */
function apiAddresses(settings: ServingApproverSpec): string[] {
  const hosts = [settings.endpoint.host, settings.access.host, ...settings.apiServer.certSans];
  return [...new Set(hosts.filter((host) => isIP(host) !== 0))];
}

/**
 * With the cloud controller manager a Node has its public DNS name among its addresses, and its kubelet asks for it. The
 * name says the address, so the address is what is judged (VPC User Guide, "DNS attributes for your VPC": in us-east-1
 * `ec2-<address>.compute-1.amazonaws.com`, elsewhere `ec2-<address>.<region>.compute.amazonaws.com`).
 */
function publicNameCase(region: string): string {
  const domain = region === "us-east-1" ? "compute-1" : `${region}.compute`;
  return `      DNS:ec2-*.${domain}.${endpointDomain(partitionOf(region))})
        verdict=\${name#DNS:ec2-}
        verdict=\${verdict%.${domain}.${endpointDomain(partitionOf(region))}}
        verdict=$(judge_address "$node" "\${verdict//-/.}")
        [ "$verdict" = ok ] || { echo "$verdict"; return; }
        ;;
`;
}

function approverScript(settings: ServingApproverSpec): string {
  const [service, prefix] = settings.network.serviceCidr.split("/");
  return `#!/usr/bin/env bash
# Approves requests of kubelets for serving certificates that name nothing but their own Node; leaves all others pending.
set -euo pipefail
export LC_ALL=C PATH="${searchPath}" KUBECONFIG=/etc/kubernetes/admin.conf
state=\${RUNTIME_DIRECTORY:-/run/${approverUnit}}
service_network=${service}
service_prefix=${prefix}
api_addresses=" ${apiAddresses(settings).join(" ")} "

# The prefix is a syslog level that systemd reads.
say() { echo "<5>$*"; }

[ -e "$KUBECONFIG" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

${listRequests("kubernetes.io/kubelet-serving")}
# Every address that a Node claims: name, type, address, and whether the Node is a control-plane node (a label no kubelet can set).
# shellcheck disable=SC2016 # the variables are the template's
kubectl get nodes -o go-template='{{range .items}}{{$name := .metadata.name}}{{$role := "worker"}}{{range $key, $value := .metadata.labels}}{{if eq $key "node-role.kubernetes.io/control-plane"}}{{$role = "control-plane"}}{{end}}{{end}}{{range .status.addresses}}{{$name}}{{"\\t"}}{{.type}}{{"\\t"}}{{printf "%q" .address}}{{"\\t"}}{{$role}}{{"\\n"}}{{end}}{{end}}' >"$work/addresses"

${usagesFunction}${readRequestFunction}
number() {
  local IFS=. parts
  read -ra parts <<<"$1"
  echo $(((parts[0] << 24) + (parts[1] << 16) + (parts[2] << 8) + parts[3]))
}

in_service_range() {
  local shift=$((32 - service_prefix))
  [ $(($(number "$1") >> shift)) -eq $(($(number "$service_network") >> shift)) ]
}

# The two below print "ok" at their very end or why not, so that a command that fails on the way approves nothing.
judge_address() {
  local node=$1 address=$2 owners role
  [[ $address =~ ^[0-9]{1,3}(\\.[0-9]{1,3}){3}$ ]] || { echo "$address is not an IPv4 address"; return; }
  owners=$(awk -F '\\t' -v address="\\"$address\\"" '$2 ~ /^(Internal|External)IP$/ && $3 == address { print $1 }' "$work/addresses" | sort -u | paste -s -d ' ')
  [ "$owners" = "$node" ] || { echo "$address belongs to \${owners:-no Node}"; return; }
  case $address in 127.* | 169.254.* | 0.*) echo "$address is not an address of a node"; return ;; esac
  if in_service_range "$address"; then echo "$address is an address of Services"; return; fi
  role=$(awk -F '\\t' -v node="$node" '$1 == node { print $4; exit }' "$work/addresses")
  if [[ $api_addresses == *" $address "* ]] && [ "$role" != control-plane ]; then echo "$address is an address of the API"; return; fi
  echo ok
}

judge() {
  local username=$1 groups=$2 usages=$3 request=$4 node name verdict names=() reason=""
  [[ $username =~ ^\\"system:node:([a-z0-9]([-a-z0-9.]*[a-z0-9])?)\\"$ ]] || { echo "the requester is not a node"; return; }
  node=\${BASH_REMATCH[1]}
  [[ " $groups" == *' "system:nodes" '* ]] || { echo "the requester is not in system:nodes"; return; }
  fits "$usages" "server auth" || { echo "its usages are $usages"; return; }
  read_request "$node" "$request" || { echo "$reason"; return; }
  [ "\${#names[@]}" -gt 0 ] || { echo "it has no names"; return; }
  for name in "\${names[@]}"; do
    case $name in
      "DNS:$node") ;;
${settings.aws === undefined ? "" : publicNameCase(settings.aws.region)}      "IP Address:"*)
        verdict=$(judge_address "$node" "\${name#IP Address:}")
        [ "$verdict" = ok ] || { echo "$verdict"; return; }
        ;;
      *) echo "$name is not node $node"; return ;;
    esac
  done
  echo ok
}

${judgeRequests}`;
}
