import { LABEL_DOMAIN } from "../../core/labelDomain";
import { createHash } from "node:crypto";
import { proxyVariables } from "../../node/downloads";
import { searchPath } from "../../core/searchPath";
import { JOIN_GROUP, joinUser } from "../../kubeadm/joinAccess";
import { systemdUnit } from "../../kubeadm/units";
import type { RenderedFile } from "../../renderedFile";
import type { AwsControlPlaneSpec, AwsForControlPlane, PoolForControlPlane } from "./spec";
import { shWords } from "../../text";
import { repairFunction } from "./repair";
import { joinParameter, statusPrefix } from "../names";
import { awsFunction } from "./calls";
import { credentialsUnit, POOL_LABEL } from "./paths";
import { adoptedLabels, roleLabel } from "./pools";

const script = `/usr/local/sbin/${credentialsUnit}`;
/** Hours for which a pool's credential is good. */
const CREDENTIAL_HOURS = 6;
/**
 * Minutes after which a control-plane node makes a new one: instances that come while every control-plane node is away
 * find one for hours.
 */
const RENEW_MINUTES = 60;
/** Seconds between two looks at new nodes. */
const INTERVAL = 20;
/** Hours for which the status of an instance that is not a node is kept. */
const STATUS_HOURS = 3;
/** Which labels a control-plane node gave a node, as a digest. */
const ADOPTED = `${LABEL_DOMAIN}/adopted`;

/**
 * Timer, service and script on every control-plane node that let pools' instances in: a fresh join credential for each
 * pool in the parameter store, the labels that a kubelet may not give itself, and an end to statuses of instances that
 * are gone.
 *
 * Every control-plane node does all of it. That several write the same parameter is harmless, since each credential is
 * good by itself, and no lease has to be held, or can be lost.
 *
 * A node's pool is not believed from its own label: the request for its first certificate was signed by a pool's
 * credential, and Kubernetes keeps it for an hour.
 */
export function credentialFiles(settings: AwsControlPlaneSpec, aws: AwsForControlPlane): RenderedFile[] {
  const environment = proxyVariables(settings).map(([name, value]) => `${name}=${value}`);
  return [
    { path: script, mode: "0755", content: program(settings, aws.pools) },
    systemdUnit(`${credentialsUnit}.service`, {
      Unit: { Description: "Let instances of pools into the cluster", After: "kubelet.service" },
      Service: {
        Type: "oneshot",
        ExecStart: script,
        TimeoutStartSec: "10min",
        Environment: ["HOME=/root", ...environment].map((one) => `"${one.replaceAll("%", "%%")}"`),
        LogLevelMax: "notice",
      },
    }),
    systemdUnit(`${credentialsUnit}.timer`, {
      Unit: { Description: "Look for instances that want to join, and keep pools' credentials fresh" },
      Timer: { OnActiveSec: "1s", OnUnitInactiveSec: `${INTERVAL}s`, AccuracySec: "1s" },
      Install: { WantedBy: "timers.target" },
    }),
  ];
}

function labelDigest(pool: PoolForControlPlane): string {
  return createHash("sha256")
    .update(JSON.stringify(adoptedLabels(pool)))
    .digest("hex")
    .slice(0, 12);
}

function poolCalls(settings: AwsControlPlaneSpec, pool: PoolForControlPlane): string {
  const labels = Object.entries(adoptedLabels(pool)).map(([key, value]) => `${key}=${value}`);
  return [
    `try credential ${shWords([pool.name, joinParameter(settings.name, pool.name)])}`,
    `try adopt ${shWords([pool.name, roleLabel(pool.name), labelDigest(pool), ...labels])}`,
    `try sweep ${shWords([pool.name, statusPrefix(settings.name, pool.name)])}`,
    ...(pool.repair === undefined
      ? []
      : [
          `try repair ${shWords([pool.name, String(pool.repair.timeoutSeconds), String(pool.repair.maxUnhealthy)])}`,
        ]),
  ].join("\n");
}

