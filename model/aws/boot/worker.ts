import { joinDocument } from "../../kubeadm";
import type { RegistrationSpec } from "../../kubeadm/documents";
import type { KubeletSpec } from "../../kubeadm/kubelet";
import { patches } from "../../kubeadm/patches";
import { systemdUnit } from "../../core/systemd";
import { DISCOVERY_FILE } from "../../lifecycle/parts";
import { proxyVariables } from "../../node/downloads";
import { renderNode } from "../../node/render";
import type { NodeSetupSpec } from "../../node/spec";
import type { RenderedFile } from "../../renderedFile";
import type { AwsPool, AwsSettings } from "../settings";
import { HEARTBEAT, LAUNCH_HOOK } from "../hooks";
import { bootBucketParameter, joinParameter, poolGroupName, statusPrefix } from "../names";
import { awsProgramText, awsScript } from "../node/calls";
import { lifecycleFiles, type LifecycleSpec } from "./lifecycle";
import type { AwsCallerSpec } from "../spec";
import {
  awsProgram,
  becomeNode,
  BOOT_LABEL,
  bootProgram,
  bootUnit,
  credentialsUnit,
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
  settings: AwsCallerSpec,
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
    { path: becomeNode, mode: "0600", content: becomeNodeScript(settings, pool) },
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

/** Fetches the rest, and says how far the instance came. Started at each boot until it is a node. */
function bootScript(settings: AwsCallerSpec, pool: AwsPool, boot: string, bundle: string): string {
  return awsScript("boot/scripts/boot.sh", {
    boot,
    proxy_variables: proxyVariables(settings).map(([name, value]) => `${name}=${value}`),
    status_prefix: statusPrefix(settings.name, pool.name),
    group: poolGroupName(settings.name, pool.name),
    launch_hook: LAUNCH_HOOK,
    heartbeat: HEARTBEAT,
    join_timeout: pool.joinTimeoutSeconds,
    source_check_off: pool.sourceDestinationCheckOff,
    bucket_parameter: bootBucketParameter(settings.name),
    bundle,
    become_node: becomeNode,
  });
}

/** What makes an instance a node: the boot script runs it in its own shell. */
function becomeNodeScript(settings: WorkerSpec, pool: AwsPool): string {
  return awsScript("boot/scripts/become-node.sh", {
    pool: pool.name,
    node_setup: nodeSetup,
    join_parameter: joinParameter(settings.name, pool.name),
    join_template: joinTemplate,
    discovery_file: DISCOVERY_FILE,
    least_validity: LEAST_VALIDITY,
    name_token: NODE_NAME,
    address_token: NODE_ADDRESS,
    credentials_timer: `${credentialsUnit}.timer`,
    lifecycle_unit: lifecycleUnit,
    joined_mark: joinedMark,
  });
}
