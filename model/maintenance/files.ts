import { LABEL_DOMAIN, UPGRADING } from "../core/labelDomain";
import { script } from "../core/script";
import { systemdEnvironment, systemdUnit } from "../core/systemd";
import { configFolder, paths } from "../kubeadm/paths";
import type { ClusterMachine } from "../machine";
import { API_PORT } from "../network/ports";
import { proxyVariables } from "../node/downloads";
import { jobUnit } from "../node/paths";
import { proxyEnvironmentFile } from "../node/setupSecrets";
import { ADMIN, STATE_DIR } from "../node/shell";
import type { RenderedFile } from "../renderedFile";
import type { ProxySettings } from "../settings/resolved";
import type { MaintenanceSettings } from "./settings";

/** On every node: patches and reboots it while it has the drain lock. */
export const maintenanceUnit = "pulumi-kubeadm-maintenance";
export const maintenanceProgram = `/usr/local/sbin/${maintenanceUnit}`;
/** On control-plane nodes: gives nodes the drain lock, one at a time. */
export const lockUnit = "pulumi-kubeadm-maintenance-lock";
export const lockProgram = `/usr/local/sbin/${lockUnit}`;
const configFile = `${configFolder}/maintenance.json`;

/** A Lease in kube-system, which control-plane nodes alone write. */
export const MAINTENANCE_LEASE = "pulumi-kubeadm-maintenance";
export const MAINTENANCE_ANNOTATIONS = {
  /** On the Lease: which nodes have the drain lock. */
  holders: `${LABEL_DOMAIN}/holders`,
  /** On the Lease: which steps of Pulumi change nodes. */
  changes: `${LABEL_DOMAIN}/changes`,
  /** On the Lease: of which pools a node came back well, by the run. */
  proven: `${LABEL_DOMAIN}/proven`,
  /** On a Node, by its kubelet's credentials: what it asks for, and what it is at. */
  asks: `${LABEL_DOMAIN}/maintenance`,
  /** On a Node, by a control-plane node: the run for which it has the drain lock. */
  grant: `${LABEL_DOMAIN}/maintenance-lock`,
} as const;

/** How many workers of a pool may be away at a time: a number, or a share such as `25%`. */
export interface MaintenanceBounds {
  readonly maxUnavailable: number | string;
  /** Pools with another number, by name. */
  readonly pools: Readonly<Record<string, { readonly maxUnavailable?: number | string | undefined }>>;
}

/** What a node looks after its host by. */
export interface MaintenanceSpec {
  readonly machine: Pick<ClusterMachine, "name" | "nodeName" | "role" | "pool" | "nodeAddress">;
  readonly drainTimeoutSeconds: number;
  readonly maintenance?: MaintenanceSettings;
  /** On control-plane nodes. Default: one worker. */
  readonly maintenanceBounds?: MaintenanceBounds;
  /** How packages get out; undefined: without a proxy. */
  readonly maintenanceProxy?: ProxySettings;
}

/** Where the programs find what they read; tests have other folders. */
export interface MaintenancePlace {
  /** In front of paths of the host. */
  readonly root: string;
  readonly config: string;
  readonly stateFolder: string;
  /** Words of kubectl that lead to the API. */
  readonly kubectl: readonly string[];
  readonly node: string;
  /** URL of the kubelet's health. */
  readonly kubelet: string;
  /** URL of the node's own API server; "" on workers. */
  readonly apiServer: string;
  /** Seconds between two looks. */
  readonly poll: number;
  /** Seconds that a node is given to become well. */
  readonly wellWithin: number;
}

const serverOf = (machine: MaintenanceSpec["machine"]): string =>
  `https://${machine.nodeAddress}:${API_PORT}`;

function placeOf({ machine }: MaintenanceSpec): MaintenancePlace {
  return {
    root: "",
    config: configFile,
    stateFolder: `${STATE_DIR}/maintenance`,
    kubectl: ["--kubeconfig", "/etc/kubernetes/kubelet.conf", "--request-timeout", "20s"],
    node: machine.nodeName,
    kubelet: "http://127.0.0.1:10248/healthz",
    apiServer: machine.role === "controlPlane" ? serverOf(machine) : "",
    poll: 10,
    wellWithin: 900,
  };
}

const common = (place: Pick<MaintenancePlace, "root" | "config" | "kubectl">) => ({
  CONFIG: place.config,
  KUBECTL: place.kubectl,
  ASKS: MAINTENANCE_ANNOTATIONS.asks,
  GRANT: MAINTENANCE_ANNOTATIONS.grant,
  ROOT: place.root,
});

export function maintenanceProgramText(place: MaintenancePlace): string {
  return script("maintenance/scripts/maintenance.py", {
    ...common(place),
    NODE: place.node,
    KUBELET: place.kubelet,
    API_SERVER: place.apiServer,
    STATE: `${place.stateFolder}/state.json`,
    STATUS: `${place.stateFolder}/status.json`,
    LOCK_FILE: `/run/${maintenanceUnit}.lock`,
    BOOT_MARK: `/run/${maintenanceUnit}/before-reboot`,
    JOB_UNITS: `${jobUnit}*`,
    POLL: place.poll,
    WELL_WITHIN: place.wellWithin,
  });
}

