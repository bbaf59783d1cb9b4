import { kubeletConfiguration } from "../kubeadm/kubelet";
import type { ClusterSettings, Machine } from "../settings/resolved";

/** What node setup reads from the configuration that the kubelet will get: the host has to match it. */
export interface KubeletFacts {
  readonly failSwapOn: boolean;
  readonly systemdCgroup: boolean;
  /** Seconds that a shutdown may take; 0: pods are not waited for. */
  readonly shutdownGrace: number;
}

export function kubeletConfigurationOf(settings: ClusterSettings, machine?: Machine): KubeletFacts {
  const config = kubeletConfiguration(settings, machine);
  const grace = config["shutdownGracePeriod"];
  return {
    failSwapOn: config["failSwapOn"] !== false,
    systemdCgroup: config["cgroupDriver"] !== "cgroupfs",
    shutdownGrace: typeof grace === "string" ? seconds(grace) : 0,
  };
}

const unitSeconds: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };

/** Seconds of a duration as Go writes it (`1m30s`), rounded up; 0 for what is none: the kubelet will refuse it. */
export function seconds(duration: string): number {
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  return Math.ceil(parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitSeconds[unit] ?? 0), 0));
}
