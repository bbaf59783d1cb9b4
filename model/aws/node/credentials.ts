import { sha256 } from "../../core/hash";
import { LABEL_DOMAIN } from "../../core/labelDomain";
import { proxyVariables } from "../../node/downloads";
import { STATE_DIR } from "../../node/shell";
import { JOIN_GROUP, joinUser } from "../../kubeadm/joinAccess";
import { systemdEnvironment, systemdUnit } from "../../core/systemd";
import type { RenderedFile } from "../../renderedFile";
import type { AwsControlPlaneSpec, AwsForControlPlane, PoolForControlPlane } from "./spec";
import { joinParameter, statusPrefix } from "../names";
import { awsScript } from "./calls";
import { credentialsUnit } from "./paths";
import { adoptedLabels, roleLabel } from "./pools";

const script = `/usr/local/sbin/${credentialsUnit}`;
/** Marks of what was done for pools, as `<pool>.written`. */
export const poolMarks = `${STATE_DIR}/pools`;
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
  const environment = [["HOME", "/root"] as const, ...proxyVariables(settings)];
  return [
    { path: script, mode: "0755", content: program(settings, aws.pools) },
    systemdUnit(`${credentialsUnit}.service`, {
      Unit: { Description: "Let instances of pools into the cluster", After: "kubelet.service" },
      Service: {
        Type: "oneshot",
        ExecStart: script,
        TimeoutStartSec: "10min",
        Environment: environment.map(([name, value]) => systemdEnvironment(name, value)),
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
  return sha256(JSON.stringify(adoptedLabels(pool))).slice(0, 12);
}

/** What the script does for a pool, by its functions and their words. */
function poolCalls(settings: AwsControlPlaneSpec, pool: PoolForControlPlane): string[] {
  const { name, repair } = pool;
  const labels = Object.entries(adoptedLabels(pool)).map(([key, value]) => `${key}=${value}`);
  return [
    `credential ${name} ${joinParameter(settings.name, name)}`,
    `adopt ${name} ${roleLabel(name)} ${labelDigest(pool)} ${labels.join(" ")}`,
    `sweep ${name} ${statusPrefix(settings.name, name)}`,
    ...(repair === undefined ? [] : [`repair ${name} ${repair.timeoutSeconds} ${repair.maxUnhealthy}`]),
  ];
}

function program(settings: AwsControlPlaneSpec, pools: readonly PoolForControlPlane[]): string {
  return awsScript("node/scripts/pool-credentials.sh", {
    pools: pools.map(({ name }) => name),
    calls: pools.flatMap((pool) => poolCalls(settings, pool)),
    state: poolMarks,
    run_path: `/run/${credentialsUnit}`,
    adopted: ADOPTED,
    join_user: joinUser(""),
    join_group: JOIN_GROUP,
    credential_hours: CREDENTIAL_HOURS,
    renew_minutes: RENEW_MINUTES,
    status_hours: STATUS_HOURS,
  });
}
