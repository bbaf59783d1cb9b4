import { rotateLog } from "../../node/log";
import { joinDocument } from "../../kubeadm";
import type { RegistrationSpec } from "../../kubeadm/documents";
import type { KubeletSpec } from "../../kubeadm/kubelet";
import { patches } from "../../kubeadm/patches";
import { systemdUnit } from "../../kubeadm/units";
import { DISCOVERY_FILE } from "../../lifecycle/parts";
import { proxyVariables } from "../../node/downloads";
import { searchPath } from "../../core/searchPath";
import { renderNode } from "../../node/render";
import type { NodeSetupSpec } from "../../node/spec";
import type { RenderedFile } from "../../renderedFile";
import type { AwsPool, AwsSettings } from "../../settings/resolvedAws";
import { sh, shWords } from "../../text";
import { HEARTBEAT, LAUNCH_HOOK } from "../hooks";
import { bootBucketParameter, joinParameter, poolGroupName, statusPrefix } from "../names";
import { awsFunction, awsProgramText } from "../node/calls";
import { identityPart, providerIdPart } from "../node/identity";
import { lifecycleFiles, type LifecycleSpec } from "./lifecycle";
import type { AwsCallerSpec } from "../spec";
import {
  awsProgram,
  BOOT_LABEL,
  bootLog,
  bootProgram,
  bootUnit,
  joinedMark,
  joinTemplate,
  lifecycleUnit,
  NODE_ADDRESS,
  NODE_NAME,
  nodeSetup,
} from "../node/paths";
import { poolMachine, registeredLabels } from "../node/pools";

/** What the Linux instances of one pool become nodes by. */
export interface WorkerSpec extends AwsCallerSpec, RegistrationSpec, KubeletSpec, LifecycleSpec {
  readonly aws?: AwsSettings;
  /** What makes an instance ready for kubeadm. */
  readonly setup: NodeSetupSpec;
}

/**
 * What is in a Linux instance's user data: as little as it takes to fetch the rest, and to say so where that fails. No
 * secret is among it.
 * @param bundle key of the rest in the cluster's bucket
 */
export function startFiles(
  settings: WorkerSpec,
  aws: AwsSettings,
  pool: AwsPool,
  boot: string,
  bundle: string,
): RenderedFile[] {
  const commands = [
    "imds",
    "parameter",
    "status",
    "beat",
    "bundle",
    ...(pool.sourceDestinationCheckOff ? ["ec2" as const] : []),
  ] as const;
  return [
    { path: awsProgram, mode: "0755", content: awsProgramText(aws, commands, proxyVariables(settings)) },
    { path: bootProgram, mode: "0700", content: bootScript(settings, pool, boot, bundle) },
    bootService(),
  ];
}

/** What a Linux instance fetches before it makes itself a node; no secret is among it. */
export function bundledFiles(settings: WorkerSpec, pool: AwsPool, boot: string): RenderedFile[] {
  const machine = poolMachine(pool);
  const labels = Object.entries({ ...registeredLabels(pool), [BOOT_LABEL]: boot });
  const join = joinDocument(settings, machine, DISCOVERY_FILE, [
    { name: "node-labels", value: labels.map(([key, value]) => `${key}=${value}`).join(",") },
  ]);
  return [
    { path: nodeSetup, mode: "0700", content: renderNode(settings.setup).setupScript },
    { path: joinTemplate, mode: "0600", content: join },
    ...patches(settings, machine),
    ...lifecycleFiles(settings, pool),
  ];
}

function bootService(): RenderedFile {
  return systemdUnit(bootUnit, {
    Unit: {
      Description: "Makes this instance a node",
      Wants: "network-online.target",
      After: "network-online.target",
      ConditionPathExists: `!${joinedMark}`,
    },
    Service: {
      // Not oneshot: the host's start would count as unfinished for as long as it waits for a control-plane node.
      Type: "exec",
      RemainAfterExit: "yes",
      ExecStart: `/bin/bash ${bootProgram}`,
      // What was wrong may be put right elsewhere: a mirror, a quota, a policy.
      Restart: "on-failure",
      RestartSec: "2min",
    },
    Install: { WantedBy: "multi-user.target" },
  });
}

/** Seconds of validity that a join credential must have left. */
const LEAST_VALIDITY = 300;

