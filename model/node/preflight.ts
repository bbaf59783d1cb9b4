import type { MachineRole } from "../settings/resolved";
import { bareHostChecks } from "./checks";
import { nodeScript } from "./paths";
import type { HostCheckSpec, SetupMachine } from "./spec";

/** MiB; kubeadm's own bound for a control-plane node (cmd/kubeadm/app/constants, ControlPlaneMem). */
const CONTROL_PLANE_MEMORY = 1_700;
/** kubeadm's own bound for a control-plane node (ControlPlaneNumCPU). */
const CONTROL_PLANE_CPUS = 2;
/** MiB; a worker with less has no room for pods beside its kubelet, containerd and what both reserve: said, not refused. */
const WORKER_MEMORY = 900;
/** MiB free on /var; images of a control-plane node unpacked are 1.5 GiB, and the kubelet evicts below 15 percent. */
const LEAST_DISK = 5_120;
/** MiB free on /var below which it is said: two versions of the images side by side, and logs. */
const COMFORTABLE_DISK = 15_360;

/** Ports that nobody else may hold before a host becomes a node (kubeadm preflight, PortOpenCheck). */
const rolePorts: Readonly<Record<MachineRole, readonly number[]>> = {
  controlPlane: [6443, 2379, 2380, 10250, 10257, 10259],
  worker: [10250],
  loadBalancer: [],
};

/** What the preflight script prints after `##report `, as one line of JSON. */
export interface HostReport {
  readonly hostname: string;
  readonly machineId: string;
  /** "" where DMI has none. */
  readonly productUuid: string;
  /** Milliseconds since 1970, by the host's clock. */
  readonly clock: number;
  readonly os: { readonly id: string; readonly version: string; readonly family: string };
  /** As `uname -m` says it. */
  readonly architecture: string;
  readonly kernel: string;
  readonly cpus: number;
  /** MiB. */
  readonly memory: number;
  /** MiB free on /var. */
  readonly varFree: number;
  readonly defaultInterface: string;
  /** Interface that carries the node address; "" when none does. */
  readonly nodeInterface: string;
  /** Bytes; 0 when unknown. */
  readonly nodeMtu: number;
  /** IPv4 addresses with prefix length. */
  readonly addresses: readonly string[];
  readonly swap: boolean;
  readonly cgroup: string;
  /** As `systemd-detect-virt` says it; `none` on bare metal. */
  readonly virtualization: string;
  /** The host is a node of a cluster. */
  readonly node: boolean;
  /** Contents of the library's state files, "" when absent. */
  readonly recordText: string;
  readonly setupState: string;
}

/**
 * Checks that change nothing. All that is wrong is gathered and told at once. `checks skipped` are those of
 * `ignorePreflightErrors`: kubeadm's names (`Mem`, `NumCPU`, `Port-6443`) and the library's own (docs/operations.md).
 */
export function preflightChecks(spec: HostCheckSpec, machine: SetupMachine, apiProxyPort?: number): string {
  const { network, cni } = spec;
  const devices = [...cni.interfaces.overlay, ...cni.interfaces.pods, "veth*"];
  const checks = nodeScript("preflight", {
    ignored_checks: spec.ignorePreflightErrors.map((name) => name.toLowerCase()),
    role: machine.role,
    role_ports: rolePorts[machine.role].map(String),
    node_name: machine.nodeName,
    node_address: machine.nodeAddress,
    wanted_interface: machine.nodeInterface ?? "",
    wanted_mtu: network.mtu ?? 0,
    pod_cidr: network.podCidr,
    service_cidr: network.serviceCidr,
    node_cidr_mask_size: network.nodeCidrMaskSize,
    own_routes: [
      ...devices.map((name) => (name.endsWith("*") ? ` dev ${name.slice(0, -1)}` : ` dev ${name} `)),
      ...cni.routes.map((words) => ` ${words} `),
    ],
    routes_slices: cni.routesSlicesToNodes,
    api_proxy_port: apiProxyPort ?? "",
    control_plane_memory: CONTROL_PLANE_MEMORY,
    control_plane_cpus: CONTROL_PLANE_CPUS,
    worker_memory: WORKER_MEMORY,
    least_disk: LEAST_DISK,
    comfortable_disk: COMFORTABLE_DISK,
  });
  return `${checks}${bareHostChecks(spec, machine)}`;
}

/** Prints the facts of the host as `HostReport`. */
export function hostReport(): string {
  return nodeScript("facts");
}
