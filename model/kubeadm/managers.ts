import type { Machine } from "../settings/resolved";
import { kubeletConfiguration, type KubeletSpec } from "./kubelet";

/**
 * Policies by which a kubelet hands out CPUs and memory. It keeps what it handed out in a file, and does not start beside the file
 * of another policy (kubernetes v1.36.4, pkg/kubelet/cm/cpumanager/state/state_checkpoint.go, memorymanager the same).
 */
export interface ManagerPolicies {
  /** `kubelet.config.cpuManagerPolicy`. */
  readonly cpu: string;
  /** `kubelet.config.memoryManagerPolicy`. */
  readonly memory: string;
}

/** Where the kubelet keeps what a manager handed out. */
export function managerState(manager: keyof ManagerPolicies): string {
  return `/var/lib/kubelet/${manager}_manager_state`;
}

/** The policies of the settings; without one, the kubelet's own defaults. */
export function managerPolicies(settings: KubeletSpec, machine: Pick<Machine, "role">): ManagerPolicies {
  const config = kubeletConfiguration(settings, machine);
  const policy = (key: string, otherwise: string): string => {
    const given = config[key];
    return typeof given === "string" ? given : otherwise;
  };
  return { cpu: policy("cpuManagerPolicy", "none"), memory: policy("memoryManagerPolicy", "None") };
}

/** Whether a living kubelet hands out by another policy than the settings say; a policy that is not known counts as the same. */
export function changesManagers(living: Partial<ManagerPolicies>, wanted: ManagerPolicies): boolean {
  return (["cpu", "memory"] as const).some(
    (manager) => living[manager] !== undefined && living[manager] !== wanted[manager],
  );
}