/** What makes an instance a node, and says how far it came. Started at each boot until it is one. */
function bootScript(settings: WorkerSpec, pool: AwsPool, boot: string, bundle: string): string {
  const environment = proxyVariables(settings).map(([name, value]) => `export ${name}=${sh(value)}\n`);
  const parameter = sh(joinParameter(settings.name, pool.name));
  return `#!/usr/bin/env bash
# Makes this instance a node of pool ${pool.name}.
set -Eeuo pipefail
umask 022
export LC_ALL=C HOME=/root PATH="${searchPath}"
${environment.join("")}log=${bootLog}
phase=start
node=""
${awsFunction}${rotateLog}
touch $log
chmod 600 $log
start=$(stat -c %s $log)
exec >>$log 2>&1
publish() { # state, exit status
  aws status ${sh(statusPrefix(settings.name, pool.name))} ${sh(boot)} "$node" "$1" "$phase" "$2" $log "$start" || echo "##note the status could not be published"
}
# The console is what EC2 shows of a host that reaches nothing (Get system log).
tell() { echo "pulumi-kubeadm: $*" 2>/dev/null >/dev/console || true; }
phase() {
  phase=$1
  tell "phase $1"
  echo "##phase $1"
  publish running 0
}
die() {
  echo "##error $1"
  exit 1
}
# While the boot goes on the group keeps the instance; one that is not a node in time is ended, and another started.
beat() {
  while [ "$(cut -d. -f1 /proc/uptime)" -lt ${pool.joinTimeoutSeconds} ]; do
    aws beat ${shWords([poolGroupName(settings.name, pool.name), LAUNCH_HOOK])} >/dev/null 2>&1 || true
    sleep ${HEARTBEAT}
  done
}
on_exit() {
  local status=$? inner
  trap - EXIT
  kill "$beating" 2>/dev/null || true
  rm -f ${DISCOVERY_FILE}
  if [ "$status" -ne 0 ]; then
    inner=$(tail -c "+$((start + 1))" $log | sed -n 's/^##phase //p' | tail -n 1)
    [ "$inner" = "$phase" ] || phase="$phase: $inner"
    tell "phase $phase failed with exit status $status: $(grep -v '^##phase' $log | tail -n 3 | tr '\\n' ' ')"
    publish failed "$status"
  fi
  exit "$status"
}
beat &
beating=$!
trap on_exit EXIT
mkdir -p /run/pulumi-kubeadm /var/lib/pulumi-kubeadm
chmod 700 /run/pulumi-kubeadm

echo "##phase instance"
phase=instance
${identityPart()}fill() { sed "s/${NODE_NAME}/$node/g; s/${NODE_ADDRESS}/$address/g" "$1"; }
${
  pool.sourceDestinationCheckOff
    ? `aws ec2 ModifyInstanceAttribute "InstanceId=$instance" SourceDestCheck.Value=false\n`
    : ""
}phase "boot files"
bucket=$(aws parameter ${sh(bootBucketParameter(settings.name))})
aws bundle "$bucket" ${sh(bundle)}
systemctl daemon-reload
phase "node setup"
fill ${nodeSetup} >/run/pulumi-kubeadm/node-setup
bash /run/pulumi-kubeadm/node-setup </dev/null

if [ ! -e /etc/kubernetes/kubelet.conf ]; then
  phase credential
  if [ -e /etc/kubernetes/bootstrap-kubelet.conf ] || [ -e /etc/kubernetes/pki/ca.crt ]; then
    kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock
  fi
  fresh() { # asks for a credential; what cannot be read as one is none yet
    (umask 077 && aws parameter ${parameter} >${DISCOVERY_FILE}) || return 1
    sed -n 's/^ *client-certificate-data: *//p' ${DISCOVERY_FILE} | base64 -d 2>/dev/null |
      openssl x509 -noout -checkend ${LEAST_VALIDITY} >/dev/null 2>&1
  }
  until fresh; do
    if [ "$SECONDS" -gt ${pool.joinTimeoutSeconds} ]; then
      die "no join credential of pool ${pool.name} that is still good within ${pool.joinTimeoutSeconds} s: do the control-plane nodes run, and their ${"pulumi-kubeadm-pool-credentials.timer"}?"
    fi
    sleep 5
  done
  phase join
  (umask 077 && fill ${joinTemplate} >/run/pulumi-kubeadm/join.yaml)
${providerIdPart().replace(/^/gm, "  ").trimEnd()}
  kubeadm join --config /run/pulumi-kubeadm/join.yaml
fi

phase lifecycle
systemctl enable --now ${lifecycleUnit}
phase=joined
publish joined 0
touch ${joinedMark}
`;
}