export function lockProgramText(
  place: Pick<MaintenancePlace, "root" | "config" | "kubectl" | "poll">,
): string {
  const pki = `${paths.pki}/etcd`;
  return script("maintenance/scripts/lock.py", {
    ...common(place),
    LEASE: MAINTENANCE_LEASE,
    HOLDERS: MAINTENANCE_ANNOTATIONS.holders,
    CHANGES: MAINTENANCE_ANNOTATIONS.changes,
    PROVEN: MAINTENANCE_ANNOTATIONS.proven,
    UPGRADING,
    ETCD: [
      ...["--endpoints", "https://127.0.0.1:2379", "--cacert", `${pki}/ca.crt`],
      ...["--cert", `${pki}/healthcheck-client.crt`, "--key", `${pki}/healthcheck-client.key`],
    ],
    LOOK: place.poll / 2,
  });
}

export function maintenanceConfig(
  { packages, reboot, timeZone, windows, now = "" }: MaintenanceSettings,
  { machine, drainTimeoutSeconds, maintenanceBounds }: Omit<MaintenanceSpec, "maintenance">,
): string {
  const { maxUnavailable, pools } = maintenanceBounds ?? { maxUnavailable: 1, pools: {} };
  const numbers = Object.entries(pools).flatMap(([name, pool]) =>
    pool.maxUnavailable === undefined ? [] : [[name, pool.maxUnavailable] as const],
  );
  const config = {
    ...{ packages, reboot, timeZone, windows, now, pool: machine.pool, drainTimeoutSeconds },
    ...(machine.role === "controlPlane" ? { maxUnavailable, pools: Object.fromEntries(numbers) } : {}),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Everything that a node looks after its host with; nothing where it does not. */
export function maintenanceFiles(spec: MaintenanceSpec): RenderedFile[] {
  const { maintenance, machine } = spec;
  if (maintenance === undefined) return [];
  const place = placeOf(spec);
  const admin = ["--kubeconfig", ADMIN, "--server", serverOf(machine), "--request-timeout", "20s"];
  return [
    { path: maintenanceProgram, mode: "0755", content: maintenanceProgramText(place) },
    { path: configFile, mode: "0600", content: maintenanceConfig(maintenance, spec) },
    systemdUnit(`${maintenanceUnit}.service`, {
      Unit: {
        Description: "Patch and reboot this node while it has the drain lock",
        ConditionPathExists: "/etc/kubernetes/kubelet.conf",
        Wants: "network-online.target",
        After: "kubelet.service network-online.target",
        // needrestart restarts what uses an upgraded library, and would end this in the middle of it.
        RefuseManualStop: "yes",
      },
      Service: {
        Type: "oneshot",
        ExecStart: `${maintenanceProgram} run`,
        // It waits for the drain lock, for as long as a window is open.
        TimeoutStartSec: "infinity",
        ...quiet(maintenanceUnit),
        ...proxyOf(spec),
      },
    }),
    timer(maintenanceUnit, "Look each minute whether this node has maintenance to do"),
    ...(machine.role === "controlPlane"
      ? [
          { path: lockProgram, mode: "0755", content: lockProgramText({ ...place, kubectl: admin }) },
          systemdUnit(`${lockUnit}.service`, {
            Unit: {
              Description: "Give nodes the drain lock for their maintenance",
              ConditionPathExists: ADMIN,
              After: "kubelet.service",
              RefuseManualStop: "yes",
            },
            Service: {
              Type: "oneshot",
              ExecStart: `${lockProgram} run`,
              TimeoutStartSec: "infinity",
              ...quiet(lockUnit),
            },
          }),
          timer(lockUnit, "Look each minute whether a node asks for maintenance"),
        ]
      : []),
  ];
}

/** Each minute, since windows are computed by the program: systemd leaves out times that a clock skips. */
function timer(unit: string, description: string): RenderedFile {
  return systemdUnit(`${unit}.timer`, {
    Unit: { Description: description },
    Timer: { OnCalendar: "*:*:00", AccuracySec: "1s" },
    Install: { WantedBy: "timers.target" },
  });
}

function quiet(unit: string): Record<string, string> {
  return {
    Environment: `HOME=%t/${unit}`,
    RuntimeDirectory: unit,
    RuntimeDirectoryPreserve: "yes",
    // Without it every look would write two lines into the journal; the program's own are of level notice.
    LogLevelMax: "notice",
    // A host that reboots ends it; that is not a failure.
    SuccessExitStatus: "TERM",
  };
}

/** How packages get out; a password is not in a unit, which anybody on a host can read. */
function proxyOf({ maintenanceProxy: proxy }: MaintenanceSpec): Record<string, string | string[]> {
  if (proxy?.credentials !== undefined) return { EnvironmentFile: proxyEnvironmentFile };
  const variables = proxyVariables(proxy === undefined ? {} : { proxy });
  if (variables.length === 0) return {};
  const words = variables.map(([name, value]) => systemdEnvironment(name, value));
  return { Environment: [`HOME=%t/${maintenanceUnit}`, ...words] };
}

/** Says what this host cannot do, before its timer runs into it. */
export function checkMaintenance(files: readonly RenderedFile[]): string {
  if (!files.some(({ path }) => path === maintenanceProgram)) return "";
  return script("maintenance/scripts/check.sh", { maintenance_program: maintenanceProgram });
}

/** Takes away what earlier settings left on a node. */
export function dropFormerMaintenance({ maintenance }: Pick<MaintenanceSpec, "maintenance">): string {
  if (maintenance !== undefined) return "";
  return script("maintenance/scripts/drop-former.sh", {
    maintenance_unit: maintenanceUnit,
    maintenance_program: maintenanceProgram,
    lock_unit: lockUnit,
    lock_program: lockProgram,
    maintenance_lease: MAINTENANCE_LEASE,
    maintenance_files: [maintenanceProgram, lockProgram, configFile, `${STATE_DIR}/maintenance`],
  });
}