function program(settings: AwsControlPlaneSpec, pools: readonly PoolForControlPlane[]): string {
  return `#!/usr/bin/env bash
# Lets instances of pools into the cluster: credentials to join with, labels for those that came, an end to old statuses.
# shellcheck disable=SC2016,SC2317 # templates of kubectl; functions that are called by name
set -euo pipefail
umask 077
export LC_ALL=C PATH="${searchPath}" KUBECONFIG=/etc/kubernetes/admin.conf
state=/var/lib/pulumi-kubeadm/pools
${awsFunction}# The prefix is a syslog level that systemd reads.
say() { echo "<5>$*"; }

[ -e "$KUBECONFIG" ] || exit 0
work=$(mktemp -d /run/${credentialsUnit}.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir -p "$state"
failed=0
# One pool's trouble is not another's. A process of its own: in a list with || the shell would go on after an error.
try() {
  if "$0" "$@" >"$work/said" 2>&1; then
    grep '^<5>' "$work/said" || true
  else
    say "$1 of pool $2 failed: $(tail -n 3 "$work/said" | sed 's/^<5>//' | tr '\\n' ' ')"
    failed=1
  fi
}

# credential POOL PARAMETER: the endpoint and the CA come from the cluster's own configuration.
# The mark holds the parameter's version: a parameter that has an earlier one, or none, was made anew, and holds nothing.
credential() {
  local known current version
  if [ -n "$(find "$state/$1.written" -mmin -${RENEW_MINUTES} 2>/dev/null)" ]; then
    known=$(cat "$state/$1.written")
    current=$(aws version "$2")
    if [ "$current" -ge "\${known:-1}" ]; then return 0; fi
  fi
  kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' >"$work/configuration"
  kubeadm kubeconfig user --config "$work/configuration" --client-name "${joinUser("$1")}" --org ${JOIN_GROUP} --validity-period ${CREDENTIAL_HOURS}h >"$work/credential" 2>"$work/error" || { cat "$work/error"; return 1; }
  version=$(aws putParameter "$2" SecureString <"$work/credential")
  # Version 1 is what the stack makes, with nothing in it; this one was made here, in the place of one that somebody deleted.
  if [ "$version" -le 1 ]; then version=$(aws putParameter "$2" SecureString <"$work/credential"); fi
  rm -f "$work/credential"
  echo "$version" >"$state/$1.written"
  say "wrote a credential of ${CREDENTIAL_HOURS} hours for pool $1"
}

# Nodes of a pool by their own word: name, whether they have the role, and the digest of the labels they were given.
nodes_of() {
  kubectl get nodes --selector "${POOL_LABEL}=$1" -o go-template='{{range .items}}{{$name := .metadata.name}}{{$role := "no"}}{{range $key, $value := .metadata.labels}}{{if eq $key "'"$2"'"}}{{$role = "yes"}}{{end}}{{end}}{{$digest := "none"}}{{range $key, $value := .metadata.annotations}}{{if eq $key "${ADOPTED}"}}{{$digest = $value}}{{end}}{{end}}{{$name}} {{$role}} {{$digest}}{{"\\n"}}{{end}}'
}

# Names of nodes whose first certificate was asked for with the credential of a pool.
came_by() {
  local user request subject
  while read -r user request; do
    [ "$user" = "${joinUser("$1")}" ] || continue
    subject=$(base64 -d <<<"$request" | openssl req -noout -subject -nameopt RFC2253)
    if [[ $subject =~ CN=system:node:([a-z0-9][-a-z0-9.]*) ]]; then echo "\${BASH_REMATCH[1]}"; fi
  done < <(kubectl get certificatesigningrequests --field-selector spec.signerName=kubernetes.io/kube-apiserver-client-kubelet -o go-template='{{range .items}}{{if .status.certificate}}{{.spec.username}} {{.spec.request}}{{"\\n"}}{{end}}{{end}}')
}

# adopt POOL ROLE DIGEST LABEL...: a role is set by control-plane nodes alone, so a node that has it was let in by one.
adopt() {
  local pool=$1 role=$2 digest=$3 name has given came=""
  shift 3
  nodes_of "$pool" "$role" >"$work/nodes"
  while read -r name has given; do
    if [ "$has" = yes ] && [ "$given" = "$digest" ]; then continue; fi
    if [ "$has" = no ]; then
      if [ -z "$came" ]; then
        came_by "$pool" >"$work/came"
        came=yes
      fi
      if ! grep -qxF "$name" "$work/came"; then
        [ -e "$state/unknown.$name" ] || say "$name says that it is of pool $pool, but did not come by that pool's credential"
        touch "$state/unknown.$name"
        continue
      fi
    fi
    kubectl label --overwrite node "$name" "$@" >/dev/null
    kubectl annotate --overwrite node "$name" "${ADOPTED}=$digest" >/dev/null
    rm -f "$state/unknown.$name"
    say "adopted $name of pool $pool"
  done <"$work/nodes"
}

# sweep POOL PREFIX: deletes statuses of instances that are no nodes and have said nothing for ${STATUS_HOURS} hours.
sweep() {
  local names=()
  if [ -n "$(find "$state/$1.swept" -mmin -${RENEW_MINUTES} 2>/dev/null)" ]; then return 0; fi
  kubectl get nodes -o 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}' >"$work/alive"
  aws statuses "$2" >"$work/statuses"
  python3 -I - "$work/alive" >"$work/gone" <<'PYTHON'
import json, sys, time
alive = open(sys.argv[1]).read().split()
for line in open(sys.argv[1].replace("alive", "statuses")):
    one = json.loads(line)
    value = json.loads(one["value"])
    if value["node"] not in alive and time.time() - value["time"] > ${STATUS_HOURS * 3600}:
        print(one["parameter"])
PYTHON
  mapfile -t names <"$work/gone"
  if [ "\${#names[@]}" -gt 0 ]; then aws forget "\${names[@]}"; fi
  touch "$state/$1.swept"
}

${
  pools.some(({ repair }) => repair !== undefined)
    ? `${repairFunction}
`
    : ""
}if [ $# -gt 0 ]; then
  "$@"
  exit
fi
exec 9>/run/${credentialsUnit}.lock
flock --nonblock 9 || exit 0
${pools.map((pool) => poolCalls(settings, pool)).join("\n")}
# Marks of pools that are gone: one that comes back under the name starts with nothing.
for mark in "$state"/*.written "$state"/*.swept "$state"/*.held "$state"/*.repaired; do
  case \${mark##*/} in
    ${["'*.*'", ...pools.flatMap((pool) => ["written", "swept", "held", "repaired"].map((mark) => `${pool.name}.${mark}`))].join(" | ")}) ;;
    *) rm -f "$mark" ;;
  esac
done
exit "$failed"
`;
}
